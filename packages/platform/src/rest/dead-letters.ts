/** Dead letters: look at them, see them grouped by failure, send them back to the group that failed, or drop them. */
import type { DeadLetterFilter, Tide } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type { DeadLetterGroupsAnswer, DeadLetterSelection, DeadLettersAnswer, DiscardAnswer, ReplayAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { deadLetter, deadLetterGroup } from "./schemas.ts";

export function deadLetterRoutes(tide: Tide): readonly Route[] {
  return [listLetters(tide), groupLetters(tide), getLetter(tide), replayLetters(tide), discardLetters(tide)];
}

// Private

const list: z.ZodType<DeadLettersAnswer> = z.object({ items: z.array(deadLetter), next: z.string().nullable(), total: z.number() });
const groups: z.ZodType<DeadLetterGroupsAnswer> = z.object({ items: z.array(deadLetterGroup) });
const replayed: z.ZodType<ReplayAnswer> = z.object({ replayed: z.number(), skipped: z.number() });
const discarded: z.ZodType<DiscardAnswer> = z.object({ discarded: z.number() });

const filterFields = {
  topic: z.exactOptional(z.string().min(1)),
  group: z.exactOptional(z.string().min(1)),
  event_type: z.exactOptional(z.string().min(1)),
  error_code: z.exactOptional(z.string().min(1)),
};

const selection: z.ZodType<DeadLetterSelection> = z
  .strictObject({
    ids: z.exactOptional(
      z
        .array(z.string().regex(/^\d{1,16}-\d{1,19}$/, "must look like 1700000000000-0"))
        .min(1)
        .max(10_000),
    ),
    ...filterFields,
    all: z.exactOptional(z.boolean()),
  })
  .refine(saysWhich, "say which: ids, topic, group, event_type, error_code, or all: true (alone)");

function saysWhich({ all, ...filter }: DeadLetterSelection): boolean {
  return (all === true) !== Object.keys(filter).length > 0;
}

function listLetters(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/dead-letters",
    tag: "dead-letters",
    summary: "Dead letters, newest first.",
    query: z.object({
      ...filterFields,
      limit: z.coerce.number().int().min(1).max(500).default(50),
      cursor: z.exactOptional(z.string().describe("`next` of the page before.")),
    }),
    answer: list,
    async handle({ query }) {
      const { limit, cursor } = query;
      const found = await tide.deadLetters.list({ ...filterOf(query), limit, ...(cursor === undefined ? {} : { cursor }) });
      return { ...found, items: [...found.items] };
    },
  });
}

function groupLetters(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/dead-letters/groups",
    tag: "dead-letters",
    summary: "The same failures together, most frequent first.",
    query: z.object(filterFields),
    answer: groups,
    async handle({ query }) {
      return { items: [...(await tide.deadLetters.groups(filterOf(query)))] };
    },
  });
}

function getLetter(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/dead-letters/{id}",
    tag: "dead-letters",
    summary: "One dead letter with its attempt history.",
    params: z.object({ id: z.string().regex(/^\d{1,16}-\d{1,19}$/, "must look like 1700000000000-0") }),
    answer: deadLetter,
    async handle({ params }) {
      const found = await tide.deadLetters.get(params.id);
      if (found !== null) return found;
      throw new Refusal(404, "UNKNOWN_DEAD_LETTER", `No dead letter has the id ${params.id}.`, {
        hint: "It may have been replayed, discarded or expired. See what is there: GET /api/v1/dead-letters",
      });
    },
  });
}

function replayLetters(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/dead-letters/replay",
    tag: "dead-letters",
    summary: "Back to the failing group only, with fresh attempts.",
    body: selection,
    answer: replayed,
    async handle({ body }) {
      return tide.deadLetters.replay(filterOf(body));
    },
  });
}

function discardLetters(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/dead-letters/discard",
    tag: "dead-letters",
    summary: "Drop dead letters for good.",
    body: selection,
    answer: discarded,
    async handle({ body }) {
      return tide.deadLetters.discard(filterOf(body));
    },
  });
}

function filterOf(selected: DeadLetterSelection): DeadLetterFilter {
  return {
    ...(selected.ids === undefined ? {} : { ids: selected.ids }),
    ...(selected.topic === undefined ? {} : { topic: selected.topic }),
    ...(selected.group === undefined ? {} : { group: selected.group }),
    ...(selected.event_type === undefined ? {} : { eventType: selected.event_type }),
    ...(selected.error_code === undefined ? {} : { errorCode: selected.error_code }),
  };
}
