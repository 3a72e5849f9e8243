/** `traceparent` in and out for instrumentations. https://www.w3.org/TR/trace-context/ */
import { trace, type Context, type TextMapGetter, type TextMapPropagator, type TextMapSetter } from "@opentelemetry/api";
import { formatTraceparent, parseTraceparent } from "../traceparent.ts";

const HEADER = "traceparent";

export class TraceParentPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !trace.isSpanContextValid(span)) return;
    setter.set(carrier, HEADER, formatTraceparent({ ...span, sampled: (span.traceFlags & 1) === 1 }));
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, HEADER);
    // Two of them are none: nobody knows which was meant.
    const parent = parseTraceparent(Array.isArray(header) ? (header.length === 1 ? header[0] : null) : header);
    if (parent === null) return context;
    const { traceId, spanId, sampled } = parent;
    return trace.setSpanContext(context, { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote: true });
  }

  fields(): string[] {
    return [HEADER];
  }
}
