/**
 * What makes two failures the same: topic, group, event type, error code, and the text apart from its numbers and ids. The
 * signature is a short hash of these and names a key of the index, so it is computed before a script runs, never inside one.
 */
import { createHash } from "node:crypto";

/** Names `dead-letter.lua` adds to the raw fields besides `failed_at`, and `replay.lua` takes away again. */
export const DEAD_LETTER_FIELDS = [
  "original_stream",
  "original_id",
  "group",
  "consumer",
  "status",
  "error_code",
  "error_message",
  "error_stack",
  "attempts",
  "signature",
] as const;

export interface KindFacts {
  readonly topic: string;
  readonly group: string;
  readonly eventType: string;
  readonly errorCode: string;
  readonly errorMessage: string;
}

export interface Kind {
  readonly signature: string;
  /** JSON of the facts, kept in the index. */
  readonly description: string;
}

export function kindOf({ topic, group, eventType, errorCode, errorMessage }: KindFacts): Kind {
  const same = JSON.stringify([topic, group, eventType, errorCode, withoutIds(errorMessage)]);
  const signature = createHash("sha256").update(same).digest("hex").slice(0, 16);
  // Large texts stay with the letters; the index is read as a whole.
  const description = JSON.stringify({ topic, group, eventType, errorCode, errorMessage: errorMessage.slice(0, 300).toWellFormed() });
  return { signature, description };
}

/** A letter's own fields begin so; the index also keeps marks, which begin with `~`. */
export function isSignature(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{16}$/.test(text);
}

// Private

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|0x[0-9a-f]+|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b|\d+(?:[.,:-]\d+)*/gi;

function withoutIds(text: string): string {
  return text.slice(0, 1_000).replace(ID, "#");
}
