/** Dead letters: look at them, see them grouped by failure, send them back to the group that failed, or drop them. */
import { Readable } from "node:stream";
import type { DeadLetterFilter, Tide } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type {
  DeadLetterGroupsAnswer,
  DeadLetterSelection,
  DeadLettersAnswer,
  DiscardAnswer,
  ReplayAnswer,
  ReplayJobRequest,
  ReplayRequest,
} from "../contract.ts";
import { filterOf, filterQuery, letterId, SAY_WHICH, saysWhich, selectionFields } from "./dead-letter-selection.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { deadLetter, deadLetterGroup, replayJob } from "./schemas.ts";

export function deadLetterRoutes(tide: Tide): readonly Route[] {
  return [
    listLetters(tide),
    groupLetters(tide),
    exportLetters(tide),
    getLetter(tide),
    replayLetters(tide),
    startReplay(tide),
    discardLetters(tide),
  ];
}

// Private

const list: z.ZodType<DeadLettersAnswer> = z.object({ items: z.array(deadLetter), next: z.string().nullable(), total: z.number() });
const groups: z.ZodType<DeadLetterGroupsAnswer> = z.object({ items: z.array(deadLetterGroup) });
const replayed: z.ZodType<ReplayAnswer> = z.object({ replayed: z.number(), skipped: z.number() });
const discarded: z.ZodType<DiscardAnswer> = z.object({ discarded: z.number() });

const selection: z.ZodType<DeadLetterSelection> = z.strictObject(selectionFields).refine(saysWhich, SAY_WHICH);

const edit = z.strictObject({ type: z.exactOptional(z.string().min(1)), data: z.exactOptional(z.unknown()) });
const replayRequest: z.ZodType<ReplayRequest> = z
  .strictObject({ ...selectionFields, edit: z.exactOptional(edit) })
  .refine(saysWhich, SAY_WHICH)
  .refine((request) => request.edit === undefined || request.ids?.length === 1, "edit changes one letter: give exactly one id");

const replayJobRequest: z.ZodType<ReplayJobRequest> = z
  .strictObject({ ...selectionFields, rate: z.exactOptional(z.number().min(0).max(100_000)) })
  .refine(saysWhich, SAY_WHICH);

function listLetters(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/dead-letters",
    tag: "dead-letters",
    summary: "Dead letters, newest first.",
    query: z.object({
      ...filterQuery,
      limit: z.coerce.number().int().min(1).max(500).default(50),
      cursor: z.exactOptional(letterId.describe("`next` of the page before.")),
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
    query: z.object(filterQuery),
    answer: groups,
    async handle({ query }) {
      return { items: [...(await tide.deadLetters.groups(filterOf(query)))] };
    },
  });
}

function exportLetters(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/dead-letters/export",
    tag: "dead-letters",
    summary: "Dead letters as NDJSON, one a line, oldest first; streamed, however many there are.",
    query: z.object(filterQuery),
    answer: null,
    handle({ query, reply }) {
      return reply
        .type("application/x-ndjson; charset=utf-8")
        .header("Content-Disposition", 'attachment; filename="dead-letters.ndjson"')
        .header("Cache-Control", "no-store")
        .send(Readable.from(lines(tide, filterOf(query))));
    },
  });
}

async function* lines(tide: Tide, filter: DeadLetterFilter): AsyncGenerator<string> {
  for await (const letter of tide.deadLetters.iterate(filter)) yield `${JSON.stringify(letter)}\n`;
}

function getLetter(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/dead-letters/{id}",
    tag: "dead-letters",
    summary: "One dead letter with its attempt history.",
    params: z.object({ id: letterId }),
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
    summary: "Back to the failing group only, with fresh attempts; one letter also edited.",
    body: replayRequest,
    answer: replayed,
    async handle({ body }) {
      return tide.deadLetters.replay(filterOf(body), body.edit === undefined ? {} : { edit: body.edit });
    },
  });
}

function startReplay(tide: Tide): Route {
  return route({
    method: "POST",
    path: "/api/v1/dead-letters/replay-jobs",
    tag: "dead-letters",
    summary: "The same in the background, at most `rate` letters a second; the answer is the job.",
    status: 202,
    body: replayJobRequest,
    answer: replayJob,
    async handle({ body, reply }) {
      const job = await tide.deadLetters.startReplay(filterOf(body), body.rate === undefined ? {} : { rate: body.rate });
      reply.header("Location", `/api/v1/jobs/${job.id}`);
      return job;
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
