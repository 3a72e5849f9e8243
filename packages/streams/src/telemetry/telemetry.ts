/**
 * What logging, tracing and events take and answer, as an application developer sees them on `tide`.
 * Types and the table of levels only; the classes that keep these promises stand beside this file and are wired in `open.ts`.
 */
import type { EventData, EventEntry, EventType } from "./events.ts";

/** Lowest first. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "critical"] as const;
export type Level = (typeof LEVELS)[number];

export type Fields = Readonly<Record<string, unknown>>;
/** A function is called only when the entry is written: what is costly to compute costs nothing while its level is off. */
export type LazyFields = Fields | (() => Fields);

/**
 * One component's logger. A call never blocks, never throws and never waits for Redis: it fills a bounded buffer; what does not fit is
 * dropped and counted (`tide.telemetry()`), and the count is logged once there is room again.
 * Trace and span ids are those of the code that calls; secrets are redacted before anything is stored or printed.
 */
export interface Logger {
  readonly component: string;
  /** Whether an entry of this level would be written, by what the level is set to now. */
  enabled(level: Level): boolean;
  trace(message: string, fields?: LazyFields): void;
  debug(message: string, fields?: LazyFields): void;
  info(message: string, fields?: LazyFields): void;
  warn(message: string, fields?: LazyFields): void;
  /** An error in place of the fields, or as their `error`, is stored with its name, code, message, stack and causes. */
  error(message: string, fields?: LazyFields | Error): void;
  critical(message: string, fields?: LazyFields | Error): void;
  /** A request has begun (`http_request`); only worth an entry where requests may never end. */
  request(record: RequestRecord): void;
  /** A request has ended (`http_response`): the access record that log queries, metrics and alerts count. Never sampled. */
  response(record: ResponseRecord): void;
  /** Who did what, and whether it was allowed. Never sampled, whatever the level. */
  audit(record: AuditRecord): void;
  /** The same component; these fields are in every entry. */
  child(fields: Fields): Logger;
}

export interface RequestRecord {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** Without `?`; values of secret names are redacted. */
  readonly query?: string | undefined;
  /** The host name that was asked for. */
  readonly host?: string | undefined;
  readonly ip?: string | undefined;
  /** Whoever the request was authenticated as. */
  readonly user?: string | undefined;
  /** The program that asks: an API token's or OAuth client's name. */
  readonly client?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly referer?: string | undefined;
  readonly bytesIn?: number | undefined;
  readonly fields?: Fields | undefined;
  /** Whose trace it belongs to. Default: the calling code's. */
  readonly span?: SpanIds | undefined;
}

export interface ResponseRecord extends RequestRecord {
  readonly status: number;
  /** Milliseconds. */
  readonly duration: number;
  /** It took its time by design: the record says `waited_ms` instead of `duration_ms`, so that no percentile and no alert counts it. */
  readonly waits?: boolean | undefined;
  readonly bytesOut?: number | undefined;
  /** The pattern that matched, e.g. `/orders/{id}`. */
  readonly route?: string | undefined;
  readonly error?: Error | undefined;
}

export interface AuditRecord {
  readonly actor: string;
  /** A verb in the past: `replayed`, `deleted`, `signed_in`. */
  readonly action: string;
  /** What it was done to, e.g. `dead_letters/orders`. */
  readonly resource: string;
  readonly result: "done" | "denied" | "failed";
  readonly fields?: Fields;
  /** Whose trace it belongs to. Default: the calling code's. */
  readonly span?: SpanIds | undefined;
}

/** What may be changed while programs run; kept in Redis, in force everywhere within seconds. */
export interface LogSettings {
  /** Least level of components without one of their own. Null: each program's own (`LOG_LEVEL`, then `info`). */
  readonly level: Level | null;
  /** Least level by component. */
  readonly levels: Readonly<Record<string, Level>>;
  /** Share of the entries that are written, from 0 to 1, by `<component>` or `<component>:<level>`. Never applies to warn and above. */
  readonly samples: Readonly<Record<string, number>>;
  /** Entries a second and process that are written, by `<component>` or `<component>:<level>`; what is above is counted and said once a second. */
  readonly limits: Readonly<Record<string, number>>;
}

export interface LogControl {
  settings(): Promise<LogSettings>;
  /** Null removes a component's own. Throws INVALID_CONFIG. */
  set(change: {
    readonly level?: Level | null;
    readonly levels?: Readonly<Record<string, Level | null>>;
    readonly samples?: Readonly<Record<string, number | null>>;
    readonly limits?: Readonly<Record<string, number | null>>;
  }): Promise<LogSettings>;
}

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";
export type SpanStatus = "ok" | "error" | "interrupted";
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SpanIds {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

/** One timed piece of work within a trace. */
export interface Span extends SpanIds {
  /** To hand on by hand: https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent: string;
  /** For a name that is known only when the work is done, such as the route of a request. */
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Something that happened at a moment within it. */
  event(name: string, attributes?: Attributes): void;
  /**
   * Stores it as running now instead of when it ends, so that it is known, as interrupted, if this process dies; its trace is kept. For work that
   * another process would go on with. The first span of a trace in a process is stored with it, and by itself once it has run for a window.
   */
  announce(): void;
  /** Marks it as failed; the trace is kept whatever the sampling says. */
  fail(error: unknown): void;
  /** Later calls change nothing. `tide.trace` calls it itself. `at`: a moment of the monotonic clock (`performance.now()`) that has passed. */
  end(at?: number): void;
}

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** A `traceparent` from outside. Default: the calling code's span, else a new trace. A malformed one is as good as none. */
  readonly parent?: string;
  /** Default: the connection's `service`. */
  readonly component?: string;
  /** Unix milliseconds. Default now. */
  readonly startedAt?: number;
  /** Of a span that was named to others before it is told here. Default: new ones; `parent` counts as well, and must be of the same trace. */
  readonly id?: SpanIds;
}

