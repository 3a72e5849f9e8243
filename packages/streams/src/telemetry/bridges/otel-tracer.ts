/** Makes our spans for whoever asks OpenTelemetry's API for one. */
import {
  context,
  createContextKey,
  INVALID_SPAN_CONTEXT,
  SpanKind as OtelKind,
  trace,
  type Context,
  type Span as OtelSpan,
  type SpanOptions as OtelOptions,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import { flow } from "../context.ts";
import type { Span, SpanKind, SpanOptions } from "../telemetry.ts";
import { flowOf } from "./otel-context.ts";
import { BridgedSpan, millisecondsOf, plainAttributes } from "./otel-span.ts";

/** Only what it needs of a `Tide`. */
export interface SpanSource {
  startSpan(name: string, options?: SpanOptions): Span;
}

export class BridgeProvider implements TracerProvider {
  readonly #tide: SpanSource;
  #closed = false;

  constructor(tide: SpanSource) {
    this.#tide = tide;
  }

  getTracer(scope: string): Tracer {
    return new BridgeTracer(scope, (name, options) => (this.#closed ? null : this.#tide.startSpan(name, options)));
  }

  /** Tracers that libraries have kept make nothing any more. */
  close(): void {
    this.#closed = true;
  }
}

// Private

const KINDS: Readonly<Record<OtelKind, SpanKind>> = {
  [OtelKind.INTERNAL]: "internal",
  [OtelKind.SERVER]: "server",
  [OtelKind.CLIENT]: "client",
  [OtelKind.PRODUCER]: "producer",
  [OtelKind.CONSUMER]: "consumer",
};

/** Of `@opentelemetry/core`: exporters and the like ask not to be traced themselves. */
const SUPPRESSED = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

type Work = (span: OtelSpan) => unknown;

class BridgeTracer implements Tracer {
  readonly #scope: string;
  readonly #start: (name: string, options: SpanOptions) => Span | null;

  constructor(scope: string, start: (name: string, options: SpanOptions) => Span | null) {
    this.#scope = scope;
    this.#start = start;
  }

  startSpan(name: string, options: OtelOptions = {}, within: Context = context.active()): OtelSpan {
    const parent = options.root === true ? trace.deleteSpan(within) : within;
    const suppressed = within.getValue(SUPPRESSED) === true;
    const span = suppressed ? null : flow.run(flowOf(parent), this.#start, name, this.#options(options));
    if (span === null) return trace.wrapSpanContext(trace.getSpanContext(parent) ?? INVALID_SPAN_CONTEXT);
    const bridged = BridgedSpan.of(span);
    return options.links === undefined ? bridged : bridged.addLinks(options.links);
  }

  startActiveSpan<F extends Work>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends Work>(name: string, options: OtelOptions, fn: F): ReturnType<F>;
  startActiveSpan<F extends Work>(name: string, options: OtelOptions, within: Context, fn: F): ReturnType<F>;
  startActiveSpan<F extends Work>(name: string, ...rest: readonly unknown[]): ReturnType<F> {
    const fn = rest.at(-1) as F;
    const [options, within] = rest.slice(0, -1) as [OtelOptions?, Context?];
    const parent = within ?? context.active();
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), fn as (active: OtelSpan) => ReturnType<F>, undefined, span);
  }

  // Private

  #options({ kind, attributes = {}, startTime }: OtelOptions): SpanOptions {
    const all = { ...plainAttributes(attributes), "otel.scope.name": this.#scope };
    const startedAt = startTime === undefined ? {} : { startedAt: millisecondsOf(startTime) };
    return { kind: KINDS[kind ?? OtelKind.INTERNAL], attributes: all, ...startedAt };
  }
}
