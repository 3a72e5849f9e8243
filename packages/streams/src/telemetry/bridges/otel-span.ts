/** A span of ours as OpenTelemetry's API sees it. https://opentelemetry.io/docs/specs/otel/trace/api/#span */
import {
  SpanStatusCode,
  TraceFlags,
  type Attributes as OtelAttributes,
  type Exception,
  type HrTime,
  type Link,
  type Span as OtelSpan,
  type SpanContext,
  type SpanStatus,
  type TimeInput,
} from "@opentelemetry/api";
import { LiveSpan } from "../span.ts";
import type { Attributes, Span } from "../telemetry.ts";
import { parseTraceparent } from "../traceparent.ts";

export class BridgedSpan implements OtelSpan {
  readonly ours: Span;

  private constructor(ours: Span) {
    this.ours = ours;
  }

  /** The same for the same span. */
  static of(ours: Span): BridgedSpan {
    const known = KNOWN.get(ours) ?? new BridgedSpan(ours);
    KNOWN.set(ours, known);
    return known;
  }

  spanContext(): SpanContext {
    const { traceId, spanId, traceparent } = this.ours;
    const sampled = parseTraceparent(traceparent)?.sampled === true;
    return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
  }

  setAttribute(key: string, value: unknown): this {
    this.ours.set(plainAttributes({ [key]: value }));
    return this;
  }

  setAttributes(attributes: OtelAttributes): this {
    this.ours.set(plainAttributes(attributes));
    return this;
  }

  addEvent(name: string, attributesOrTime?: OtelAttributes | TimeInput, time?: TimeInput): this {
    const isTime = typeof attributesOrTime === "number" || attributesOrTime instanceof Date || Array.isArray(attributesOrTime);
    const attributes = isTime || attributesOrTime === undefined ? undefined : plainAttributes(attributesOrTime);
    this.#event(name, attributes, isTime ? attributesOrTime : time);
    return this;
  }

  addLink({ context, attributes = {} }: Link): this {
    this.#event("link", { ...plainAttributes(attributes), trace_id: context.traceId, span_id: context.spanId });
    return this;
  }

  addLinks(links: readonly Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    if (!(this.ours instanceof LiveSpan) || code === SpanStatusCode.UNSET) return this;
    this.ours.conclude(code === SpanStatusCode.ERROR ? "error" : "ok", message ?? "failed");
    return this;
  }

  updateName(name: string): this {
    if (this.ours instanceof LiveSpan) this.ours.rename(name);
    return this;
  }

  end(time?: TimeInput): void {
    if (time === undefined || !(this.ours instanceof LiveSpan)) return this.ours.end();
    this.ours.end(this.ours.begun + (millisecondsOf(time) - this.ours.startedAt));
  }

  isRecording(): boolean {
    return this.ours instanceof LiveSpan && this.ours.endedAt === null;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { message, name, code, stack } = typeof exception === "string" ? { message: exception } : (exception as Partial<ErrorParts>);
    const type = code === undefined ? name : String(code);
    this.#event("exception", { "exception.type": type, "exception.message": message, "exception.stacktrace": stack }, time);
  }

  // Private

  #event(name: string, attributes: Attributes | undefined, time?: TimeInput): void {
    if (this.ours instanceof LiveSpan) this.ours.event(name, attributes, time === undefined ? undefined : millisecondsOf(time));
  }
}

/** Unix milliseconds: of a date, of `[seconds, nanoseconds]`, of Unix milliseconds, or of `performance.now()`. */
export function millisecondsOf(time: TimeInput): number {
  if (time instanceof Date) return time.getTime();
  if (typeof time === "number") return time < LONGEST_UPTIME ? performance.timeOrigin + time : time;
  const [seconds, nanoseconds] = time satisfies HrTime;
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Lists as JSON; spans hold plain values only. */
export function plainAttributes(attributes: Readonly<Record<string, unknown>>): Attributes {
  const plain: Record<string, string | number | boolean | undefined> = {};
  for (const [name, value] of Object.entries(attributes))
    plain[name] = typeof value === "object" && value !== null ? JSON.stringify(value) : (value as string | number | boolean | undefined);
  return plain;
}

// Private

interface ErrorParts {
  readonly message: string;
  readonly name: string;
  readonly code: string | number;
  readonly stack: string;
}

/** Milliseconds: three years, or the year 1973. */
const LONGEST_UPTIME = 1e11;
const KNOWN = new WeakMap<Span, BridgedSpan>();
