/** How requests name dead letters: the same filter in queries and bodies, and nothing chosen is refused, never everything. */
import type { DeadLetterFilter } from "@tidegate/streams";
import { z } from "zod";
import type { DeadLetterSelection } from "../contract.ts";

const word = z.exactOptional(z.string().min(1));
const signature = z.exactOptional(z.string().regex(/^[0-9a-f]{16}$/, "must be the signature of a group, 16 hex digits"));

/** For a query string: all texts. */
export const filterQuery = {
  topic: word,
  group: word,
  event_type: word,
  error_code: word,
  signature,
  from: z.exactOptional(z.coerce.number().int().min(0).describe("Died at or after: Unix milliseconds.")),
  to: z.exactOptional(z.coerce.number().int().min(0).describe("Died at or before: Unix milliseconds.")),
  text: z.exactOptional(z.string().min(1).max(500).describe("Part of the error message or of the data; looks at each letter.")),
};

export const letterId = z.string().regex(/^\d{1,16}-\d{1,19}$/, "must look like 1700000000000-0");

/** For a body. */
export const selectionFields = {
  ids: z.exactOptional(z.array(letterId).min(1).max(10_000)),
  topic: word,
  group: word,
  event_type: word,
  error_code: word,
  signature,
  from: z.exactOptional(z.number().int().min(0)),
  to: z.exactOptional(z.number().int().min(0)),
  text: z.exactOptional(z.string().min(1).max(500)),
  all: z.exactOptional(z.boolean()),
};

export const SAY_WHICH = "say which: ids, topic, group, event_type, error_code, signature, from, to, text, or all: true (alone)";

export function saysWhich({ all, ...rest }: DeadLetterSelection): boolean {
  return (all === true) !== Object.keys(filterOf(rest)).length > 0;
}

export function filterOf(selected: DeadLetterSelection): DeadLetterFilter {
  const { ids, topic, group, event_type: eventType, error_code: errorCode, signature: same, from, to, text } = selected;
  return {
    ...(ids === undefined ? {} : { ids }),
    ...(topic === undefined ? {} : { topic }),
    ...(group === undefined ? {} : { group }),
    ...(eventType === undefined ? {} : { eventType }),
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(same === undefined ? {} : { signature: same }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(text === undefined ? {} : { text }),
  };
}
