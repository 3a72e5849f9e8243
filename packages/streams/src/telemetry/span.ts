/**
 * A span that runs in this process, and the part of a trace it belongs to here.
 * States of a span: running → ended; what is called after its end changes nothing.
 */
import { asError } from "../errors.ts";
import type { Attributes, Span, SpanKind, SpanStatus } from "./telemetry.ts";
import { formatTraceparent } from "./traceparent.ts";

/** What a trace does in this process, from its first span here on. */
export class LocalTrace {
  /** Decided where the trace began; travels in the W3C flag. */
  readonly sampled: boolean;
  /** Whose span it is. */
  readonly keeper: SpanKeeper;
  /** The first span here. */
  head: LiveSpan | null = null;
  /** Null until it is known whether its spans are written. */
  kept: boolean | null;
  /** Something failed in it, or is about to be tried again. */
  wanted = false;
  /** Ended, and not known to be wanted. */
  held: LiveSpan[] = [];
  /** Those that were not held for want of room. */
  missed = 0;

  constructor(sampled: boolean, keeper: SpanKeeper) {
    this.sampled = sampled;
    this.keeper = keeper;
    this.kept = sampled ? true : null;
  }
}

export interface SpanKeeper {
  /** Milliseconds on the monotonic clock. */
  now(): number;
  ended(span: LiveSpan): void;
  /** Writes it as still running. */
  announce(span: LiveSpan): void;
}

export interface SpanStart {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  readonly component: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** The same moment on the monotonic clock. */
  readonly begun: number;
  readonly local: LocalTrace;
}

export interface SpanEvent {
  /** Unix milliseconds. */
  readonly at: number;
  readonly name: string;
  readonly attributes?: Attributes;
}

export class LiveSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly kind: SpanKind;
  readonly component: string;
  readonly startedAt: number;
  readonly local: LocalTrace;
  /** By which `end` measures: the wall clock may be set meanwhile. */
  readonly begun: number;
  readonly attributes: Record<string, string | number | boolean | null> = {};
  readonly events: SpanEvent[] = [];
  name: string;
  endedAt: number | null = null;
  status: SpanStatus | null = null;
  error: string | null = null;
  /** It was written as still running. */
  announced = false;
  #set = 0;
  #traceparent: string | undefined;

  constructor(start: SpanStart) {
    this.traceId = start.traceId;
    this.spanId = start.spanId;
    this.parentId = start.parentId;
    this.name = cut(start.name, LONGEST_NAME);
    this.kind = start.kind;
    this.component = start.component;
    this.startedAt = start.startedAt;
    this.local = start.local;
    this.begun = start.begun;
    this.local.head ??= this;
  }

  get traceparent(): string {
    return (this.#traceparent ??= formatTraceparent({ traceId: this.traceId, spanId: this.spanId, sampled: this.local.sampled }));
  }

  rename(name: string): void {
    if (this.endedAt === null) this.name = cut(name, LONGEST_NAME);
  }

  set(attributes: Attributes): void {
    if (this.endedAt !== null) return;
    for (const name in attributes) {
      const value = attributes[name];
      if (value === undefined) continue;
      if (!Object.hasOwn(this.attributes, name) && ++this.#set > MOST_ATTRIBUTES) continue;
      this.attributes[name] = plain(value);
    }
  }

  event(name: string, attributes?: Attributes, moment?: number): void {
    if (this.endedAt !== null || this.events.length >= MOST_EVENTS) return;
    const at = moment ?? this.at(this.local.keeper.now());
    this.events.push({ at, name: cut(name, LONGEST_NAME), ...(attributes === undefined ? {} : { attributes: bounded(attributes) }) });
  }

  announce(): void {
    if (this.endedAt === null) this.local.keeper.announce(this);
  }

  fail(error: unknown): void {
    if (this.endedAt !== null) return;
    const { name, message, stack, code } = asError(error) as Error & { readonly code?: unknown };
    const type = typeof code === "string" ? code : name;
    this.conclude("error", type === "Error" ? message : `${type}: ${message}`);
    // Names: https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
    const stackTrace = stack === undefined ? {} : { "exception.stacktrace": cut(stack, LONGEST_ERROR) };
    this.event("exception", { "exception.type": type, "exception.message": message, ...stackTrace });
  }

  /** Before its end; the first error stays. */
  conclude(status: "ok" | "error", error: string = ""): void {
    if (this.endedAt !== null) return;
    this.status = status;
    if (status === "ok") this.error = null;
    else this.error ??= cut(error, LONGEST_ERROR);
    if (status === "error") this.local.wanted = true;
  }

  end(at?: number): void {
    if (this.endedAt !== null) return;
    this.endedAt = this.at(at ?? this.local.keeper.now());
    this.status ??= "ok";
    this.local.keeper.ended(this);
  }

  /** Nobody will end it any more. */
  interrupt(): void {
    if (this.endedAt === null) this.status = "interrupted";
    this.end();
  }

  /** A moment of the monotonic clock as Unix milliseconds. */
  at(now: number): number {
    return this.startedAt + Math.max(0, now - this.begun);
  }
}

// Private

/** What one span may hold: a trace is read as a whole. */
const MOST_ATTRIBUTES = 64;
const MOST_EVENTS = 64;
const LONGEST_NAME = 256;
const LONGEST_VALUE = 1_024;
const LONGEST_ERROR = 2_048;

function bounded(attributes: Attributes): Attributes {
  const kept = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept.slice(0, MOST_ATTRIBUTES).map(([name, value]) => [name, plain(value, LONGEST_ERROR)]));
}

/** Callers in JavaScript may give anything. */
function plain(value: unknown, longest: number = LONGEST_VALUE): string | number | boolean | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean" || value === null || value === undefined) return value ?? null;
  if (typeof value === "string") return cut(value, longest);
  return typeof value === "bigint" ? String(value) : `[${typeof value}]`;
}

function cut(text: string, longest: number): string {
  return (text.length <= longest ? text : `${text.slice(0, longest - 1)}…`).toWellFormed();
}
