/** Reading messages page by page or one by one, and publishing one. */
import type { Message, OutgoingMessage, Tide } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type { MessagesAnswer, PublishAnswer, PublishRequest } from "../contract.ts";
import { readPage } from "./message-page.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { message } from "./schemas.ts";

export function messageRoutes(tide: Tide): readonly Route[] {
  return [listMessages(tide), getMessage(tide), publishMessage(tide)];
}

// Private

const page: z.ZodType<MessagesAnswer> = z.object({ items: z.array(message), next: z.string().nullable() });
const stored: z.ZodType<PublishAnswer> = z.object({
  status: z.enum(["stored", "replicated"]),
  message_id: z.string(),
  entry_id: z.string(),
  stream: z.string(),
});

const publishBody: z.ZodType<PublishRequest> = z.strictObject({
  topic: z.string().min(1),
  type: z.string().min(1),
  data: z.exactOptional(z.unknown()),
  priority: z.exactOptional(z.enum(["low", "normal", "high", "critical"])),
  user_id: z.exactOptional(z.string()),
  correlation_id: z.exactOptional(z.string()),
  max_retries: z.exactOptional(z.number().int().min(0)),
});

function listMessages(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/messages",
    tag: "messages",
    summary: "Messages of a topic, newest first.",
    query: z.object({
      topic: z.string().min(1),
      from: z.exactOptional(z.string().describe("Entry id, unix milliseconds or ISO date; inclusive.")),
      to: z.exactOptional(z.string().describe("Entry id, unix milliseconds or ISO date; inclusive.")),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      cursor: z.exactOptional(z.string().describe("`next` of the page before.")),
    }),
    answer: page,
    async handle({ query }) {
      const found = await readPage(tide, query);
      // An empty page of a topic that does not exist is a 404, not an empty list.
      if (found.items.length === 0) await tide.streamInfo(query.topic);
      return found;
    },
  });
}

function getMessage(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/messages/{topic}/{entryId}",
    tag: "messages",
    summary: "One message.",
    params: z.object({ topic: z.string(), entryId: z.string().regex(/^\d{1,16}-\d{1,19}$/, "must look like 1700000000000-0") }),
    query: z.object({
      priority: z.exactOptional(
        z.enum(["low", "normal", "high", "critical"]).describe("The lane, where two have an entry of the same id."),
      ),
    }),
    answer: message,
    async handle({ params, query }) {
      const found: Message[] = await Array.fromAsync(tide.read(params.topic, { from: params.entryId, to: params.entryId, limit: 4 }));
      const wanted = found.find((one) => query.priority === undefined || one.priority === query.priority);
      if (wanted !== undefined) return wanted;
      await tide.streamInfo(params.topic);
      throw unknownMessage(params.topic, params.entryId);
    },
  });
}

function publishMessage(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/messages",
    tag: "messages",
    summary: "Publish a message. 201 means that Redis has stored it.",
    status: 201,
    body: publishBody,
    answer: stored,
    async handle({ body, reply }): Promise<PublishAnswer> {
      const receipt = await tide.publish(body.topic, outgoing(body));
      reply.header("Location", `/api/v1/messages/${encodeURIComponent(body.topic)}/${receipt.entryId}`);
      return { status: receipt.status, message_id: receipt.messageId, entry_id: receipt.entryId, stream: receipt.stream };
    },
  });
}

function outgoing(body: PublishRequest): OutgoingMessage {
  return {
    type: body.type,
    ...(body.data === undefined ? {} : { data: body.data }),
    ...(body.priority === undefined ? {} : { priority: body.priority }),
    ...(body.user_id === undefined ? {} : { userId: body.user_id }),
    ...(body.correlation_id === undefined ? {} : { correlationId: body.correlation_id }),
    ...(body.max_retries === undefined ? {} : { maxRetries: body.max_retries }),
  };
}

function unknownMessage(topic: string, entryId: string): Refusal {
  return new Refusal(404, "UNKNOWN_MESSAGE", `The topic "${topic}" has no message ${entryId}.`, {
    hint: `Retention may have removed it. See what is there: GET /api/v1/messages?topic=${topic}`,
  });
}
