/**
 * Message → stream entry fields (all strings), the wire format other programs read.
 * Fields equal to their default are not written: few fields are the largest single gain in speed.
 */
import { asError, TidegateError } from "../errors.ts";
import { PRIORITIES, type OutgoingMessage, type Priority } from "./message.ts";
import { newMessageId } from "./message-id.ts";
import { findUnwritable } from "./unwritable.ts";

/** A message ready for the wire. The first four fields every entry has stand alone: a batch writes what repeats only once. */
export interface Encoded {
  readonly messageId: string;
  readonly priority: Priority;
  readonly type: string;
  readonly service: string;
  /** JSON. */
  readonly data: string;
  /** Further fields: name, value, name, value, … */
  readonly more: readonly string[];
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

export function encode(message: OutgoingMessage, defaults: EncodeDefaults): Encoded {
  if (typeof message !== "object" || message === null)
    throw new TidegateError("INVALID_MESSAGE", `A message is an object, found ${shown(message)}.`);
  const messageId = message.messageId === undefined ? newMessageId() : checkName("messageId", message.messageId);
  const priority = message.priority === undefined ? "normal" : checkPriority(message.priority);
  const type = checkName("type", message.type);
  const service = checkText("service", message.service ?? defaults.service);
  const data = encodeData(message.data);
  const more = moreFields(message, defaults, messageId);
  const size = checkSize(FIXED + messageId.length + bytesOf(type) + bytesOf(service) + bytesOf(data), more, defaults.maxPayload);
  return new EncodedMessage(messageId, priority, type, service, data, more, size);
}

/** All fields of the entry: name, value, name, value, … */
export function fieldsOf(message: Encoded): readonly string[] {
  const { type, service, data, messageId, more } = message;
  return ["event_type", type, "service", service, "data", data, "message_id", messageId, ...more];
}

export interface FullForm {
  /** Written as `stream`: that is what they call it. */
  readonly topic: string;
  /** Unix milliseconds. */
  readonly now: number;
  readonly maxRetries: number;
}

/** For a topic without lanes: its entries say their priority themselves. */
export function withPriority(message: Encoded): Encoded {
  return message.priority === "normal" ? message : extended(message, ["priority", message.priority]);
}

/** Every field the earlier Python clients write and expect; theirs are all texts, and none is left out. */
export function withEveryField(message: Encoded, form: FullForm): Encoded {
  const defaults = {
    id: "",
    stream: form.topic,
    priority: message.priority,
    timestamp: String(form.now / 1000),
    retry_count: "0",
    max_retries: String(form.maxRetries),
    correlation_id: message.messageId,
    user_id: "",
  };
  const missing = Object.entries(defaults).filter(([name]) => !message.more.some((given, index) => index % 2 === 0 && given === name));
  return extended(message, missing.flat());
}

// Private

/** A class and no literal, for the reason `CompactFields` of `redis/shapes.ts` gives. */
class EncodedMessage implements Encoded {
  readonly messageId: string;
  readonly priority: Priority;
  readonly type: string;
  readonly service: string;
  readonly data: string;
  readonly more: readonly string[];
  readonly size: number;

  constructor(messageId: string, priority: Priority, type: string, service: string, data: string, more: readonly string[], size: number) {
    this.messageId = messageId;
    this.priority = priority;
    this.type = type;
    this.service = service;
    this.data = data;
    this.more = more;
    this.size = size;
  }
}

const NO_MORE: readonly string[] = Object.freeze([]);

function moreFields(message: OutgoingMessage, defaults: EncodeDefaults, messageId: string): readonly string[] {
  let more: string[] | undefined;
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== null && value !== "") (more ??= []).push(name, checkText(name, value));
  };
  if (message.timestamp !== undefined) add("timestamp", String(checkTime(message.timestamp) / 1000));
  if (message.maxRetries !== undefined) add("max_retries", String(checkRetries(message.maxRetries)));
  const correlation = message.correlationId ?? defaults.correlationId;
  if (correlation !== messageId) add("correlation_id", correlation);
  add("causation_id", message.causationId ?? defaults.causationId);
  add("traceparent", message.traceparent ?? defaults.traceparent);
  add("user_id", message.userId ?? defaults.userId);
  return more ?? NO_MORE;
}

function extended(message: Encoded, fields: readonly string[]): Encoded {
  return { ...message, more: [...message.more, ...fields], size: message.size + fields.reduce((sum, field) => sum + bytesOf(field), 0) };
}

/** What is short identifies things in lists and metrics. */
function checkName(name: string, value: string): string {
  if (typeof value === "string" && value !== "" && bytesOf(value) <= 256) return checkText(name, value);
  throw new TidegateError("INVALID_MESSAGE", `${name} must be a text of 1 to 256 bytes, found ${shown(value)}.`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : `a ${value === null ? "null" : typeof value}`;
}

function checkTime(value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new TidegateError("INVALID_MESSAGE", `timestamp must be Unix milliseconds, found ${String(value)}.`);
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
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw unwritable(data, `data cannot be written as JSON: ${(asError(cause).message.split("\n")[0] ?? "").trim()}`, cause);
  }
  if (json === undefined) throw unwritable(data, `data is a ${typeof data}`);
  // JSON.stringify writes a lone surrogate as an escape; nearly no other text has these three characters.
  if (json.includes("\\ud") && LONE_SURROGATE.test(json)) throw unwritable(data, "data has a lone surrogate");
  return json;
}

/** `\udxxx` that is not itself escaped. https://tc39.es/ecma262/#sec-quotejsonstring */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f][\da-f]{2}/;

function unwritable(data: unknown, otherwise: string, cause?: unknown): TidegateError {
  return new TidegateError("INVALID_MESSAGE", `${findUnwritable(data, "data") ?? otherwise}; it cannot be published.`, {
    cause,
    hint: "Data must be JSON: write BigInt values as text, remove cycles and functions, and give only valid text.",
  });
}

/** Names of the fields every entry has. */
const FIXED = "event_type".length + "service".length + "data".length + "message_id".length;

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function checkSize(fixed: number, more: readonly string[], limit: number): number {
  let size = fixed;
  for (const field of more) size += bytesOf(field);
  if (size <= limit) return size;
  throw new TidegateError("PAYLOAD_TOO_LARGE", `The message takes ${size} bytes; the limit is ${limit}.`, {
    hint: "Store the large part elsewhere and publish a reference, or raise maxPayload in connect().",
  });
}
