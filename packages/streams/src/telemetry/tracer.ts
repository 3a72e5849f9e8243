/**
 * Makes spans, keeps the running one, and decides which are stored: those of sampled traces as they end, those of others only when
 * something in them failed or took long, which is known when the first span here has ended. Until then they are held, bounded.
 */
import type { Clock } from "../clock.ts";
import { currentContext, flow, type FlowContext } from "./context.ts";
import { HeldSpans } from "./held-spans.ts";
import { HeadSampler } from "./sampling.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import { LiveSpan, LocalTrace, type SpanKeeper } from "./span.ts";
import { SilentSpan } from "./silent-span.ts";
import type { Attributes, EndedSpan, Span, SpanOptions, TelemetryStats } from "./telemetry.ts";
import { newSpanId, newTraceId, parseTraceparent, type TraceParent } from "./traceparent.ts";

export interface TracerDeps {
  readonly clock: Clock;
  readonly settings: ResolvedTelemetry;
  readonly service: string;
  readonly output: SpanOutput;
}

export type SpanStats = Pick<TelemetryStats, "spansWritten" | "spansDropped" | "spansExported" | "exportDropped">;

/** Where spans go that are kept. */
export interface SpanOutput {
  ended(span: LiveSpan): void;
  /** The first span of a trace in this process, which still runs. */
  running(span: LiveSpan): void;
  /** Wanted, but there was no room to hold them until that was known. */
  missed(spans: number): void;
  flush(): Promise<void>;
  stats(): SpanStats;
  /** Drains for at most `limit` ms. */
  stop(limit: number): Promise<void>;
}

/** First spans that are watched; those above are stored when they end, but not shown while they run. */
const WATCHED = 10_000;

export class Tracer implements SpanKeeper {
  readonly #deps: TracerDeps;
  readonly #sampler: HeadSampler;
  /** Where a trace is under way, by the start of its first span here. */
  readonly #live = new Set<LiveSpan>();
  readonly #held = new HeldSpans();
  #look: (() => void) | undefined;
  #offset = Number.NaN;
  #stopped = false;

  constructor(deps: TracerDeps) {
    this.#deps = deps;
    this.#sampler = new HeadSampler(deps.settings.traces, deps.clock);
  }

  get enabled(): boolean {
    return this.#deps.settings.enabled;
  }

  now(): number {
    return this.#deps.clock.now();
  }

  startSpan(name: string, options: SpanOptions = {}): Span {
    const context = currentContext();
    const given = parseTraceparent(options.parent);
    if (!this.enabled) return new SilentSpan(given === null ? context?.traceparent : options.parent);
    const span = options.id !== undefined ? this.#named(options.id, given, name, options) : this.#placed(given, name, options, context);
    if (options.attributes !== undefined) span.set(options.attributes);
    return span;
  }

  /** Whether it is kept is known by now, so of what is not nothing is made. */
  record(ended: EndedSpan): void {
    if (!this.enabled) return;
    const parent = parseTraceparent(ended.parent);
    const sampled = parent?.sampled ?? this.#sampler.keep();
    const isSlow = ended.ended - ended.begun >= this.#deps.settings.traces.slow;
    if (sampled || isSlow || ended.error !== null) this.#store(ended, parent?.spanId ?? null, sampled);
  }

  runInSpan<T>(span: Span, work: () => T): T {
    return flow.run(inSpan(span), work);
  }

  async trace<T>(name: string, attributes: Attributes, work: (span: Span) => T | Promise<T>): Promise<T> {
    const span = this.startSpan(name, { attributes });
    try {
      return await flow.run(inSpan(span), work, span);
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }

  ended(span: LiveSpan): void {
    const { local } = span;
    this.#live.delete(span);
    if (local.kept === null) this.#hold(span);
    else if (local.kept || span.status === "error") this.#deps.output.ended(span);
  }

  announce(span: LiveSpan): void {
    if (this.#stopped) return;
    if (span.local.kept !== true) this.#decide(span.local, true);
    for (const one of [span.local.head ?? span, span]) {
      if (one.endedAt !== null) continue;
      this.#live.add(one);
      this.#run(one);
    }
  }

  stats(): SpanStats {
    return this.#deps.output.stats();
  }

  flush(): Promise<void> {
    return this.#deps.output.flush();
  }

  /** Nobody can end them any more. */
  async stop(limit: number): Promise<void> {
    this.#stopped = true;
    this.#look?.();
    for (const span of this.#live) span.interrupt();
    await this.#deps.output.stop(limit);
  }

  // Private: making spans

  #named(id: { readonly traceId: string }, given: TraceParent | null, name: string, options: SpanOptions): LiveSpan {
    const sampled = given?.sampled ?? this.#sampler.keep();
    return this.#begin(name, options, { traceId: id.traceId, sampled, ...(given === null ? {} : { spanId: given.spanId }) });
  }

  #placed(given: TraceParent | null, name: string, options: SpanOptions, context: FlowContext | undefined): LiveSpan {
    return given === null ? this.#inFlow(name, options, context) : this.#under(given, name, options, context);
  }

  #inFlow(name: string, options: SpanOptions, context: FlowContext | undefined): LiveSpan {
    const running = context?.span;
    if (running instanceof LiveSpan && running.local.keeper === this) return this.#make(name, options, running, running.local);
    const parent = parseTraceparent(context?.traceparent);
    return parent === null
      ? this.#begin(name, options, { traceId: newTraceId(), sampled: this.#sampler.keep() })
      : this.#begin(name, options, parent);
  }