/** Work that has ended, with what it waited for. Moments are of the monotonic clock (`performance.now()`). */
export interface EndedSpan extends Omit<SpanOptions, "startedAt" | "attributes"> {
  readonly name: string;
  /** What it was named to others; `parent`, where it has one, is of the same trace. */
  readonly id: SpanIds;
  readonly begun: number;
  readonly ended: number;
  /** Why it failed. */
  readonly error: Error | null;
  /** Called only if it is kept. `phases` become spans below it. */
  readonly details: () => { readonly attributes: Attributes; readonly phases: readonly SpanPhase[] };
}

export interface SpanPhase {
  readonly name: string;
  readonly begun: number;
  readonly ended: number;
}

/** A stored span. */
export interface SpanRecord {
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  readonly component: string;
  readonly service: string;
  /** Unix milliseconds, with fractions. */
  readonly startedAt: number;
  /** Null while it runs. */
  readonly endedAt: number | null;
  /** Null while it runs; `interrupted`: its process vanished. */
  readonly status: SpanStatus | null;
  readonly error: string | null;
  readonly attributes: Readonly<Record<string, string | number | boolean | null>>;
  readonly events: readonly { readonly at: number; readonly name: string; readonly attributes?: Attributes }[];
}

export interface TraceSummary {
  readonly traceId: string;
  /** Name of the first span, e.g. `GET /orders`. */
  readonly operation: string;
  readonly component: string;
  readonly startedAt: number;
  /** Milliseconds from the first start to the last end so far. */
  readonly duration: number;
  readonly status: SpanStatus | "running";
  readonly spans: number;
  readonly components: readonly string[];
}

export interface Trace extends TraceSummary {
  /** By start. */
  readonly records: readonly SpanRecord[];
  /** Spans that did not fit any more. */
  readonly dropped: number;
}

export interface TraceQuery {
  /** Unix milliseconds, of the trace's start. Default: everything kept. */
  readonly from?: number;
  readonly to?: number;
  /** Any span's. */
  readonly component?: string;
  /** Any span's name. */
  readonly operation?: string;
  /** Milliseconds. */
  readonly minDuration?: number;
  readonly maxDuration?: number;
  readonly status?: SpanStatus | "running";
  /** Any span's; all must match. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** At most 500. Default 50. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface TracePage {
  /** Newest first. */
  readonly items: readonly TraceSummary[];
  readonly next: string | null;
}

export interface Traces {
  get(traceId: string): Promise<Trace | null>;
  list(query?: TraceQuery): Promise<TracePage>;
}

export interface TelemetryStats {
  /** Entries waiting. */
  readonly buffered: number;
  readonly written: number;
  /** For want of room, by stream; exact. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Left out on purpose: sampling and rate limits. */
  readonly suppressed: number;
  readonly spansWritten: number;
  readonly spansDropped: number;
  /** Taken by the OpenTelemetry collector. */
  readonly spansExported: number;
  /** Refused by it, or there was no room to wait for it. */
  readonly exportDropped: number;
}

/** The telemetry side of a connection. */
export interface Telemetry {
  logger(component: string, fields?: Fields): Logger;
  /** Levels, sampling and rate limits of all programs. */
  readonly logs: LogControl;
  /** Publishes an event of the catalogue that has happened, to `events:<kind>:stream` and `events:all:stream`. Never blocks, as logging. `span`: as in `RequestRecord`. */
  event<T extends EventType>(type: T, data: EventData<T>, options?: { readonly component?: string; readonly span?: SpanIds }): void;
  /** The same event for a script of your own, which writes it in the same step as what it tells of. Carries the trace it is made in. */
  eventEntry<T extends EventType>(type: T, data: EventData<T>, options?: { readonly component?: string }): EventEntry;
  /** Runs `work` as a span: of the running trace, or of a new one. What it logs, publishes and calls belongs to it; what it throws fails it. */
  trace<T>(name: string, work: (span: Span) => T | Promise<T>): Promise<T>;
  trace<T>(name: string, attributes: Attributes, work: (span: Span) => T | Promise<T>): Promise<T>;
  /** A span to be ended by hand; run code under it with `runInSpan`. */
  startSpan(name: string, options?: SpanOptions): Span;
  /** A span that has ended, told as a whole: one that is not kept costs next to nothing. */
  recordSpan(ended: EndedSpan): void;
  runInSpan<T>(span: Span, work: () => T): T;
  /** The one the calling code runs in: to hand its `traceparent` on to another thread or process, or to announce it. */
  runningSpan(): Span | undefined;
  /** Goes on there: what `work` starts belongs to the trace that was handed on. Undefined or malformed: as without. */
  runInTrace<T>(traceparent: string | undefined, work: () => T): T;
  readonly traces: Traces;
  telemetry(): TelemetryStats;
  /** Resolves when all entries and spans so far are stored, or were dropped. */
  flush(): Promise<void>;
}
