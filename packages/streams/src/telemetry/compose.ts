/** The telemetry side of a connection, wired: everything that logs, traces and tells events shares one lazily opened link. */
import type { Clock } from "../clock.ts";
import { TelemetryKeys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Notice } from "../tide.ts";
import { currentContext, runInContext } from "./context.ts";
import { EventWriter } from "./event-writer.ts";
import type { EventData, EventEntry, EventType } from "./events.ts";
import { StoredLogControl } from "./log-control.ts";
import { Logging } from "./logging.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import { Sink } from "./sink.ts";
import type {
  Attributes,
  EndedSpan,
  Fields,
  LogControl,
  Logger,
  Span,
  SpanIds,
  SpanOptions,
  Telemetry,
  TelemetryStats,
  Traces,
} from "./telemetry.ts";
import type { Tracer } from "./tracer.ts";
import { parseTraceparent } from "./traceparent.ts";
import { composeTracing } from "./tracing.ts";

export interface TelemetryDeps {
  readonly settings: ResolvedTelemetry;
  readonly service: string;
  readonly session: string;
  readonly clock: Clock;
  readonly scripts: Scripts;
  /** For queries and control. */
  readonly link: Link;
  /** For writing; made at the first entry. */
  readonly openLink: (name: string) => Link;
  readonly notice: (notice: Notice) => void;
}

export class TelemetrySide implements Telemetry {
  readonly logs: LogControl;
  readonly traces: Traces;
  readonly tracer: Tracer;
  readonly #sink: Sink;
  readonly #logging: Logging;
  readonly #control: StoredLogControl;
  readonly #events: EventWriter;
  #link: Link | undefined;

  constructor(deps: TelemetryDeps) {
    const keys = new TelemetryKeys(deps.settings.prefix);
    const open = (): Link => (this.#link ??= deps.openLink("telemetry"));
    const { settings, service, session, clock, scripts, link, notice } = deps;
    this.#sink = new Sink({ open, scripts, clock, keys, settings, service, session, notice });
    this.#events = new EventWriter({ sink: this.#sink, clock, keys, settings, service });
    this.#logging = new Logging({ sink: this.#sink, settings, service, clock, follow: () => this.#control.follow() });
    this.#control = new StoredLogControl({ link, scripts, keys, clock, notice, apply: (changed) => this.#logging.apply(changed) });
    this.logs = this.#control;
    const tracing = composeTracing({ open, scripts, clock, keys, settings, service, session, link, notice });
    this.tracer = tracing.tracer;
    this.traces = tracing.traces;
  }

  logger(component: string, fields: Fields = {}): Logger {
    return this.#logging.logger(component, fields);
  }

  event<T extends EventType>(type: T, data: EventData<T>, options: { readonly component?: string; readonly span?: SpanIds } = {}): void {
    this.#events.write(type, data, options.component, options.span);
  }

  eventEntry<T extends EventType>(type: T, data: EventData<T>, options: { readonly component?: string } = {}): EventEntry {
    return this.#events.entry(type, data, options.component);
  }

  trace<T>(name: string, first: Attributes | ((span: Span) => T | Promise<T>), second?: (span: Span) => T | Promise<T>): Promise<T> {
    return typeof first === "function" ? this.tracer.trace(name, {}, first) : this.tracer.trace(name, first, second as never);
  }

  startSpan(name: string, options: SpanOptions = {}): Span {
    return this.tracer.startSpan(name, options);
  }

  recordSpan(ended: EndedSpan): void {
    this.tracer.record(ended);
  }

  runInSpan<T>(span: Span, work: () => T): T {
    return this.tracer.runInSpan(span, work);
  }

  runningSpan(): Span | undefined {
    return currentContext()?.span;
  }

  runInTrace<T>(traceparent: string | undefined, work: () => T): T {
    return traceparent === undefined || parseTraceparent(traceparent) === null ? work() : runInContext({ traceparent }, work);
  }

  telemetry(): TelemetryStats {
    return { ...this.#sink.stats(), suppressed: this.#logging.suppressed, ...this.tracer.stats() };
  }

  async flush(): Promise<void> {
    await Promise.all([this.#sink.flush(), this.tracer.flush()]);
  }

  /** Last of all: what the others said while they stopped is stored too. */
  async stop(limit: number): Promise<void> {
    await this.#control.stop();
    this.#logging.stop();
    await Promise.all([this.#sink.stop(limit), this.tracer.stop(limit)]);
    this.#link?.close();
  }
}