  /** A parent named by its header is most often elsewhere, but need not be. */
  #under(parent: TraceParent, name: string, options: SpanOptions, context: FlowContext | undefined): LiveSpan {
    const here = context?.span?.spanId === parent.spanId && context.span.traceId === parent.traceId;
    return here ? this.#inFlow(name, options, context) : this.#begin(name, options, parent);
  }

  #begin(name: string, options: SpanOptions, parent: { traceId: string; spanId?: string; sampled: boolean }): LiveSpan {
    const span = this.#make(name, options, parent, new LocalTrace(parent.sampled, this));
    if (this.#stopped) return span;
    if (this.#live.size < WATCHED) this.#live.add(span);
    this.#look ??= this.#deps.clock.after(this.#deps.settings.window, this.#onLook);
    return span;
  }

  #make(name: string, options: SpanOptions, parent: { traceId: string; spanId?: string }, local: LocalTrace): LiveSpan {
    const { kind = "internal", component = this.#deps.service, startedAt } = options;
    const now = this.now();
    const wall = this.#wall(now);
    return new LiveSpan({
      traceId: parent.traceId,
      spanId: options.id?.spanId ?? newSpanId(),
      parentId: parent.spanId ?? null,
      name,
      kind,
      component,
      startedAt: startedAt ?? wall,
      begun: startedAt === undefined ? now : now - (wall - startedAt),
      local,
    });
  }

  #store(
    { name, kind = "internal", component = this.#deps.service, id, begun, ended, error, details }: EndedSpan,
    parentId: string | null,
    sampled: boolean,
  ): void {
    const local = new LocalTrace(sampled, this);
    local.kept = true;
    const now = this.now();
    const offset = this.#wall(now) - now;
    const { traceId, spanId } = id;
    const span = new LiveSpan({ traceId, spanId, parentId, name, kind, component, startedAt: offset + begun, begun, local });
    const { attributes, phases } = details();
    span.set(attributes);
    if (error !== null) span.fail(error);
    for (const { name, begun, ended } of phases) {
      const startedAt = offset + begun;
      const phase = { traceId, spanId: newSpanId(), parentId: spanId, name, kind: "internal", component, startedAt, begun, local } as const;
      new LiveSpan(phase).end(ended);
    }
    span.end(ended);
  }

  /** Unix milliseconds with fractions: spans of one process never seem to begin before what caused them. */
  #wall(now: number): number {
    const wall = this.#deps.clock.wall();
    if (!(Math.abs(now + this.#offset - wall) < CLOCK_DRIFT)) this.#offset = wall - now;
    return now + this.#offset;
  }

  // Private: keeping them

  #hold(span: LiveSpan): void {
    const { local } = span;
    this.#held.add(span);
    if (local.head === span) this.#decide(local, local.wanted || this.#isSlow(span, span.endedAt as number));
  }

  #decide(local: LocalTrace, kept: boolean): void {
    local.kept = kept;
    const held = this.#held.release(local);
    if (!kept) return;
    for (const span of held) this.#deps.output.ended(span);
    if (local.missed > 0) this.#deps.output.missed(local.missed);
  }

  #isSlow(span: LiveSpan, at: number): boolean {
    return at - span.startedAt >= this.#deps.settings.traces.slow;
  }

  #run(span: LiveSpan): void {
    if (span.announced) return;
    span.announced = true;
    this.#deps.output.running(span);
  }

  /** What runs for longer than a window is shown as running; it would be lost altogether if this process died. */
  readonly #onLook = (): void => {
    this.#look = undefined;
    const now = this.now();
    for (const span of this.#live) {
      const { local } = span;
      if (now - span.begun < this.#deps.settings.window) break;
      if (local.kept === null && this.#isSlow(span, span.at(now))) this.#decide(local, true);
      if (local.kept === true) this.#run(span);
    }
    if (this.#live.size > 0) this.#look = this.#deps.clock.after(this.#deps.settings.window, this.#onLook);
  };
}

/** The flow with this span as the running one. */
function inSpan(span: Span): FlowContext {
  const context = currentContext();
  if (span instanceof SilentSpan && span.traceparent === "") return context ?? {};
  return { ...context, traceparent: span.traceparent, span };
}

// Private

/** Milliseconds the wall clock may differ from ours before it is believed to have been set. */
const CLOCK_DRIFT = 5;
