/**
 * Every error of the library: one class, a stable code, and what to do about it.
 * Foreign errors become these once, in `redis/replies.ts`, with `cause`.
 */
import { inspect } from "node:util";

export const ERROR_CODES = {
  INVALID_CONFIG: "An option, environment variable or URL is wrong.",
  INVALID_TOPIC: "A topic name is not allowed.",
  INVALID_GROUP: "A group or consumer name is not allowed.",
  INVALID_MESSAGE: "A message cannot be encoded.",
  INVALID_POSITION: "A position is neither an entry id, a date nor a known word.",
  INVALID_DATA: "The data of a message does not fit the schema of its type.",
  UNKNOWN_TYPE: "The topic's contract does not name this type.",
  SCHEMA_FAILED: "The schema of a message's type threw instead of answering.",
  PAYLOAD_TOO_LARGE: "A message is larger than `maxPayload`.",
  BACKPRESSURE: "More unsent bytes than `maxBuffered` wait for Redis.",
  UNKNOWN_TOPIC: "The topic has no stream yet.",
  UNKNOWN_GROUP: "The topic has no such group.",
  TOPIC_IN_USE: "A topic's settings cannot change while it has such entries.",
  UNKNOWN_JOB: "There is no job with this id.",
  UNKNOWN_DEAD_LETTER: "No dead letter has this id.",
  REDIS_UNREACHABLE: "Redis does not answer.",
  NOT_REDIS: "Something else than Redis answers at this address.",
  TLS_FAILED: "The TLS connection cannot be set up.",
  AUTH_FAILED: "Redis refuses the user or password.",
  ACCESS_DENIED: "The Redis user may not do this.",
  WRONG_KEY_TYPE: "A key exists with another type.",
  EVICTING_REDIS: "`maxmemory-policy` lets Redis delete messages.",
  UNSUPPORTED_REDIS: "The server is older than Redis 7.0, or part of a Cluster.",
  REDIS_READ_ONLY: "The server is a replica.",
  REDIS_FULL: "Redis has no memory left.",
  REDIS_CANNOT_PERSIST: "Redis cannot write to its disk.",
  REDIS_BUSY: "Redis is loading, busy or waiting for replicas.",
  REDIS_ERROR: "Redis answered with another error.",
  PUBLISH_UNKNOWN: "The answer was lost or came too late; the message may or may not be stored.",
  UNDECODABLE: "An entry is not a message.",
  NOT_REPLICATED: "The message is stored, but too few replicas have confirmed it in time.",
  CRASHED: "The consumer's process vanished while it had the message.",
  HANDLER_TIMEOUT: "A handler took longer than `timeout`.",
  HANDLER_FAILED: "A handler threw.",
  UNRECOVERABLE: "A handler said that retrying is useless.",
  CLOSED: "The connection or consumer was closed.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class TidegateError extends Error {
  readonly code: ErrorCode;
  /** What to do next, ready to be shown to a person. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TidegateError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** The answer to a publish was lost or is late. `.retry()` asks again under the same batch number: never stored twice. */
export class PublishUnknown extends TidegateError {
  readonly #again: () => Promise<unknown>;

  constructor(message: string, again: () => Promise<unknown>, cause?: unknown) {
    super("PUBLISH_UNKNOWN", message, { cause, hint: "Call error.retry(): it is safe, the same batch is never stored twice." });
    this.name = "PublishUnknown";
    this.#again = again;
  }

  /** Resolves with the receipt the lost answer would have carried. */
  retry<R>(): Promise<R> {
    return this.#again() as Promise<R>;
  }
}

/** The message is stored, but fewer replicas than asked for have confirmed it in time. Publishing it again would store it twice. */
export class NotReplicated<R = unknown> extends TidegateError {
  readonly receipt: R;
  readonly wanted: number;
  readonly confirmed: number;

  constructor(receipt: R, wanted: number, confirmed: number, timeout: number) {
    super("NOT_REPLICATED", `The message is stored, but ${confirmed} of ${wanted} replicas confirmed it within ${timeout} ms.`, {
      hint: "Do not publish it again: it is stored. Check the replicas (INFO replication), or ask for fewer.",
    });
    this.name = "NotReplicated";
    this.receipt = receipt;
    this.wanted = wanted;
    this.confirmed = confirmed;
  }
}

/** Thrown by a handler: dead-letter at once, retrying is useless. */
export class Unrecoverable extends Error {
  readonly code: string;
  constructor(message: string, options: { cause?: unknown; code?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Unrecoverable";
    this.code = options.code ?? "UNRECOVERABLE";
  }
}

/** Thrown by a handler: retry after this many milliseconds instead of the policy's delay. */
export class RetryAfter extends Error {
  readonly delay: number;
  constructor(delay: number, message = `retry after ${delay} ms`, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "RetryAfter";
    this.delay = delay;
  }
}

export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return typeof thrown.message === "string" ? thrown : new Error(textOf(thrown.message), { cause: thrown });
  return new Error(typeof thrown === "string" ? thrown : textOf(thrown));
}

/** Anything can be thrown, also what JSON refuses: a cycle, a BigInt. */
function textOf(thrown: unknown): string {
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return inspect(thrown);
  }
}
