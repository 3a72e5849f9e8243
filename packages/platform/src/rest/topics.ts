/** `GET /api/v1/topics`: one row per topic, with what its groups have left to do in sum. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import type { StreamSummary, TopicsAnswer } from "../contract.ts";
import { readStreams } from "../live/stream-summary.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

const answer: z.ZodType<TopicsAnswer> = z.object({
  items: z.array(
    z.object({
      topic: z.string(),
      stream: z.string(),
      length: z.number(),
      entries_added: z.number(),
      groups: z.number(),
      lag: z.number(),
      pending: z.number(),
      retrying: z.number(),
    }),
  ),
});

export function topicRoutes(tide: Tide): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/topics",
      tag: "topics",
      summary: "Every topic in one row.",
      answer,
      async handle() {
        return { items: Object.entries(await readStreams(tide)).map(([topic, stream]) => rowOf(topic, stream)) };
      },
    }),
  ];
}

// Private

function rowOf(topic: string, { stream, length, entries_added, groups }: StreamSummary): TopicsAnswer["items"][number] {
  const sum = (field: "lag" | "pending" | "retrying"): number => groups.reduce((total, group) => total + group[field], 0);
  return {
    topic,
    stream,
    length,
    entries_added,
    groups: groups.length,
    lag: sum("lag"),
    pending: sum("pending"),
    retrying: sum("retrying"),
  };
}
