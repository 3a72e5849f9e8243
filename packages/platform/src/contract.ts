/**
 * The platform's REST and WebSocket answers as types. The console and other clients know the platform only through this file.
 * All times are unix milliseconds unless a name says otherwise.
 */
import type {
  AttemptRecord,
  ConsumerInfo,
  DeadLetter,
  DeadLetterGroup,
  GroupInfo,
  LaneInfo,
  Message,
  PendingEntry,
  ReplayJob,
  WaitingRetry,
} from "@tidegate/streams";

import type { LiveAlerts } from "./alert-contract.ts";
import type { Scope } from "./gateway-contract.ts";
import type { ComponentStatus } from "./orchestrator-contract.ts";
import type { LiveLogs, LogQuery, MessagingMinute } from "./telemetry-contract.ts";

export type {
  AttemptRecord,
  ConsumerInfo,
  DeadLetter,
  DeadLetterGroup,
  GroupInfo,
  LaneInfo,
  Message,
  PendingEntry,
  ReplayJob,
  WaitingRetry,
};

export type {
  DeadLetterGroupsAnswer,
  DeadLetterSelection,
  DeadLettersAnswer,
  DiscardAnswer,
  JobsAnswer,
  ReplayAnswer,
  ReplayJobRequest,
  ReplayRequest,
} from "./dead-letter-contract.ts";

export type * from "./alert-contract.ts";
export type * from "./gateway-contract.ts";
export type * from "./orchestrator-contract.ts";
export type * from "./certificate-contract.ts";
export type * from "./proxy-contract.ts";
export type * from "./telemetry-contract.ts";
export { AGGREGATES, OPERATORS, SEVERITIES } from "./alert-contract.ts";
export { RESOURCES } from "./gateway-contract.ts";
export { METRICS, STEPS } from "./telemetry-contract.ts";

/** `GET /health`; 200 when healthy, 503 when not. Open without a token. */
export interface Health {
  status: "healthy" | "unhealthy";
  version: string;
  /** Seconds since the control process started. */
  uptime: number;
  /** Present when unhealthy. */
  error?: string;
}

/** One topic in `GET /api/streams` and in the WebSocket update. */
export interface StreamSummary {
  /** Key of the normal lane, e.g. `opsconductor:identity:events`. */
  stream: string;
  /** Entries over all lanes. */
  length: number;
  /** Ever added, over all lanes; its growth is the publish rate. */
  entries_added: number;
  first_entry: Message | null;
  last_entry: Message | null;
  groups: GroupInfo[];
}

/** `GET /api/streams`: an object keyed by topic, plus `dead_letter`. */
export interface StreamsAnswer {
  [topic: string]: StreamSummary | DeadLetterSummary;
  dead_letter: DeadLetterSummary;
}

export interface DeadLetterSummary {
  stream: string;
  length: number;
}

/** `GET /api/stream/{stream}`; `stream` is a topic name. */
export interface StreamDetail extends StreamSummary {
  lanes: LaneInfo[];
  /** Newest first, at most 10 (`?limit=` up to 500). */
  recent_messages: Message[];
}

/** `GET /api/pending/{stream}/{group}` */
export interface PendingAnswer {
  stream: string;
  group: string;
  pending_count: number;
  pending_messages: { id: string; consumer: string; idle_time: number; delivery_count: number; source: string }[];
  retrying_count: number;
  retrying_messages: WaitingRetry[];
}

/** `GET /api/metrics` */
export interface MetricsAnswer extends RedisMetrics {
  messaging: MessagingMinute;
}

/** Bytes, counts and percent as in the earlier dashboards. */
export interface RedisMetrics {
  memory: { used_memory: number; used_memory_human: string; used_memory_peak: number; used_memory_peak_human: string; maxmemory: number };
  connections: { connected_clients: number; total_connections_received: number; total_commands_processed: number };
  performance: {
    instantaneous_ops_per_sec: number;
    keyspace_hits: number;
    keyspace_misses: number;
    /** Percent, 0 when nothing was asked. */ hit_ratio: number;
  };
  persistence: { aof_enabled: boolean; aof_delayed_fsync: number; rdb_last_save_time: number; last_write_ok: boolean };
  uptime_seconds: number;
  redis_version: string;
  /** `redis` or `valkey`. */
  server: string;
}

