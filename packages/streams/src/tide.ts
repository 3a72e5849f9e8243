/**
 * The public face of the library: what an application developer sees after `connect()`.
 * Shapes and promises live here; the classes that keep them are wired in `open.ts`.
 */
import type { Durability, Publish, PublishOptions, PublishResult } from "./publishing.ts";
import type { Message, OutgoingMessage } from "./message/message.ts";
import type { ConsumeOptions, Consumer, Handler, HeldMessage, MessagesOptions, StartPosition } from "./consuming.ts";
import type { MessageHistory } from "./history.ts";
import type { Store } from "./store.ts";
import type { TelemetryOptions } from "./telemetry/options.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";
import type { EventSchemas, MessageOf, OutgoingOf, TopicContract } from "./message/contract.ts";
import type {
  Capabilities,
  DeadLetter,
  DeadLetterFilter,
  DeadLetterGroup,
  DeadLetterPage,
  GroupInfo,
  PendingInfo,
  ReplayJob,
  StreamInfo,
  TopicSettings,
} from "./views.ts";

export interface RetentionPolicy {
  /** Entries a topic keeps over all lanes; older ones go first, but never one a live group still needs. Default 100,000. */
  readonly maxLength?: number;
  /** Milliseconds an entry is kept; `0` keeps it for ever. Default 7 days. */
  readonly maxAge?: number;
  /** Bytes of Redis memory a topic may take over all lanes, as `MEMORY USAGE` estimates them; `0` for any number. Default 0. */
  readonly maxBytes?: number;
  /**
   * Entries of one lane beyond which the oldest go although a group still needs them; each time with a `retention_forced` notice
   * that carries the exact count per group. `0` never drops. Default 0.
   */
  readonly hardCap?: number;
  /** Milliseconds after its last sign of life until a group of ours stops holding back retention, with a `group_expired` notice. Default 7 days. */
  readonly groupLease?: number;
}

export interface TlsOptions {
  /** PEM text of the certificates to trust. Default: the system's. */
  readonly ca?: string;
  /** PEM text of the client's certificate and key. */
  readonly cert?: string;
  readonly key?: string;
  /** Name to expect in the server's certificate. Default: the host of the URL. */
  readonly servername?: string;
}

export interface ConnectOptions {
  /** `redis://[user:password@]host:port/db`, `rediss://…` or `redis+sentinel://host:port,host:port/<primary's name>/db`. Default: `REDIS_STREAMS_URL`, then the nearest `.tidegate/instance.json` upwards. */
  readonly url?: string;
  /** Overrides the password in the URL. Default: `REDIS_PASSWORD`. */
  readonly password?: string;
  /** First part of every key. Default: `TIDEGATE_NAMESPACE`, then the running instance's, then `tidegate`. */
  readonly namespace?: string;
  /** Written as `service` into every message this connection publishes. Default `unknown`. */
  readonly service?: string;
  /**
   * Milliseconds until a publish is answered, whatever Redis does: then it rejects, with `PublishUnknown` if something was sent. What replicas
   * may take (`durability`) comes on top. Default 10,000.
   */
  readonly publishTimeout?: number;
  /** Largest encoded message in bytes. Default 1 MiB. */
  readonly maxPayload?: number;
  /** Bytes of unsent messages this process holds before a publish is refused with BACKPRESSURE. Default 64 MiB. */
  readonly maxBuffered?: number;
  /** Milliseconds until the first connection must stand. Default 10,000. */
  readonly connectTimeout?: number;
  /** What each publish waits for. Default `stored`. */
  readonly durability?: Durability;
  /** For `rediss://`. Default: the files named by `REDIS_TLS_CA`, `REDIS_TLS_CERT`, `REDIS_TLS_KEY`, then the system's trust. */
  readonly tls?: TlsOptions;
  /** Form of new topics: `full` writes every field, for readers of the earlier Python format. Default `compact`. */
  readonly wire?: "compact" | "full";
  /** Trim topics this process touches. `false` leaves retention to somebody else. */
  readonly retention?: RetentionPolicy | false;
  /** Seconds a dead letter is kept; 0 keeps it. Default: `DEAD_LETTER_TTL`, then 2,592,000 (30 days). */
  readonly deadLetterTtl?: number;
  /** Logs, events and traces of this process. `false` keeps none: loggers and spans then do nothing. */
  readonly telemetry?: TelemetryOptions | false;
  /** Told of what an operator would want to know: reconnects, lost groups, trimmed dead letters. Default: silent. */
  readonly onNotice?: (notice: Notice) => void;
}

export interface Notice {
  readonly level: "info" | "warning" | "error";
  /**
   * Stable.
   * - Connection: `disconnected`, `reconnected`, `no_aof`, `evicting_redis`.
   * - Consumers: `group_recovered`, `lease_lost`, `entries_vanished`, `event_loop_stalled`, `message_held`, `consumer_failed`.
   * - Retention: `group_expired`, `retention_forced`, `entries_lost`.
   * - Dead letters: `dead_letters_expiring`, `dead_letter_expired`.
   * - `duty_failed`: a background loop met an error and goes on.
   */
  readonly code: string;
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
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
  /** The same failures together, most frequent first. Reads the index and not the letters, unless the filter has `text` or `ids`. */
  groups(filter?: DeadLetterFilter): Promise<readonly DeadLetterGroup[]>;
  count(filter?: DeadLetterFilter): Promise<number>;
  /** Back to the failing group only, with fresh attempts; concurrent replays move each letter once. */
  replay(filter: DeadLetterFilter, options?: { edit?: DeadLetterEdit }): Promise<{ replayed: number; skipped: number }>;
  discard(filter: DeadLetterFilter): Promise<{ discarded: number }>;
  /** Everything that matches, oldest first, page by page. */
  iterate(filter?: DeadLetterFilter): AsyncIterableIterator<DeadLetter>;
  /**
   * The same as `replay`, in the background and at most `rate` letters a second: a job that any process of the namespace goes on with
   * when this one ends. Takes what is dead now; letters that die meanwhile are left for the next.
   */
  startReplay(filter: DeadLetterFilter, options?: { rate?: number }): Promise<ReplayJob>;
  jobs(): Promise<readonly ReplayJob[]>;
  job(id: string): Promise<ReplayJob | null>;
  cancelJob(id: string): Promise<ReplayJob>;
}

