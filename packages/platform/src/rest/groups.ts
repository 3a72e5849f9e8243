/** Consumer groups: lag, pending entries and consumers; making, moving, releasing and removing one. */
import type { SeekResult, Tide } from "@tidegate/streams";
import { z } from "zod";
import type { GroupAnswer, GroupCreateRequest, GroupRemoveAnswer, GroupsAnswer, GroupSeekRequest, SeekAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { group } from "./schemas.ts";

export function groupRoutes(tide: Tide): readonly Route[] {
  return [listGroups(tide), createGroup(tide), seekGroup(tide), resetGroup(tide), releaseGroup(tide), removeGroup(tide)];
}

// Private

const POSITION = "`beginning`, `now`, an entry id (what comes after it is next), unix milliseconds or an ISO date (inclusive).";

const list: z.ZodType<GroupsAnswer> = z.object({ items: z.array(group) });
const made: z.ZodType<GroupAnswer> = z.object({ topic: z.string(), group: z.string(), created: z.boolean() });
const moved: z.ZodType<SeekAnswer> = z.object({
  released: z.number().describe("Deliveries that were under way and will not be acknowledged any more."),
  dropped: z.number().describe("Waiting retries that were given up."),
});
const removed: z.ZodType<GroupRemoveAnswer> = z.object({ removed: z.boolean() });

const createBody: z.ZodType<GroupCreateRequest> = z.strictObject({
  topic: z.string().min(1),
  group: z.string().min(1),
  from: z.exactOptional(z.string().min(1).describe(POSITION)),
});
const seekBody: z.ZodType<GroupSeekRequest> = z.strictObject({ to: z.string().min(1).describe(POSITION) });
const params = z.object({ topic: z.string(), group: z.string() });

function listGroups(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/groups",
    tag: "groups",
    summary: "Groups of one topic or of all.",
    query: z.object({ topic: z.exactOptional(z.string()) }),
    answer: list,
    async handle({ query }) {
      return { items: [...(await tide.groups.list(query.topic))] };
    },
  });
}

function createGroup(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/groups",
    tag: "groups",
    summary: "Make a group on every lane of a topic. 201 when it is new; one that is there stays where it is.",
    body: createBody,
    answer: made,
    async handle({ body, reply }) {
      const { created } = await tide.groups.create(body.topic, body.group, position(body.from ?? "beginning"));
      if (created) reply.code(201);
      return { topic: body.topic, group: body.group, created };
    },
  });
}

function seekGroup(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/groups/{topic}/{group}/seek",
    tag: "groups",
    summary: "Move a group: position, deliveries under way and waiting retries together; running consumers go on from there.",
    params,
    body: seekBody,
    answer: moved,
    handle: async ({ params: { topic, group: name }, body }) => answerOf(await tide.groups.seek(topic, name, position(body.to))),
  });
}

function resetGroup(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/groups/{topic}/{group}/reset",
    tag: "groups",
    summary: "Deliver everything the topic still has again, with fresh attempts.",
    params,
    answer: moved,
    handle: async ({ params: { topic, group: name } }) => answerOf(await tide.groups.reset(topic, name)),
  });
}

function releaseGroup(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/groups/{topic}/{group}/release",
    tag: "groups",
    summary: "Let retention remove what this group has not read, until its next sign of life.",
    params,
    status: 204,
    answer: null,
    async handle({ params: { topic, group: name }, reply }) {
      await tide.groups.release(topic, name);
      return reply.send();
    },
  });
}

function removeGroup(tide: Tide): Route {
  return route({
    method: "DELETE",
    path: "/api/v1/groups/{topic}/{group}",
    tag: "groups",
    summary: "Remove a group with its position and waiting retries. The messages stay.",
    params,
    answer: removed,
    handle: async ({ params: { topic, group: name } }) => await tide.groups.remove(topic, name),
  });
}

function answerOf({ released, dropped }: SeekResult): SeekAnswer {
  return { released, dropped };
}

/** What is no date is judged by the library, which says what is allowed. */
function position(text: string): string | Date {
  if (/^\d{12,16}$/.test(text)) return new Date(Number(text));
  return /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text) : text;
}
