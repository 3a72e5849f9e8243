/**
 * OpenTelemetry's contexts within our flow: one AsyncLocalStorage for both, so that neither can lose the other. The flow carries the context
 * that was entered last; the active span is always the flow's.
 */
import type { EventEmitter } from "node:events";
import { ROOT_CONTEXT, trace, type Context, type ContextManager } from "@opentelemetry/api";
import { currentContext, flow, type FlowContext } from "../context.ts";
import { formatTraceparent, parseTraceparent } from "../traceparent.ts";
import { BridgedSpan } from "./otel-span.ts";

export class FlowContextManager implements ContextManager {
  active(): Context {
    const now = currentContext();
    if (now === undefined) return ROOT_CONTEXT;
    const carried = (now.carried as Context | undefined) ?? ROOT_CONTEXT;
    if (now.span !== undefined) {
      const span = BridgedSpan.of(now.span);
      return trace.getSpan(carried) === span ? carried : trace.setSpan(carried, span);
    }
    const parent = parseTraceparent(now.traceparent);
    if (parent === null || trace.getSpanContext(carried)?.spanId === parent.spanId) return carried;
    const { traceId, spanId, sampled } = parent;
    return trace.setSpanContext(carried, { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote: true });
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return flow.run(flowOf(context), () => fn.apply(thisArg, args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target === "function") return this.#bound(context, target as unknown as Listener) as unknown as T;
    if (isEmitter(target)) this.#bindEmitter(context, target);
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }

  // Private

  #bound(context: Context, target: Listener): Listener {
    const run = (self: unknown, args: unknown[]): unknown => this.with(context, () => target.apply(self, args));
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return run(this, args);
    };
    Object.defineProperty(bound, "length", { value: target.length, configurable: true });
    return bound;
  }

  /** Listeners added from now on run in the context. `once` adds through `on`, and removes through `removeListener`. */
  #bindEmitter(context: Context, emitter: EventEmitter): void {
    const bounds = new WeakMap<Listener, Listener>();
    const once = new WeakMap<Listener, Listener>();
    for (const name of ["on", "addListener", "prependListener"] as const) {
      const add = emitter[name].bind(emitter);
      emitter[name] = (event, listener: Listener & { readonly listener?: Listener }) => {
        const bound = bounds.get(listener) ?? this.#bound(context, listener);
        bounds.set(listener, bound);
        if (listener.listener !== undefined) once.set(listener.listener, bound);
        return add(event, bound);
      };
    }
    for (const name of ["off", "removeListener"] as const) {
      const remove = emitter[name].bind(emitter);
      emitter[name] = (event, listener: Listener) => {
        const added = emitter.rawListeners(event);
        const ours = [once.get(listener), bounds.get(listener)].find((one) => one !== undefined && added.includes(one));
        return remove(event, ours ?? listener);
      };
    }
  }
}

/** The flow in which this context is the active one. A context without a span leaves the trace. */
export function flowOf(context: Context): FlowContext {
  const { span: _span, traceparent: _traceparent, ...rest } = currentContext() ?? {};
  const span = trace.getSpan(context);
  if (span instanceof BridgedSpan) {
    const { traceparent } = span.ours;
    return { ...rest, carried: context, span: span.ours, ...(traceparent === "" ? {} : { traceparent }) };
  }
  const parent = span?.spanContext();
  if (parent === undefined || !trace.isSpanContextValid(parent)) return { ...rest, carried: context };
  const traceparent = formatTraceparent({ ...parent, sampled: (parent.traceFlags & 1) === 1 });
  return { ...rest, carried: context, traceparent };
}

// Private

type Listener = (...args: unknown[]) => unknown;

function isEmitter(target: unknown): target is EventEmitter {
  const { on, removeListener } = (target ?? {}) as Partial<EventEmitter>;
  return typeof on === "function" && typeof removeListener === "function";
}
