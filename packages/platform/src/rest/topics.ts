/** Topics: one row each, with what its groups have left to do in sum; and how one is stored. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import type { StreamSummary, TopicsAnswer, TopicSettingsAnswer, TopicSettingsRequest } from "../contract.ts";
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

const settings: z.ZodType<TopicSettingsAnswer> = z.object({
  topic: z.string(),
  lanes: z.boolean().describe("False: one stream, read by other programs as well; priority is then only a field."),
  wire: z.enum(["compact", "full"]).describe("`full` writes every field of a message, `compact` leaves out defaults."),
});

const change: z.ZodType<TopicSettingsRequest> = z
  .strictObject({ lanes: z.exactOptional(z.boolean()), wire: z.exactOptional(z.enum(["compact", "full"])) })
  .refine((given) => Object.keys(given).length > 0, "say what to change: lanes, wire");

const params = z.object({ topic: z.string() });

export function topicRoutes(tide: Tide): readonly Route[] {
  return [listTopics(tide), getSettings(tide), changeSettings(tide)];
}

// Private

function listTopics(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/topics",
    tag: "topics",
    summary: "Every topic in one row.",
    answer,
    async handle() {
      return { items: Object.entries(await readStreams(tide)).map(([topic, stream]) => rowOf(topic, stream)) };
    },
  });
}

function getSettings(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/topics/{topic}/settings",
    tag: "topics",
    summary: "How a topic is stored; one without settings has the defaults.",
    params,
    answer: settings,
    handle: async ({ params: { topic } }) => ({ topic, ...(await tide.settings(topic)) }),
  });
}

function changeSettings(tide: Tide): Route {
  return route({
    method: "PATCH",
    path: "/api/v1/topics/{topic}/settings",
    tag: "topics",
    summary: "Change how a topic is stored; all programs notice within a minute. 409 while lanes that would go still have entries.",
    params,
    body: change,
    answer: settings,
    handle: async ({ params: { topic }, body }) => ({ topic, ...(await tide.configure(topic, body)) }),
  });
}

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
