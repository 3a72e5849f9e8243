/**
 * The flow a piece of code belongs to: which message caused it and which trace it is part of.
 * It travels through awaits by itself, so what a handler publishes carries the ids without being told.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Span } from "./telemetry.ts";

export interface FlowContext {
  readonly correlationId?: string;
  readonly causationId?: string;
  /** https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent?: string;
  readonly userId?: string;
  /** The running span; its `traceparent` is the one above. */
  readonly span?: Span;
  /** What the OpenTelemetry bridge carries along. */
  readonly carried?: unknown;
}

/** Where the flow of the message being handled is; handlers are entered through its `run`. */
export const flow: AsyncLocalStorage<FlowContext> = new AsyncLocalStorage();

export function currentContext(): FlowContext | undefined {
  return flow.getStore();
}

/** Runs `work` so that everything it publishes belongs to `context`. */
export function runInContext<T, A extends unknown[]>(context: FlowContext, work: (...args: A) => T, ...args: A): T {
  return flow.run(context, work, ...args);
}
