/** The span of a program whose telemetry is off: it keeps nothing, and only hands on the trace it was given. */
import type { Attributes, Span } from "./telemetry.ts";
import { childTraceparent, parseTraceparent, type TraceParent } from "./traceparent.ts";

export class SilentSpan implements Span {
  /** Empty outside of any trace. */
  readonly traceparent: string;
  readonly #ids: TraceParent | null;

  constructor(parent: string | undefined) {
    this.traceparent = parseTraceparent(parent) === null ? "" : childTraceparent(parent);
    this.#ids = parseTraceparent(this.traceparent);
  }

  get traceId(): string {
    return this.#ids?.traceId ?? "0".repeat(32);
  }

  get spanId(): string {
    return this.#ids?.spanId ?? "0".repeat(16);
  }

  rename(_name: string): void {}
  set(_attributes: Attributes): void {}
  event(_name: string, _attributes?: Attributes): void {}
  announce(): void {}
  fail(_error: unknown): void {}
  end(_at?: number): void {}
}
