/**
 * Entry ids of a stream as one number, milliseconds × 2^64 + sequence: they then compare, step and carry as Redis' 128-bit ids do.
 * https://redis.io/docs/latest/develop/data-types/streams/#entry-ids
 */
import { ErrorReply } from "./answers.ts";

export const MAX_SEQUENCE: bigint = (1n << 64n) - 1n;
export const MAX_ID: bigint = (1n << 128n) - 1n;

export function idOf(time: bigint, sequence: bigint): bigint {
  return (time << 64n) | sequence;
}

export function timeOf(id: bigint): bigint {
  return id >> 64n;
}

export function textOf(id: bigint): string {
  return `${id >> 64n}-${id & MAX_SEQUENCE}`;
}

/** `<ms>` or `<ms>-<sequence>`; a missing sequence is `missing`. */
export function strictId(text: string, missing: bigint = 0n): bigint {
  const parts = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text);
  if (parts === null) throw invalid();
  const time = BigInt(parts[1] ?? "");
  const sequence = parts[2] === undefined ? missing : BigInt(parts[2]);
  if (time > MAX_SEQUENCE || sequence > MAX_SEQUENCE) throw invalid();
  return idOf(time, sequence);
}

/** Also `-` and `+`. */
function looseId(text: string, missing: bigint): bigint {
  if (text === "-") return 0n;
  return text === "+" ? MAX_ID : strictId(text, missing);
}

/** The smallest id of a range; `(id` excludes it. */
export function rangeStart(text: string): bigint {
  if (!text.startsWith("(") || text.length === 1) return looseId(text, 0n);
  const id = strictId(text.slice(1), 0n);
  if (id === MAX_ID) throw new ErrorReply("ERR invalid start ID for the interval");
  return id + 1n;
}

/** The largest id of a range; `(id` excludes it. */
export function rangeEnd(text: string): bigint {
  if (!text.startsWith("(") || text.length === 1) return looseId(text, MAX_SEQUENCE);
  const id = strictId(text.slice(1), MAX_SEQUENCE);
  if (id === 0n) throw new ErrorReply("ERR invalid end ID for the interval");
  return id - 1n;
}

function invalid(): ErrorReply {
  return new ErrorReply("ERR Invalid stream ID specified as stream command argument");
}
