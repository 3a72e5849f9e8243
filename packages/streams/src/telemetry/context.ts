/**
 * The flow a piece of code belongs to: which message caused it and which trace it is part of.
 * It travels through awaits by itself, so what a handler publishes carries the ids without being told.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

export interface FlowContext {
  readonly correlationId?: string;
  readonly causationId?: string;
  /** https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent?: string;
  readonly userId?: string;
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

/** A new span of the same trace, or a new trace. */
export function childTraceparent(parent: string | undefined): string {
  const match = parent === undefined ? null : /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(parent);
  const trace = match?.[1] ?? randomBytes(16).toString("hex");
  return `00-${trace}-${randomBytes(8).toString("hex")}-${match?.[2] ?? "01"}`;
}
