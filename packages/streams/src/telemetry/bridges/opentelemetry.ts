/**
 * OpenTelemetry's API on our traces: what instrumentations of other libraries measure becomes spans of `tide`, in the same flow, and our
 * own running span is the active one to them. The only place that needs the package `@opentelemetry/api`.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import { TidegateError } from "../../errors.ts";
import { FlowContextManager } from "./otel-context.ts";
import { TraceParentPropagator } from "./otel-propagator.ts";
import { BridgeProvider, type SpanSource } from "./otel-tracer.ts";

/**
 * Register it before instrumented libraries are used. The answer takes it back. Throws INVALID_CONFIG when another SDK is registered.
 *
 * ```ts
 * const unregister = registerOpenTelemetry(tide);
 * ```
 */
export function registerOpenTelemetry(tide: SpanSource): () => void {
  const provider = new BridgeProvider(tide);
  const undo: (() => void)[] = [];
  const register = (done: boolean, disable: () => void): void => {
    if (done) return void undo.push(disable);
    for (const act of undo) act();
    throw new TidegateError("INVALID_CONFIG", "Another OpenTelemetry SDK is registered in this process.", {
      hint: "Register only one: leave out its start, or export our spans to its collector with the option telemetry.otlp.",
    });
  };
  register(trace.setGlobalTracerProvider(provider), () => trace.disable());
  register(context.setGlobalContextManager(new FlowContextManager()), () => context.disable());
  register(propagation.setGlobalPropagator(new TraceParentPropagator()), () => propagation.disable());
  return () => {
    provider.close();
    for (const act of undo.splice(0)) act();
  };
}
