/** Events of the catalogue, on their way to the sink: never blocks, never throws. What looks like a secret in their texts is redacted. */
import type { Clock } from "../clock.ts";
import type { TelemetryKeys } from "../keys.ts";
import { currentContext } from "./context.ts";
import { kindOf, type EventData, type EventEntry, type EventType } from "./events.ts";
import { Redactor } from "./redact.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import { capOf, SinkEntry, type Sink } from "./sink.ts";
import type { SpanIds } from "./telemetry.ts";
import { parseTraceparent } from "./traceparent.ts";

export interface EventWriterDeps {
  readonly sink: Sink;
  readonly clock: Clock;
  readonly keys: TelemetryKeys;
  readonly settings: ResolvedTelemetry;
  readonly service: string;
}

export class EventWriter {
  readonly #deps: EventWriterDeps;
  readonly #redactor: Redactor;

  constructor(deps: EventWriterDeps) {
    this.#deps = deps;
    this.#redactor = new Redactor(deps.settings.redact);
  }

  /** `span`: whose trace it belongs to; default: the calling code's. */
  write<T extends EventType>(type: T, data: EventData<T>, component?: string, span?: SpanIds): void {
    this.#deps.sink.write(this.#make(type, data, component, span));
  }

  /** Of which the caller's own script takes care. */
  entry<T extends EventType>(type: T, data: EventData<T>, component?: string): EventEntry {
    const { part, component: from, traceId, at, data: text } = this.#make(type, data, component);
    const trace = traceId === "" ? [] : ["trace_id", traceId];
    const { keys, settings } = this.#deps;
    return {
      streams: [keys.stream("events", part), keys.stream("events", "all")],
      most: 2 * capOf(settings.retention, `events:${part}`),
      fields: ["event_type", type, "component", from, ...trace, "timestamp", String(at), "data", text],
    };
  }

  // Private

  #make<T extends EventType>(type: T, data: EventData<T>, component: string = this.#deps.service, span?: SpanIds): SinkEntry {
    const { clock, service } = this.#deps;
    const text = JSON.stringify({ ...data, source: service }, (_, value: unknown) =>
      typeof value === "string" ? this.#redactor.text(value) : value,
    );
    const traceId = span?.traceId ?? parseTraceparent(currentContext()?.traceparent)?.traceId ?? "";
    return new SinkEntry("events", kindOf(type), type, component, traceId, clock.wall(), text);
  }
}
