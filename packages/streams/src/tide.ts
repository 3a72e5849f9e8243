/**
 * The public face of the library: what an application developer sees after `connect()`.
 * Shapes and promises live here; the classes that keep them are wired in `open.ts`.
 */
import type { AttemptRecord, Message, OutgoingMessage } from "./message/message.ts";
import type { DeadLetter, DeadLetterFilter, DeadLetterGroup, DeadLetterPage, GroupInfo, PendingInfo, StreamInfo } from "./views.ts";

export interface RetentionPolicy {
  /** Entries a topic keeps over all lanes; older ones go first, but never one a live group still needs. Default 100,000. */
  readonly maxLength?: number;
  /** Milliseconds an entry is kept; `0` keeps it for ever. Default 7 days. */
  readonly maxAge?: number;
}

export interface ConnectOptions {
  /** `redis://[user:password@]host:port/db` or `rediss://…`. Default: `REDIS_STREAMS_URL`, then the nearest `.tidegate/instance.json` upwards. */
  readonly url?: string;
  /** Overrides the password in the URL. Default: `REDIS_PASSWORD`. */
  readonly password?: string;
  /** First part of every key. Default: `TIDEGATE_NAMESPACE`, then the running instance's, then `tidegate`. */
  readonly namespace?: string;
  /** Written as `service` into every message this connection publishes. Default `unknown`. */
  readonly service?: string;
  /** Milliseconds a publish may wait for Redis before it rejects. Default 10,000. */
  readonly publishTimeout?: number;
  /** Largest encoded message in bytes. Default 1 MiB. */
  readonly maxPayload?: number;
  /** Bytes of unsent messages this process holds before a publish is refused with BACKPRESSURE. Default 64 MiB. */
  readonly maxBuffered?: number;
  /** Milliseconds until the first connection must stand. Default 10,000. */
  readonly connectTimeout?: number;
  /** Trim topics this process touches. `false` leaves retention to somebody else. */
  readonly retention?: RetentionPolicy | false;
  /** Seconds a dead letter is kept; 0 keeps it. Default: `DEAD_LETTER_TTL`, then 2,592,000 (30 days). */
  readonly deadLetterTtl?: number;
  /** Told of what an operator would want to know: reconnects, lost groups, trimmed dead letters. Default: silent. */
  readonly onNotice?: (notice: Notice) => void;
}

