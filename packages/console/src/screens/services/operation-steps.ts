/** The spans of an operation that are steps of it, in the order they began. Pure. */
import type { SpanRecord } from "tidegate/contract";

/** A step names its service; looking around is done again and again and says nothing. */
export function stepsOf(spans: readonly SpanRecord[], service: string): SpanRecord[] {
  const steps = spans.filter((span) => span.attributes["service"] === service && span.name !== "look");
  const inner = new Set(steps.map((span) => span.spanId));
  const wholes = new Set(steps.map((span) => span.parentId).filter((id) => id !== null && inner.has(id)));
  return steps.filter((span) => !wholes.has(span.spanId)).toSorted((a, b) => a.startedAt - b.startedAt);
}
