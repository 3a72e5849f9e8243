/** What befell a message. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type { HistoryAct, HistoryEntry, HistoryState, MessageHistoryAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { message } from "./schemas.ts";

export function historyRoutes(tide: Tide): readonly Route[] {
  return [messageHistory(tide)];
}

// Private

const ACTS = [
  "published",
  "delivered",
  "taken_over",
  "acknowledged",
  "retried",
  "dead_lettered",
  "released",
  "moved",
  "replayed",
  "discarded",
  "expired",
] as const satisfies readonly HistoryAct[];
const STATES = [
  "not_delivered",
  "pending",
  "waiting_retry",
  "acknowledged",
  "dead_lettered",
  "discarded",
  "skipped",
  "unknown",
] as const satisfies readonly HistoryState[];

const entry: z.ZodType<HistoryEntry> = z.object({
  at: z.number().describe("Unix milliseconds."),
  act: z.enum(ACTS),
  group: z.string().nullable(),
  by: z.string().nullable().describe("The consumer, or the service that published, replayed or discarded."),
  attempt: z.number().nullable().describe("Of a delivery: 1 for the first."),
  error: z.string().nullable(),
  code: z.string().nullable(),
  dueAt: z.number().nullable().describe("Of `retried`: unix milliseconds from which the next attempt may begin."),
  deadLetterId: z.string().nullable(),
  position: z
    .string()
    .nullable()
    .describe("Of `moved`: the entry id after which the group went on; `0` the beginning, `$` what came later."),
});

const answer: z.ZodType<MessageHistoryAnswer> = z.object({
  topic: z.string(),
  messageId: z.string(),
  stream: z.string(),
  entryId: z.string(),
  message: message.nullable().describe("Null when the entry has been trimmed."),
  traceId: z.string().nullable(),
  entries: z.array(entry).describe("By time."),
  groups: z.record(z.string(), z.enum(STATES)).describe("Where each group stands with it now."),
  complete: z.boolean().describe("False when records that old have been trimmed."),
});

function messageHistory(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/messages/{id}/history",
    tag: "messages",
    summary: "What befell a message: published, delivered, failed, retried, acknowledged, by whom and when.",
    params: z.object({ id: z.string().min(1).max(300).describe("Message id, entry id, or `<stream>/<entry id>` with `/` as `%2F`.") }),
    query: z.object({ topic: z.exactOptional(z.string().min(1).describe("Where to look. Default: everywhere.")) }),
    answer,
    async handle({ params, query }) {
      const found = await tide.history(params.id, query);
      if (found !== null) return found;
      if (query.topic !== undefined) await tide.streamInfo(query.topic);
      throw new Refusal(404, "UNKNOWN_MESSAGE", `Nothing is known of a message ${JSON.stringify(params.id)}.`, {
        hint: "Retention may have removed it. See what is there: GET /api/v1/messages?topic=",
      });
    },
  });
}
