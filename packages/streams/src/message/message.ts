/**
 * What travels: the message as an application sees it, before and after the wire.
 * Pure: no Redis, no clock.
 */

export const PRIORITIES = ["critical", "high", "normal", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What a publisher gives. */
export interface OutgoingMessage {
  /** For example `user_created`; written as `event_type`. At most 256 bytes. */
  readonly type: string;
  /** Any JSON value; `undefined` is written as null. */
  readonly data?: unknown;
  /** Default `normal`. */
  readonly priority?: Priority;
  readonly userId?: string;
  /** Default: the one of the message being handled, else the message's own id. */
  readonly correlationId?: string;
  /** The message that caused this one. Default: the one being handled. */
  readonly causationId?: string;
  /** W3C trace context. Default: a child of the one being handled. */
  readonly traceparent?: string;
  /** Retries allowed for this message; wins over the consumer's. */
  readonly maxRetries?: number;
  /** Unix milliseconds, where the event happened earlier than now. */
  readonly timestamp?: number;
  /** UUIDv7. Default: a new one. */
  readonly messageId?: string;
  /** Default: the connection's `service`. */
  readonly service?: string;
}

/** What a handler gets. */
export interface Message {
  readonly topic: string;
  /** Position in the topic: `<milliseconds>-<sequence>`; stays the same over retries and replays. */
  readonly entryId: string;
  /** Key of the stream the entry was published to. */
  readonly stream: string;
  readonly messageId: string;
  readonly type: string;
  readonly service: string;
  readonly data: unknown;
  readonly priority: Priority;
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** Failed attempts so far in this group. */
  readonly retryCount: number;
  readonly maxRetries: number | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly userId: string | null;
  readonly traceparent: string | null;
  /** Fields of the entry this library has no name for. */
  readonly extra: Readonly<Record<string, string>>;
}

/** One failed attempt, kept with the message until it succeeds or dies. */
export interface AttemptRecord {
  readonly attempt: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly consumer: string;
  readonly code: string;
  readonly error: string;
  readonly stack?: string;
}
