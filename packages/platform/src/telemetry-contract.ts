/**
 * Logs, traces and metrics in REST, WebSocket and CLI, as types. All times are unix milliseconds unless a name says otherwise.
 * Part of `contract.ts`.
 */
import type {
  HistoryAct,
  HistoryEntry,
  HistoryState,
  Level,
  LogSettings,
  MessageHistory,
  SpanRecord,
  TelemetryRecord,
  Trace,
  TraceSummary,
} from "@tidegate/streams";

export type {
  HistoryAct,
  HistoryEntry,
  HistoryState,
  Level,
  LogSettings,
  MessageHistory,
  SpanRecord,
  TelemetryRecord,
  Trace,
  TraceSummary,
};

/* Logs */

/**
 * Query of `GET /api/v1/logs/search`; the earlier paths are shorthands: `/logs/ip/{ip}`, `/logs/client/{client}`, `/logs/host/{host}`,
 * `/logs/errors` (`level=error`, or `warn` with `include_warnings`, and answers from 500, or 400), `/logs/events` (events only).
 * All given ones must match.
 */
export interface LogQuery {
  /** Look back so far; 1 to 168. Default 24 (errors: 1). `from` and `to` win. */
  hours?: number;
  from?: number;
  to?: number;
  ip?: string;
  host?: string;
  /** The earlier name of `host`. */
  hostname?: string;
  client?: string;
  user?: string;
  /** Exactly, or a class: `404`, `5xx`. */
  status?: string;
  status_min?: number;
  status_max?: number;
  method?: string;
  /** Exactly, or everything under it with a final `*`: `/orders/*`. */
  path?: string;
  /** Least level. */
  level?: Level;
  component?: string;
  trace?: string;
  /** An event type, or its beginning. */
  event?: string;
  /** A word or sentence anywhere in the entry, without regard to case. Not indexed: it looks through what the others leave. */
  q?: string;
  /** At most 1,000. Default 100. */
  limit?: number;
  /** Where the page before ended; stays valid whatever comes in or goes. */
  cursor?: string;
}

/** One entry; `at`, `level`, … as in the library. */
export type LogEntry = TelemetryRecord;

export interface LogsAnswer {
  /** Newest first. */
  logs: LogEntry[];
  /** Matches counted over the whole range where the index knows, else null. */
  total: number | null;
  /** Null: nothing more. */
  next: string | null;
  /** Entries looked at for this page. */
  scanned: number;
  /** False: the page ended because enough was looked at, not because enough was found; ask on with `next`. */
  complete: boolean;
  query_params: LogQuery;
}

/** `GET /api/v1/logs/histogram`, same query. */
export interface LogHistogramAnswer {
  from: number;
  to: number;
  /** Milliseconds of one bucket. */
  step: number;
  buckets: { at: number; counts: Partial<Record<Level | "event", number>> }[];
  complete: boolean;
}

/** `GET /api/v1/logs/stats?hours=` */
export interface LogStatsAnswer {
  hours: number;
  total: number;
  requests: number;
  /** Percent of requests with status 500 and above; and 400 to 499. */
  error_rate: number;
  client_error_rate: number;
  unique_visitors: number;
  bytes_in: number;
  bytes_out: number;
  /** Milliseconds; null without requests. */
  response_time: { avg: number | null; p50: number | null; p95: number | null; p99: number | null };
  top_paths: { path: string; requests: number; errors: number; p95: number | null }[];
  status_codes: Record<string, number>;
  hosts: { host: string; requests: number; error_rate: number; unique_visitors: number }[];
  levels: Partial<Record<Level, number>>;
  components: { component: string; entries: number; errors: number }[];
}

/** `GET` and `PATCH /api/v1/logs/settings`: levels, sampling, limits; of the `PATCH` null removes one. */
export type LogSettingsAnswer = LogSettings;
export interface LogSettingsRequest {
  level?: Level | null;
  levels?: Record<string, Level | null>;
  samples?: Record<string, number | null>;
  limits?: Record<string, number | null>;
}

/* Traces */

/** `GET /api/v1/traces?from=&to=&component=&operation=&min_duration=&max_duration=&status=&attribute=name:value&limit=&cursor=` */
export interface TracesAnswer {
  items: TraceSummary[];
  next: string | null;
}

/** `GET /api/v1/traces/{id}`: spans, and the log entries that carry the id (at most 500). */
export interface TraceAnswer extends Trace {
  logs: LogEntry[];
}

/* Messages */

/** `GET /api/v1/messages/{id}/history?topic=` */
export type MessageHistoryAnswer = MessageHistory;

/** `GET /api/v1/why/{id}`: a message or trace, explained in sentences. */
export interface WhyAnswer {
  id: string;
  kind: "message" | "trace";
  /** One line: what it came to. */
  verdict: string;
  /** In order of time. */
  steps: { at: number; text: string; level: "info" | "warn" | "error"; trace?: string; message?: string }[];
  /** Commands worth running next. */
  next: string[];
}

/* Metrics */

/**
 * What can be asked of `GET /api/v1/metrics/series` and watched by an alert rule. `per`: what its subjects are – hosts, topics, `<topic>/<group>`
 * or components; `""` is everything together (also of the `host` ones, as subject `*`).
 */
