/** What a client may ask on the live channel, checked. */
import { z } from "zod";
import type { LiveRequest } from "../contract.ts";
import { feedQuery } from "../processors/logs/log-query.ts";

const topic = z.string().min(1).max(64);
const feed = z.literal("logs");
const schema: z.ZodType<LiveRequest> = z.union([
  z.strictObject({ type: z.literal("subscribe"), topic }),
  z.strictObject({ type: z.literal("unsubscribe"), topic }),
  z.strictObject({ type: z.literal("subscribe"), feed, query: z.exactOptional(feedQuery) }),
  z.strictObject({ type: z.literal("unsubscribe"), feed }),
]);

/** The request, or what is wrong with it. */
export function parseLiveRequest(text: string): LiveRequest | { problem: string; code: string } {
  const json = parseJson(text);
  const asked = schema.safeParse(json);
  if (asked.success) return asked.data;
  const wrong = filterProblem(json);
  if (wrong !== null) return { code: "INVALID_REQUEST", problem: wrong };
  return {
    code: "INVALID_REQUEST",
    problem:
      'Send {"type":"subscribe","topic":"…"}, {"type":"subscribe","feed":"logs","query":{…}} or the same with "unsubscribe", as JSON text.',
  };
}

// Private

/** A filter that is wrong is named; everything else gets the general answer. */
function filterProblem(json: unknown): string | null {
  const query = z.object({ type: z.literal("subscribe"), feed, query: z.unknown() }).safeParse(json).data?.query;
  const issue = query === undefined ? undefined : feedQuery.safeParse(query).error?.issues[0];
  return issue === undefined ? null : `${["query", ...issue.path].join(".")}: ${issue.message}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
