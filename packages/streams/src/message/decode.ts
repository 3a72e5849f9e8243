/**
 * Stream entry fields (all strings) → message: the wire format other programs write. Lenient in what is missing and strict in what is
 * wrong: it never guesses data.
 */
import { TidegateError } from "../errors.ts";
import { PRIORITIES, type AttemptRecord, type Message, type Priority } from "./message.ts";
import { timeOf } from "./entry-id.ts";

export type Fields = Readonly<Record<string, string>>;

/** Bookkeeping this library adds to entries of a retry stream; never part of a message. */
export const ORIGIN_FIELD = "~origin";
export const ATTEMPTS_FIELD = "~attempts";

export interface EntryPlace {
  readonly topic: string;
  /** Key of the lane the entry was published to. */
  readonly stream: string;
  readonly entryId: string;
  /** Priority the lane stands for. */
  readonly lane: Priority;
}

/** Throws UNDECODABLE with the reason; the caller dead-letters the raw entry. */
export function decode(fields: Fields, place: EntryPlace): Message {
  const type = present(fields, "event_type");
  if (type === undefined) throw undecodable(place, "it has no event_type");
  return new ReceivedMessage(type, fields, place);
}

/** A class and no literal, for the reason told at `CompactFields` in `redis/shapes.ts`. */
class ReceivedMessage implements Message {
  readonly topic: string;
  readonly entryId: string;
  readonly stream: string;
  readonly messageId: string;
  readonly type: string;
  readonly service: string;
  readonly data: unknown;
  readonly priority: Priority;
  readonly timestamp: number;
  readonly retryCount: number;
  readonly maxRetries: number | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly userId: string | null;
  readonly traceparent: string | null;
  readonly extra: Fields;

  constructor(type: string, fields: Fields, place: EntryPlace) {
    this.topic = place.topic;
    this.entryId = place.entryId;
    this.stream = place.stream;
    this.messageId = present(fields, "message_id") ?? `${place.stream}/${place.entryId}`;
    this.type = type;
    this.service = present(fields, "service") ?? "unknown";
    this.data = decodeData(fields["data"], place);
    this.priority = decodePriority(present(fields, "priority"), place);
    this.timestamp = decodeTime(present(fields, "timestamp"), place);
    this.retryCount = Number(present(fields, "retry_count") ?? 0) || 0;
    this.maxRetries = decodeRetries(present(fields, "max_retries"));
    this.correlationId = present(fields, "correlation_id") ?? this.messageId;
    this.causationId = present(fields, "causation_id") ?? null;
    this.userId = present(fields, "user_id") ?? null;
    this.traceparent = present(fields, "traceparent") ?? null;
    this.extra = extraOf(fields, place);
  }
}

/** The earlier clients began each stream with such an entry; it is no message. */
export function isMarker(fields: Fields): boolean {
  return fields["event_type"] === "stream_initialized" || fields["event_type"] === "dead_letter_initialized";
}

export function decodeAttempts(json: string | undefined): readonly AttemptRecord[] {
  if (json === undefined || json === "") return [];
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? (value as AttemptRecord[]) : [];
  } catch {
    return [];
  }
}

// Private

const KNOWN = new Set([
  "event_type",
  "service",
  "data",
  "message_id",
  "priority",
  "timestamp",
  "retry_count",
  "max_retries",
  "correlation_id",
  "causation_id",
  "user_id",
  "traceparent",
  ORIGIN_FIELD,
  ATTEMPTS_FIELD,
]);

function present(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return value === undefined || value === "" ? undefined : value;
}

/** What the earlier Python format writes and nobody needs: an id that is always empty and the name of the topic. */
function isFiller(name: string, value: string, place: EntryPlace): boolean {
  return (name === "id" && value === "") || (name === "stream" && value === place.topic);
}

function extraOf(fields: Fields, place: EntryPlace): Fields {
  let extra: [string, string][] | undefined;
  for (const name in fields) {
    const value = fields[name] ?? "";
    if (!KNOWN.has(name) && !isFiller(name, value, place)) (extra ??= []).push([name, value]);
  }
  // Unlike an assignment, this keeps a field that is called __proto__.
  return extra === undefined ? NOTHING : Object.fromEntries(extra);
}

const NOTHING: Fields = Object.freeze({});

function decodeData(json: string | undefined, place: EntryPlace): unknown {
  if (json === undefined || json === "") return null;
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw undecodable(place, `its data is not JSON (${(cause as Error).message})`, cause);
  }
}

function decodePriority(priority: string | undefined, place: EntryPlace): Priority {
  if (priority === undefined) return place.lane;
  if ((PRIORITIES as readonly string[]).includes(priority)) return priority as Priority;
  throw undecodable(place, `its priority is ${JSON.stringify(priority)}`);
}

function decodeTime(seconds: string | undefined, place: EntryPlace): number {
  if (seconds === undefined) return timeOf(place.entryId);
  const value = Number(seconds);
  if (Number.isFinite(value)) return Math.round(value * 1000);
  throw undecodable(place, `its timestamp is ${JSON.stringify(seconds)}`);
}

function decodeRetries(value: string | undefined): number | null {
  const count = value === undefined ? Number.NaN : Number(value);
  return Number.isInteger(count) && count >= 0 ? count : null;
}

function undecodable(place: EntryPlace, reason: string, cause?: unknown): TidegateError {
  return new TidegateError("UNDECODABLE", `Entry ${place.entryId} of ${place.stream} is not a message: ${reason}.`, { cause });
}
