/** The tracing part of a connection, wired: from the tracer through the windows to Redis and a collector, and back by queries. */
import type { Clock } from "../clock.ts";
import type { TelemetryKeys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Notice } from "../tide.ts";
import { Interrupted, processName } from "./interrupted.ts";
import { SpanExporter } from "./otlp.ts";
import { Redactor } from "./redact.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import { Output } from "./span-output.ts";
import { SpanWriter } from "./span-writer.ts";
import { TraceStore } from "./trace-store.ts";
import { Tracer } from "./tracer.ts";

export interface TracingDeps {
  readonly settings: ResolvedTelemetry;
  readonly service: string;
  readonly session: string;
  readonly clock: Clock;
  readonly scripts: Scripts;
  readonly keys: TelemetryKeys;
  /** For queries and signs of life. */
  readonly link: Link;
  /** For writing; made at the first span. */
  readonly open: () => Link;
  readonly notice: (notice: Notice) => void;
}

export function composeTracing(deps: TracingDeps): { tracer: Tracer; traces: TraceStore } {
  const { settings, session } = deps;
  const { beat, ttl } = settings.traces;
  const shared = { ...deps, process: processName(session, beat), redactor: new Redactor(settings.redact) };
  const interrupted = new Interrupted({ ...shared, beat, ttl });
  const { otlp } = settings;
  const exporter = otlp === null ? null : new SpanExporter({ ...shared, collector: otlp });
  const output = new Output({ writer: new SpanWriter(shared), exporter, interrupted });
  return { tracer: new Tracer({ ...deps, output }), traces: new TraceStore({ ...deps, interrupted }) };
}
