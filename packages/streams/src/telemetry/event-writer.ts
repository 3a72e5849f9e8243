/** Events of the catalogue, on their way to the sink: never blocks, never throws. What looks like a secret in their texts is redacted. */
import type { Clock } from "../clock.ts";
import { currentContext } from "./context.ts";
import { kindOf, type EventData, type EventType } from "./events.ts";
import { Redactor } from "./redact.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import { SinkEntry, type Sink } from "./sink.ts";
import { parseTraceparent } from "./traceparent.ts";

export interface EventWriterDeps {
  readonly sink: Sink;
  readonly clock: Clock;
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

  write<T extends EventType>(type: T, data: EventData<T>, component: string = this.#deps.service): void {
    const { sink, clock, service } = this.#deps;
    const text = JSON.stringify({ ...data, source: service }, (_, value: unknown) =>
      typeof value === "string" ? this.#redactor.text(value) : value,
    );
    const traceId = parseTraceparent(currentContext()?.traceparent)?.traceId ?? "";
    sink.write(new SinkEntry("events", kindOf(type), type, component, traceId, clock.wall(), text));
  }
}
