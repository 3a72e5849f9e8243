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
import { tlsReason } from "./tls.ts";

export type Reaction = "again" | "reconnect" | "regroup" | "stop" | "reject";

export class RedisFault extends TidegateError {
  readonly reaction: Reaction;
  /** False only when the command certainly had no effect: it never left this process, or the server refused it unread. */
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
  const tls = tlsReason(cause);
  if (tls !== null) return new RedisFault("TLS_FAILED", "stop", `${tls.message} (${address}: ${text}).`, { cause, hint: tls.hint });
  const row = TABLE.find(([pattern]) => pattern.test(text));
  if (row !== undefined) {
    const [, code, reaction, message, hint] = row;
    const more = { cause, sent: !REFUSED.test(text), ...(hint === undefined ? {} : { hint }) };
    return new RedisFault(code, reaction, `${message} (${address} answered: ${text})`, more);
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

/** A new connection stands, but nobody answers on it. `vouched`: it is known to be Redis, so it will be back. */
export function silent(address: string, vouched: boolean): RedisFault {
  if (vouched) return unreachable(address, new Error("it accepts connections, but does not answer"), false);
  return new RedisFault("NOT_REDIS", "stop", `Something answers at ${address}, but it does not speak Redis.`, { hint: CHECK_ADDRESS });
}

/** One side speaks TLS and the other does not; `right` is the scheme to write. */
export function wrongScheme(address: string, right: "redis" | "rediss", cause: unknown): RedisFault {
  return right === "rediss"
    ? new RedisFault("TLS_FAILED", "stop", `${address} speaks TLS only.`, { cause, hint: "Write rediss:// instead of redis://." })
    : new RedisFault("TLS_FAILED", "stop", `${address} accepts connections, but does not answer as TLS does.`, {
        cause,
        hint: "Write redis:// for a plain port, or name the server's tls-port.",
      });
}

// Private

type Row = readonly [pattern: RegExp, code: ErrorCode, reaction: Reaction, message: string, hint?: string];

const CHECK_ADDRESS = "Check host and port of REDIS_STREAMS_URL.";
const CLUSTER_HINT = "Use a single server or a set of sentinels; Redis Cluster is not supported yet.";

/** Answers that come instead of running anything, so that asking again elsewhere cannot do a thing twice. */
const REFUSED = /^(READONLY|LOADING|MASTERDOWN|NOAUTH|MOVED|ASK |CLUSTERDOWN)|max number of clients/;

const TABLE: readonly Row[] = [
  [/^NOGROUP|UNBLOCKED the stream key no longer exists/, "UNKNOWN_GROUP", "regroup", "The consumer group is gone"],
  [/^UNBLOCKED client unblocked via CLIENT UNBLOCK/, "REDIS_BUSY", "again", "Somebody ended a blocked read"],
  [/^UNBLOCKED/, "REDIS_READ_ONLY", "reconnect", "The server's role changed during a blocked read"],
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
  [/^READONLY/, "REDIS_READ_ONLY", "reconnect", "The server is a replica", "Connect to the primary, or name the sentinels in the URL."],
  [/^MASTERDOWN/, "REDIS_READ_ONLY", "reconnect", "The server is a replica that has lost its primary"],
  [/^(MOVED|ASK|CROSSSLOT)\b/, "UNSUPPORTED_REDIS", "stop", "The server is a node of a Cluster", CLUSTER_HINT],
  [/^LOADING/, "REDIS_BUSY", "again", "Redis is loading its data"],
  [/^BUSY /, "REDIS_BUSY", "again", "A script holds up Redis", "It goes on when the script ends. To end it: redis-cli SCRIPT KILL"],
  [/^NOREPLICAS/, "REDIS_BUSY", "again", "Too few replicas are connected for a write", "See min-replicas-to-write and INFO replication."],
  [/^CLUSTERDOWN/, "REDIS_BUSY", "again", "The Cluster does not serve this slot now"],
  [/^TRYAGAIN/, "REDIS_BUSY", "again", "The Cluster is moving these keys"],
  [/Unknown RESP type/, "NOT_REDIS", "stop", "Something answers, but it does not speak Redis", CHECK_ADDRESS],
  [/max number of clients/, "REDIS_BUSY", "reconnect", "Redis has no connection left", "Raise maxclients, or connect fewer."],
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