export interface Notice {
  readonly level: "info" | "warning" | "error";
  /** Stable: `reconnected`, `disconnected`, `group_recovered`, `lease_lost`, `dead_letter_expired`, `read_stalled`, `trimmed`, … */
  readonly code: string;
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface Receipt {
  readonly status: "stored";
  readonly messageId: string;
  /** `<milliseconds>-<sequence>` in the lane's stream. Never an idempotency key: a failover may issue it twice. */
  readonly entryId: string;
  /** The stream key the entry went to. */
  readonly stream: string;
}

export type PublishResult = { readonly ok: true; readonly receipt: Receipt } | { readonly ok: false; readonly error: Error };

/** Where a *new* group starts; an existing group goes on where it was. */
export type StartPosition = "beginning" | "now" | Date | (string & {});

export interface RetryPolicy {
  /** Retries after the first attempt. Default: `MAX_RETRIES`, then 3 (so 4 attempts). A message's own `max_retries` wins. */
  readonly maxRetries?: number;
  /** Milliseconds before the first retry; doubles each time. Default 1,000. */
  readonly baseDelay?: number;
  /** Upper limit of a delay in milliseconds. Default 60,000. */
  readonly maxDelay?: number;
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
}

export interface MessagesOptions extends GroupOptions {
  /** Messages held unsettled at once. Default 100. */
  readonly prefetch?: number;
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
  readonly publish: Tide["publish"];
}

export type Handler = (message: Message, context: HandlerContext) => unknown;

export interface ConsumerStats {
  readonly acked: number;
  readonly retried: number;
  readonly deadLettered: number;
  /** Settlements Redis refused because the lease had gone to somebody else. */
  readonly lost: number;
  readonly running: number;
  readonly buffered: number;
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
export interface HeldMessage extends Message {
  readonly attempt: number;
  readonly signal: AbortSignal;
  ack(): Promise<boolean>;
  retry(options?: { delay?: number; reason?: unknown }): Promise<boolean>;
  deadLetter(reason: unknown): Promise<boolean>;
}

export interface ReadOptions {
  /** Inclusive start: entry id, Date, or "beginning". Default "beginning". */
  readonly from?: string | Date;
  /** Inclusive end. Default: the end of the topic at the time of the call. */
  readonly to?: string | Date;
  readonly limit?: number;
  /** Newest first. */
  readonly reverse?: boolean;
}

export interface DeadLetters {
  list(options?: DeadLetterFilter & { limit?: number; cursor?: string }): Promise<DeadLetterPage>;
  get(id: string): Promise<DeadLetter | null>;
  /** The same failures together, most frequent first, over the newest 10,000. */
  groups(filter?: DeadLetterFilter): Promise<readonly DeadLetterGroup[]>;
  count(): Promise<number>;
  /** Back to the failing group only, with fresh attempts; concurrent replays move each letter once. */
  replay(filter: DeadLetterFilter): Promise<{ replayed: number; skipped: number }>;
  discard(filter: DeadLetterFilter): Promise<{ discarded: number }>;
}

export interface Groups {
  list(topic?: string): Promise<readonly GroupInfo[]>;
  /** Creates the group on every lane; `created: false` if it was there already. */
  create(topic: string, group: string, from?: StartPosition): Promise<{ created: boolean }>;
  /** Moves the stream position; pending entries and waiting retries of the group are released, running consumers are fenced. */
  seek(topic: string, group: string, to: StartPosition): Promise<void>;
  remove(topic: string, group: string): Promise<{ removed: boolean }>;
}

export interface ServerHealth {
  readonly connected: boolean;
  /** Milliseconds of the last round trip, or null before the first. */
  readonly roundTrip: number | null;
  readonly address: string;
}

/** One connection to one namespace. Made by `connect()`; close it, or write `await using`. */
export interface Tide extends AsyncDisposable {
  readonly namespace: string;
  readonly service: string;
  /** Redis without password. */
  readonly address: string;
  /**
   * Stores one message. Awaited calls of one tick travel as one script call.
   * Rejects with `PublishUnknown` (its `.retry()` is safe) if the answer was lost, else with a `TidegateError` and nothing was stored.
   */
  publish(topic: string, message: OutgoingMessage): Promise<Receipt>;
  /** Not atomic; one result per message, in order. */
  publishMany(topic: string, messages: readonly OutgoingMessage[]): Promise<readonly PublishResult[]>;
  /** Resolves once groups exist and the first read is armed. */
  consume(topics: string | readonly string[], handler: Handler): Promise<Consumer>;
  consume(topics: string | readonly string[], options: ConsumeOptions, handler: Handler): Promise<Consumer>;
  /** Held messages are heartbeated until settled; `break`, a throw or `return` hands unsettled ones back at once, no attempt counted. */
  messages(topics: string | readonly string[], options?: MessagesOptions): AsyncIterableIterator<HeldMessage> & AsyncDisposable;
  /** Names of the topics that exist in this namespace, sorted. */
  topics(): Promise<readonly string[]>;
  streamInfo(topic: string): Promise<StreamInfo>;
  pending(topic: string, group: string): Promise<PendingInfo>;
  /** Entries of all lanes in time order; belongs to no group, changes nothing. */
  read(topic: string, options?: ReadOptions): AsyncIterableIterator<Message>;
  /** Deletes a topic with everything of its groups; its dead letters stay. False if there was nothing. */
  removeTopic(topic: string): Promise<boolean>;
  readonly groups: Groups;
  readonly deadLetters: DeadLetters;
  /** Parsed `INFO` of the server: `section.field` flattened to `field`. */
  serverInfo(): Promise<Readonly<Record<string, string>>>;
  health(): ServerHealth;
  /** Flushes what was published, stops every consumer, closes the connections. */
  close(options?: { deadline?: number }): Promise<void>;
}