/** `GET /api/v1/topics` */
export interface TopicsAnswer {
  items: {
    topic: string;
    stream: string;
    length: number;
    entries_added: number;
    groups: number;
    lag: number;
    pending: number;
    retrying: number;
  }[];
}

/** `GET /api/v1/groups?topic=` */
export interface GroupsAnswer {
  items: GroupInfo[];
}

/** Body of `POST /api/v1/groups`; 201 when it is new. `from`: `beginning` (default), `now`, an entry id, unix milliseconds or an ISO date. */
export interface GroupCreateRequest {
  topic: string;
  group: string;
  from?: string;
}

export interface GroupAnswer {
  topic: string;
  group: string;
  created: boolean;
}

/** Body of `POST /api/v1/groups/{topic}/{group}/seek`; same positions. `…/reset` takes none, `…/release` answers 204. */
export interface GroupSeekRequest {
  to: string;
}

/** Answer of `seek` and `reset`. */
export interface SeekAnswer {
  /** Deliveries that were under way and will not be acknowledged any more. */
  released: number;
  /** Waiting retries that were given up; their entries are read again if they lie behind the new position. */
  dropped: number;
}

/** `DELETE /api/v1/groups/{topic}/{group}` */
export interface GroupRemoveAnswer {
  removed: boolean;
}

/** `GET` and `PATCH /api/v1/topics/{topic}/settings` */
export interface TopicSettingsAnswer {
  topic: string;
  lanes: boolean;
  wire: "compact" | "full";
}

/** Body of that `PATCH`; what it leaves out stays. */
export interface TopicSettingsRequest {
  lanes?: boolean;
  wire?: "compact" | "full";
}

/** `GET /api/v1/messages?topic=&from=&to=&limit=&cursor=`, newest first. */
export interface MessagesAnswer {
  items: Message[];
  next: string | null;
}

/** `POST /api/v1/messages` body `{ topic, type, data?, priority?, user_id?, correlation_id?, max_retries? }` */
export interface PublishRequest {
  topic: string;
  type: string;
  data?: unknown;
  priority?: "low" | "normal" | "high" | "critical";
  user_id?: string;
  correlation_id?: string;
  max_retries?: number;
}

export interface PublishAnswer {
  status: "stored" | "replicated";
  message_id: string;
  entry_id: string;
  stream: string;
}

/** `GET /api/v1/session`: who is asking. `POST /api/v1/session/login {code}` sets the cookie, `DELETE /api/v1/session` ends it. */
export interface SessionAnswer {
  subject: string;
  /** `token` or `session`. */
  kind: "token" | "session";
  namespace: string;
  version: string;
  /** What it may do; `*` is everything. */
  scopes: readonly Scope[];
}

/** RFC 9457 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Stable, e.g. `UNKNOWN_TOPIC`. */
  code: string;
  hint?: string;
  /** Last lines of the build or the container, where one failed. */
  log_tail?: readonly string[];
  request_id: string;
}

/** Sent on `/ws` (and `/api/v1/live`) at once and then every second while something changed, at least every REFRESH_INTERVAL. */
export interface LiveUpdate {
  type: "update";
  at: number;
  streams: Record<string, StreamSummary>;
  dead_letter: DeadLetterSummary;
  metrics: RedisMetrics;
  components: ComponentStatus[];
  /** Messages per second over the last sample, per topic: stored, and answered (acked + dead-lettered) over its groups. */
  rates: Record<string, { published: number; consumed: number }>;
}

/** Client → server on `/api/v1/live`: follow one topic's messages. */
export type LiveRequest =
  | { type: "subscribe"; topic: string }
  | { type: "unsubscribe"; topic: string }
  | { type: "subscribe"; feed: "logs"; query?: LogQuery }
  | { type: "unsubscribe"; feed: "logs" };

/** Server → client after a subscribe: the newest messages, oldest first; `skipped` counts what was left out to keep up. */
export interface LiveMessages {
  type: "messages";
  topic: string;
  items: Message[];
  skipped: number;
}

/** Server → client: the last request could not be served. */
export interface LiveProblem {
  type: "problem";
  code: string;
  detail: string;
}

export type LiveFrame = LiveUpdate | LiveMessages | LiveLogs | LiveAlerts | LiveProblem;
