/**
 * What the caller of `consume()` and `messages()` says and gets: options, retry policies, handlers, held messages.
 * Types only; the classes that keep these promises are in `consume/`.
 */
import type { AttemptRecord, Message, Priority } from "./message/message.ts";
import type { Publish } from "./publishing.ts";

/** Where a *new* group starts; an existing group goes on where it was. */
export type StartPosition = "beginning" | "now" | Date | (string & {});

export interface RetryPolicy {
  /** Retries after the first attempt. Default: `MAX_RETRIES`, then 3 (so 4 attempts). A message's own `max_retries` wins. */
  readonly maxRetries?: number;
  /** Milliseconds before the first retry; doubles each time. Default 1,000. */
  readonly baseDelay?: number;
  /** Upper limit of a delay in milliseconds. Default 60,000. */
  readonly maxDelay?: number;
  /** `exponential` doubles the delay each time, `fixed` keeps it. Default `exponential`. */
  readonly backoff?: "exponential" | "fixed";
  /** `full` takes a random part of the delay, so that what failed together does not come back together. Default `full`. */
  readonly jitter?: "full" | "none";
  /**
   * Decides alone: milliseconds until the next attempt, or `dead-letter`. `maxRetries` still holds. If it throws or answers anything else,
   * that is recorded as the attempt's error and the standard delay is taken.
   */
  readonly delay?: (failure: FailureInfo) => number | "dead-letter";
  /**
   * The first rule whose error matches is used instead of the values above; what it leaves out it takes from them. Only `delay` is not taken
   * over by a rule that sets a backoff of its own.
   */
  readonly byError?: readonly ErrorRule[];
}

/** What a retry policy may know of a failed attempt. */
export interface FailureInfo {
  readonly error: Error;
  readonly message: Message;
  /** Failed attempts so far, this one included. */
  readonly failures: number;
}

/** How one kind of error is retried. */
export interface ErrorRule extends Omit<RetryPolicy, "byError"> {
  /** A class (its subclasses match as well), or the `code` of an error. */
  readonly error: (abstract new (...args: never[]) => Error) | string;
  /** Dead-letter at once. */
  readonly unrecoverable?: boolean;
}

export interface GroupOptions {
  /** Default `<topic>_processors` of the first topic. */
  readonly group?: string;
  /** Readable part of the consumer's name; a session id is appended. Default: host name. */
  readonly name?: string;
  readonly from?: StartPosition;
  /** Milliseconds a message stays ours without a heartbeat. Heartbeats go out every third of it. Default 30,000. */
  readonly lease?: number;
  readonly retry?: RetryPolicy;
  /** A message that killed this many consumers in a row is dead-lettered unseen. Default 3. */
  readonly maxCrashes?: number;
  /** Called when a message leaves for good: acknowledged, retried or dead-lettered. */
  readonly onSettled?: (outcome: Settlement) => void;
}

export interface ConsumeOptions extends GroupOptions {
  /** Handlers running at once. Default: `PROCESSOR_WORKERS`, then 4. */
  readonly concurrency?: number;
  /** Entries held per lane and not yet started; half of them are asked for at once. Default: four times the concurrency, at least 16, at most 512. */
  readonly batch?: number;
  /** Milliseconds a handler may take before its signal fires and the attempt fails. Default: no limit. */
  readonly timeout?: number;
  /** Shares of the handlers' time while several lanes have messages. Default critical 8, high 4, normal 2, low 1. */
  readonly weights?: Partial<Record<Priority, number>>;
  /** Milliseconds a message may wait here behind other lanes before it is taken next. 0 for never. Default 5,000. */
  readonly ageing?: number;
  /** Handlers only critical messages may take. Default: a tenth of the concurrency, at least 1 from a concurrency of 4 on. */
  readonly reserve?: number;
}

export interface MessagesOptions extends GroupOptions {
  /** Messages held unsettled at once. Default 100. */
  readonly prefetch?: number;
  /** Milliseconds a message may be held before a `message_held` notice names it; 0 for never. Default 60,000. */
  readonly warnAfter?: number;
}

export interface Settlement {
  readonly message: Message;
  readonly group: string;
  readonly outcome: "acked" | "retried" | "dead_lettered" | "lost";
  readonly error?: Error;
  /** Milliseconds from the handler's start to its settlement. */
  readonly duration: number;
}

export interface HandlerContext {
  /** Fires when the lease is lost, the handler's time is over, or the stop deadline has passed. */
  readonly signal: AbortSignal;
  readonly group: string;
  /** 1 for the first delivery; counts failures, not crashes. */
  readonly attempt: number;
  /** Deliveries whose process vanished before it answered. */
  readonly crashes: number;
  readonly attempts: readonly AttemptRecord[];
  /** Same as `tide.publish`; correlation and trace ids travel by themselves on either. */
  readonly publish: Publish;
}

export type Handler<M = Message> = (message: M, context: HandlerContext) => unknown;

export interface ConsumerStats {
  readonly acked: number;
  readonly retried: number;
  readonly deadLettered: number;
  /** Settlements Redis refused because the lease had gone to somebody else. */
  readonly lost: number;
  readonly running: number;
  readonly buffered: number;
  /** Times the event loop stood still for longer than a third of the lease, so that no heartbeat went out. */
  readonly stalls: number;
  /** Milliseconds since the last completed read; the one honest sign of life. */
  readonly sinceLastRead: number;
}

export interface Consumer extends AsyncDisposable {
  /** As Redis shows it: `<name>.<session>`. */
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[];
  /** Resolves when stopped, rejects on a fatal error (access denied, wrong key type, …). */
  readonly closed: Promise<void>;
  stats(): ConsumerStats;
  /** Stops reading, hands unstarted messages back, waits for handlers up to `deadline` ms (default 10,000), then aborts them. */
  stop(options?: { deadline?: number }): Promise<void>;
}

/** A message held by the iterator until one of the three is called; each answers false if the lease was lost. */
export type HeldMessage<M = Message> = M & Held;

export interface Held {
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** Runs `work` in the flow of this message: what it publishes and logs carries the message's ids and trace, as in a handler. */
  run<T>(work: () => T): T;
  ack(): Promise<boolean>;
  retry(options?: { delay?: number; reason?: unknown }): Promise<boolean>;
  deadLetter(reason: unknown): Promise<boolean>;
}
