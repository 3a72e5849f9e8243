/** Topics, one topic and a group's pending entries, under the paths the earlier dashboards use. */
import type { Message, PendingInfo, Tide } from "@tidegate/streams";
import { z } from "zod";
import type { PendingAnswer, StreamsAnswer } from "../contract.ts";
import { readDeadLetters, readStreams, summarise } from "../live/stream-summary.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { pendingAnswer, streamDetail, streamsAnswer } from "./schemas.ts";

export function streamRoutes(tide: Tide): readonly Route[] {
  return [allStreams(tide), oneStream(tide), pendingOfGroup(tide)];
}

// Private

const limit = z.coerce.number().int().min(1).max(500).default(10);

function allStreams(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/streams",
    tag: "streams",
    summary: "Every topic with its groups, keyed by topic, and the dead letters.",
    answer: streamsAnswer,
    async handle(): Promise<StreamsAnswer> {
      const [streams, deadLetter] = await Promise.all([readStreams(tide), readDeadLetters(tide)]);
      return { ...streams, dead_letter: deadLetter };
    },
  });
}

function oneStream(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/stream/{stream}",
    tag: "streams",
    summary: "One topic with its lanes, groups and newest messages.",
    params: z.object({ stream: z.string().describe("Topic name.") }),
    query: z.object({ limit }),
    answer: streamDetail,
    async handle({ params, query }) {
      const info = await tide.streamInfo(params.stream);
      const recent: Message[] = await Array.fromAsync(tide.read(params.stream, { reverse: true, limit: query.limit }));
      return { ...summarise(info), lanes: [...info.lanes], recent_messages: recent };
    },
  });
}

function pendingOfGroup(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/pending/{stream}/{group}",
    tag: "streams",
    summary: "What a group holds unanswered, and what waits for its next attempt.",
    params: z.object({ stream: z.string().describe("Topic name."), group: z.string() }),
    answer: pendingAnswer,
    async handle({ params }) {
      return pendingOf(await tide.pending(params.stream, params.group));
    },
  });
}

function pendingOf(info: PendingInfo): PendingAnswer {
  return {
    stream: info.topic,
    group: info.group,
    pending_count: info.count,
    pending_messages: info.entries.map((entry) => ({
      id: entry.entryId,
      consumer: entry.consumer,
      idle_time: entry.idle,
      delivery_count: entry.deliveries,
      source: entry.source,
    })),
    retrying_count: info.retryCount,
    retrying_messages: [...info.retries],
  };
}
