/**
 * A span as OTLP's JSON writes it: ids in hex, times as texts of nanoseconds, enumerations as numbers.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import type { Redactor } from "./redact.ts";
import type { LiveSpan } from "./span.ts";
import { details } from "./span-record.ts";
import type { Attributes, SpanKind } from "./telemetry.ts";

export function otlpSpan(span: LiveSpan, redactor: Redactor): string {
  const { traceId, spanId, parentId, name, kind, status, component, startedAt } = span;
  const { error, attributes, events } = details(span, redactor);
  return JSON.stringify({
    traceId,
    spanId,
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    flags: span.local.sampled ? 1 : 0,
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(span.endedAt ?? startedAt),
    attributes: keyValues({ ...attributes, "tidegate.component": component }),
    events: events.map((event) => ({
      timeUnixNano: nanoseconds(event.at),
      name: event.name,
      attributes: keyValues(event.attributes ?? {}),
    })),
    // What did not fail is left unset: only an application says that all is well.
    status: status === "ok" ? {} : { code: FAILED, message: error ?? status ?? "" },
  });
}

/** A body of `/v1/traces`. */
export function otlpRequest(resource: Attributes, spans: readonly string[]): string {
  const head = JSON.stringify({ attributes: keyValues(resource) });
  return `{"resourceSpans":[{"resource":${head},"scopeSpans":[{"scope":{"name":"@tidegate/streams"},"spans":[${spans.join(",")}]}]}]}`;
}

// Private

const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const FAILED = 2;

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function keyValues(attributes: Attributes): { key: string; value: object }[] {
  const found: { key: string; value: object }[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "string") found.push({ key, value: { stringValue: value } });
    else if (typeof value === "boolean") found.push({ key, value: { boolValue: value } });
    else if (typeof value === "number")
      found.push({ key, value: Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value } });
  }
  return found;
}