export const METRICS = {
  http_request_rate: { per: "host", unit: "1/s", what: "Requests a second." },
  http_error_rate: { per: "host", unit: "%", what: "Share of answers with status 500 and above." },
  http_client_error_rate: { per: "host", unit: "%", what: "Share of answers with status 400 to 499." },
  http_p50: { per: "host", unit: "ms", what: "Median response time." },
  http_p95: { per: "host", unit: "ms", what: "95th percentile of response times." },
  http_p99: { per: "host", unit: "ms", what: "99th percentile of response times." },
  http_avg: { per: "host", unit: "ms", what: "Mean response time." },
  http_max: { per: "host", unit: "ms", what: "Longest response time, by the histogram's bucket." },
  http_bytes_in: { per: "host", unit: "B/s", what: "Bytes received a second." },
  http_bytes_out: { per: "host", unit: "B/s", what: "Bytes sent a second." },
  http_visitors: { per: "host", unit: "", what: "Different addresses; at steps of an hour exact to 1 %, below an hour those of its hour." },
  log_errors: { per: "component", unit: "1/s", what: "Entries of level error and above a second." },
  events: { per: "event", unit: "1/s", what: "Events of one type a second." },
  topic_published: { per: "topic", unit: "1/s", what: "Messages published a second." },
  group_acked: { per: "group", unit: "1/s", what: "Messages acknowledged a second." },
  group_retried: { per: "group", unit: "1/s", what: "Failed attempts that wait for another, a second." },
  group_dead_lettered: { per: "group", unit: "1/s", what: "Dead letters a second." },
  group_lag: { per: "group", unit: "messages", what: "Messages not yet delivered." },
  group_lag_seconds: { per: "group", unit: "s", what: "Age of the oldest message not yet delivered." },
  group_pending: { per: "group", unit: "messages", what: "Delivered and not yet answered." },
  group_silence: { per: "group", unit: "s", what: "Since a consumer's last sign of life while messages wait; 0 while none do." },
  redis_memory: { per: "", unit: "%", what: "Memory used, of `maxmemory` or else of the machine's." },
  redis_memory_bytes: { per: "", unit: "B", what: "Memory used." },
  redis_evicting: { per: "", unit: "", what: "1 while `maxmemory-policy` lets Redis delete messages." },
  redis_aof_delayed: { per: "", unit: "1/s", what: "Writes a second that waited for the disk (`aof_delayed_fsync`)." },
  redis_clients: { per: "", unit: "", what: "Connections." },
  redis_ops: { per: "", unit: "1/s", what: "Commands a second." },
  telemetry_lost: { per: "", unit: "1/s", what: "Log entries and events dropped a second before a processor saw them." },
} as const satisfies Readonly<Record<string, { per: "" | "host" | "topic" | "group" | "component" | "event"; unit: string; what: string }>>;
export type MetricName = keyof typeof METRICS;

/** Seconds of one point; kept for 10 minutes, 2 hours, 2 days, 90 days. */
export const STEPS = [1, 10, 60, 3600] as const;
export type Step = (typeof STEPS)[number];

/** `GET /api/v1/metrics/series?metric=&subject=&from=&to=&step=` */
export interface MetricSeriesAnswer {
  metric: MetricName;
  step: Step;
  /** One per subject; `values[i]` is at `from + i × step`, null where nothing is known. */
  series: { subject: string; from: number; values: (number | null)[] }[];
}

/** `GET /api/v1/orchestrator/metrics`: the last five minutes, per host and group. */
export interface OrchestratorMetricsAnswer {
  at: number;
  http: {
    host: string;
    request_rate: number;
    error_rate: number;
    p50: number | null;
    p95: number | null;
    p99: number | null;
    requests: number;
    unique_visitors: number;
  }[];
  groups: { topic: string; group: string; acked: number; retried: number; dead_lettered: number; lag: number; lag_seconds: number }[];
  processors: ProcessorStatus[];
}

/** Messaging in the last minute, in `GET /api/metrics`: counts over it, and how things stood at its end. */
export interface MessagingMinute {
  seconds: number;
  topics: Record<
    string,
    {
      published: number;
      groups: Record<string, { acked: number; retried: number; dead_lettered: number; lag: number; lag_seconds: number; pending: number }>;
    }
  >;
}

/** A processor of ours on one stream of logs or events. */
export interface ProcessorStatus {
  group: string;
  stream: string;
  /** Instance that holds the lease; null: nobody. */
  holder: string | null;
  /** Entries not yet processed. */
  lag: number;
  /** Age in seconds of the oldest of them. */
  lag_seconds: number;
  processed: number;
  /** Trimmed before they were processed. */
  lost: number;
}

/* Orchestrator */

/** `GET /api/v1/orchestrator/history?component=&limit=`: changes of state, newest first. */
export interface ComponentHistoryAnswer {
  items: { at: number; component: string; from: string; to: string; detail: string | null; instance: string }[];
}

/** Who did what. */
export interface AuditEntry {
  id: string;
  at: number;
  actor: string;
  /** A verb in the past: `replayed`. */
  action: string;
  resource: string;
  result: "done" | "denied" | "failed";
  component: string;
  trace: string | null;
  fields: Record<string, unknown>;
}

/** `GET /api/v1/audit?actor=&action=&resource=&result=&limit=&cursor=`, newest first. */
export interface AuditAnswer {
  items: AuditEntry[];
  next: string | null;
}

/** Live: `{ type: "subscribe", feed: "logs", query }` and `{ type: "unsubscribe", feed: "logs" }`. */
export interface LiveLogs {
  type: "logs";
  items: LogEntry[];
  skipped: number;
}