/** What is changed in each replayed message; what is left out stays. */
export interface DeadLetterEdit {
  readonly type?: string;
  readonly data?: unknown;
}

export interface Groups {
  list(topic?: string): Promise<readonly GroupInfo[]>;
  /** Creates the group on every lane; `created: false` if it was there already. */
  create(topic: string, group: string, from?: StartPosition): Promise<{ created: boolean }>;
  /** Moves the stream position; pending entries and waiting retries of the group are released, running consumers are fenced. */
  seek(topic: string, group: string, to: StartPosition): Promise<SeekResult>;
  /** `seek` to the beginning of what the topic still has: everything is delivered again, with fresh attempts. */
  reset(topic: string, group: string): Promise<SeekResult>;
  /** The group stops holding back retention until its next sign of life. For groups of other programs that nobody reads any more. */
  release(topic: string, group: string): Promise<void>;
  remove(topic: string, group: string): Promise<{ removed: boolean }>;
}

export interface SeekResult {
  /** Deliveries that were under way and will not be acknowledged any more. */
  readonly released: number;
  /** Waiting retries that were given up; their entries are read again if they lie behind the new position. */
  readonly dropped: number;
}

export interface ServerHealth {
  readonly connected: boolean;
  /** Milliseconds of the last round trip, or null before the first. */
  readonly roundTrip: number | null;
  readonly address: string;
}

/** One connection to one namespace. Made by `connect()`; close it, or write `await using`. */
export interface Tide extends AsyncDisposable, Telemetry {
  readonly namespace: string;
  readonly service: string;
  /** Redis without password. */
  readonly address: string;
  readonly publish: Publish;
  /** Not atomic; one result per message, in order. */
  publishMany(topic: string, messages: readonly OutgoingMessage[], options?: PublishOptions): Promise<readonly PublishResult[]>;
  publishMany<E extends EventSchemas>(
    topic: TopicContract<E>,
    messages: readonly OutgoingOf<E>[],
    options?: PublishOptions,
  ): Promise<readonly PublishResult[]>;
  /** Resolves once groups exist and the first read is armed. */
  consume(topics: string | readonly string[], handler: Handler): Promise<Consumer>;
  consume(topics: string | readonly string[], options: ConsumeOptions, handler: Handler): Promise<Consumer>;
  /**
   * The handler gets what the schema makes of the stored data. A message its schema refuses is dead-lettered at once as INVALID_DATA, one of
   * an unnamed type as UNKNOWN_TYPE; the handler sees neither. A schema that throws is a failed attempt (SCHEMA_FAILED) and is retried.
   */
  consume<E extends EventSchemas>(topic: TopicContract<E>, handler: Handler<MessageOf<E>>): Promise<Consumer>;
  consume<E extends EventSchemas>(topic: TopicContract<E>, options: ConsumeOptions, handler: Handler<MessageOf<E>>): Promise<Consumer>;
  /** Held messages are heartbeated until settled; `break`, a throw or `return` hands unsettled ones back at once, no attempt counted. */
  messages(topics: string | readonly string[], options?: MessagesOptions): AsyncIterableIterator<HeldMessage> & AsyncDisposable;
  messages<E extends EventSchemas>(
    topic: TopicContract<E>,
    options?: MessagesOptions,
  ): AsyncIterableIterator<HeldMessage<MessageOf<E>>> & AsyncDisposable;
  /** Names of the topics that exist in this namespace, sorted. */
  topics(): Promise<readonly string[]>;
  streamInfo(topic: string): Promise<StreamInfo>;
  pending(topic: string, group: string): Promise<PendingInfo>;
  /** Entries of all lanes in time order; belongs to no group, changes nothing. */
  read(topic: string, options?: ReadOptions): AsyncIterableIterator<Message>;
  /** How a topic is stored. */
  settings(topic: string): Promise<TopicSettings>;
  /** Changes it for all programs; they notice within a minute. Refuses `lanes: false` while the other lanes have entries. */
  configure(topic: string, settings: Partial<TopicSettings>): Promise<TopicSettings>;
  /** Deletes a topic with everything of its groups; its dead letters stay. False if there was nothing. */
  removeTopic(topic: string): Promise<boolean>;
  readonly groups: Groups;
  readonly deadLetters: DeadLetters;
  /** Parsed `INFO` of the server: `section.field` flattened to `field`. */
  serverInfo(): Promise<Readonly<Record<string, string>>>;
  /** What the server can do, found by asking it. */
  capabilities(): Promise<Capabilities>;
  health(): ServerHealth;
  /** What befell a message: published, delivered, retried, acknowledged, by whom and when. Null when nothing is known of it. */
  history(messageId: string, options?: { topic?: string }): Promise<MessageHistory | null>;
  /** A connection of one's own to the same server, for keys beside the streams. Closed with the tide. */
  store(name: string): Store;
  /** Flushes what was published, stops every consumer, closes the connections. */
  close(options?: { deadline?: number }): Promise<void>;
}
