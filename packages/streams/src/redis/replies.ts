/**
 * Foreign errors become ours here, once. Each carries the reaction it calls for, so that loops do not parse texts:
 *   again      the server will be able to soon: same connection, back off
 *   reconnect  this connection is of no use (role change, lost, wedged): build a new one
 *   regroup    a consumer group is gone: restore it
 *   stop       only a person can help (access, wrong type, configuration)
 *   reject     this one request is wrong
 * Texts: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the command pages.
 */
import { TidegateError, type ErrorCode } from "../errors.ts";

export type Reaction = "again" | "reconnect" | "regroup" | "stop" | "reject";

export class RedisFault extends TidegateError {
  readonly reaction: Reaction;
  /** False only when the command certainly never left this process. */
  readonly sent: boolean;

  constructor(code: ErrorCode, reaction: Reaction, message: string, options: { cause?: unknown; hint?: string; sent?: boolean } = {}) {
    super(code, message, options);
    this.reaction = reaction;
    this.sent = options.sent ?? true;
  }
}

export function faultOf(cause: unknown, address: string): RedisFault {
  if (cause instanceof RedisFault) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const name = cause instanceof Error ? cause.constructor.name : "";
  if (name === "ClientOfflineError" || name === "ClientClosedError") return unreachable(address, cause, false);
  for (const [pattern, code, reaction, message, hint] of TABLE) {
    if (pattern.test(text))
      return new RedisFault(code, reaction, `${message} (${address} answered: ${text})`, {
        cause,
        ...(hint === undefined ? {} : { hint }),
      });
  }
  if (isReply(cause)) return new RedisFault("REDIS_ERROR", "reject", `Redis at ${address} refused: ${text}`, { cause });
  return unreachable(address, cause, true);
}

export function unreachable(address: string, cause: unknown, sent: boolean): RedisFault {
  const why =
    cause instanceof Error && cause.message !== ""
      ? cause.message
      : cause instanceof AggregateError
        ? String(cause.errors[0])
        : "no answer";
  return new RedisFault("REDIS_UNREACHABLE", "reconnect", `Redis at ${address} does not answer: ${why}.`, {
    cause,
    sent,
    hint: "Check that it runs and that the address is right: tidegate doctor",
  });
}

// Private

type Row = readonly [pattern: RegExp, code: ErrorCode, reaction: Reaction, message: string, hint?: string];

const TABLE: readonly Row[] = [
  [/^NOGROUP|UNBLOCKED the stream key no longer exists/, "UNKNOWN_GROUP", "regroup", "The consumer group is gone"],
  [/^UNBLOCKED/, "REDIS_BUSY", "again", "A blocked read was ended by the server"],
  [
    /^(NOAUTH|WRONGPASS|ERR AUTH)|invalid username-password|Client sent AUTH, but no password is set/,
    "AUTH_FAILED",
    "stop",
    "Redis refuses the user or password",
    "Set REDIS_PASSWORD, or put user and password into the URL.",
  ],
  [
    /^NOPERM/,
    "ACCESS_DENIED",
    "stop",
    "The Redis user may not do this",
    "Give the user the commands and keys listed in docs/reference/redis.md.",
  ],
  [
    /^WRONGTYPE/,
    "WRONG_KEY_TYPE",
    "stop",
    "A key of this topic exists with another type",
    "Delete or rename the key, or use another namespace.",
  ],
  [/^OOM/, "REDIS_FULL", "reject", "Redis has no memory left", "Raise maxmemory, or let retention remove more."],
  [/^MISCONF/, "REDIS_CANNOT_PERSIST", "reject", "Redis cannot write to its disk", "Free disk space on the Redis server."],
  [/^READONLY/, "REDIS_READ_ONLY", "reconnect", "The server is a replica"],
  [/^(LOADING|BUSY |NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MASTERDOWN)/, "REDIS_BUSY", "again", "Redis cannot serve this now"],
  [/Unknown RESP type/, "NOT_REDIS", "stop", "Something answers, but it does not speak Redis", "Check host and port of REDIS_STREAMS_URL."],
  [/max number of clients reached/, "REDIS_BUSY", "reconnect", "Redis has no connection left"],
];

function isReply(cause: unknown): boolean {
  for (
    let type: object | null = cause as object | null;
    type !== null && typeof type === "object";
    type = Object.getPrototypeOf(type) as object | null
  ) {
    if (type.constructor.name === "ErrorReply") return true;
  }
  return false;
}
