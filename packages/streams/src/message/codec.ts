/**
 * Message ↔ stream entry fields (all strings), the wire format other programs read.
 * Fields equal to their default are not written: few fields are the largest single gain in speed.
 * Decoding is lenient in what is missing and strict in what is wrong: it never guesses data.
 */
import { TidegateError } from "../errors.ts";
import { PRIORITIES, type AttemptRecord, type Message, type OutgoingMessage, type Priority } from "./message.ts";
import { timeOf } from "./entry-id.ts";
import { newMessageId } from "./message-id.ts";

/** A message ready for the wire. */
export interface Encoded {
  readonly messageId: string;
  readonly priority: Priority;
  readonly fields: readonly string[];
  /** Bytes of all fields. */
  readonly size: number;
}

export interface EncodeDefaults {
  readonly service: string;
  readonly maxPayload: number;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly userId?: string | undefined;
}

export type Fields = Readonly<Record<string, string>>;

/** Bookkeeping this library adds to entries of a retry stream; never part of a message. */
export const ORIGIN_FIELD = "~origin";
export const ATTEMPTS_FIELD = "~attempts";

export function encode(message: OutgoingMessage, defaults: EncodeDefaults): Encoded {
  const messageId = message.messageId ?? newMessageId();
  const priority = checkPriority(message.priority ?? "normal");
  const fields = [
    "event_type",
    checkType(message.type),
    "service",
    message.service ?? defaults.service,
    "data",
    encodeData(message.data),
    "message_id",
    messageId,
  ];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") fields.push(name, checkText(name, value));
  };
  if (message.timestamp !== undefined) add("timestamp", String(message.timestamp / 1000));
  if (message.maxRetries !== undefined) add("max_retries", String(checkRetries(message.maxRetries)));
  const correlation = message.correlationId ?? defaults.correlationId;
  if (correlation !== messageId) add("correlation_id", correlation);
  add("causation_id", message.causationId ?? defaults.causationId);
  add("traceparent", message.traceparent ?? defaults.traceparent);
  add("user_id", message.userId ?? defaults.userId);
  return { messageId, priority, fields, size: checkSize(fields, defaults.maxPayload) };
}

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
  const messageId = present(fields, "message_id") ?? `${place.stream}/${place.entryId}`;
  return {
    topic: place.topic,
    entryId: place.entryId,
    stream: place.stream,
    messageId,
    type,
    service: present(fields, "service") ?? "unknown",
    data: decodeData(fields["data"], place),
    priority: decodePriority(present(fields, "priority"), place),
    timestamp: decodeTime(present(fields, "timestamp"), place),
    retryCount: Number(present(fields, "retry_count") ?? 0) || 0,
    maxRetries: decodeRetries(present(fields, "max_retries")),
    correlationId: present(fields, "correlation_id") ?? messageId,
    causationId: present(fields, "causation_id") ?? null,
    userId: present(fields, "user_id") ?? null,
    traceparent: present(fields, "traceparent") ?? null,
    extra: extraOf(fields),
  };
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

function extraOf(fields: Fields): Fields {
  let extra: Record<string, string> | undefined;
  for (const name in fields) if (!KNOWN.has(name)) (extra ??= {})[name] = fields[name] ?? "";
  return extra ?? NOTHING;
}

const NOTHING: Fields = Object.freeze({});

function checkType(type: string): string {
  if (typeof type === "string" && type !== "" && Buffer.byteLength(type) <= 256) return checkText("type", type);
  throw new TidegateError("INVALID_MESSAGE", `type must be a text of 1 to 256 bytes, found ${JSON.stringify(type)}.`);
}

function checkPriority(priority: string): Priority {
  if ((PRIORITIES as readonly string[]).includes(priority)) return priority as Priority;
  throw new TidegateError("INVALID_MESSAGE", `priority must be one of ${PRIORITIES.join(", ")}, found ${JSON.stringify(priority)}.`);
}

function checkRetries(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 1000) return value;
  throw new TidegateError("INVALID_MESSAGE", `maxRetries must be a whole number from 0 to 1000, found ${value}.`);
}

function checkText(name: string, value: string): string {
  if (typeof value === "string" && value.isWellFormed()) return value;
  throw new TidegateError("INVALID_MESSAGE", `${name} must be well-formed text (a lone surrogate cannot be stored).`);
}

function encodeData(data: unknown): string {
  if (data === undefined) return "null";
  try {
    const json = JSON.stringify(data);
    if (json !== undefined) return checkText("data", json);
  } catch (cause) {
    throw new TidegateError("INVALID_MESSAGE", `data cannot be written as JSON: ${(cause as Error).message.split("\n")[0] ?? ""}`, {
      cause,
      hint: "Convert BigInt values to strings and remove cycles.",
    });
  }
  throw new TidegateError("INVALID_MESSAGE", `data must be a JSON value, found a ${typeof data}.`);
}

function checkSize(fields: readonly string[], limit: number): number {
  let size = 0;
  for (const field of fields) size += field.length;
  // Text of n UTF-16 units takes at most 3n bytes, so most messages need no exact count.
  if (size * 3 <= limit) return size;
  size = fields.reduce((sum, field) => sum + Buffer.byteLength(field), 0);
  if (size <= limit) return size;
  throw new TidegateError("PAYLOAD_TOO_LARGE", `The message takes ${size} bytes; the limit is ${limit}.`, {
    hint: "Store the large part elsewhere and publish a reference, or raise maxPayload in connect().",
  });
}

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
