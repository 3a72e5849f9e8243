/**
 * A span as it stands in a trace's hash, and back. `status` and `end` come first: by the beginning of the text the scripts see whether
 * a span still runs, and close it there when its process has vanished.
 */
import { REDACTED, type Redactor } from "./redact.ts";
import type { LiveSpan, SpanEvent } from "./span.ts";
import type { Attributes, SpanRecord } from "./telemetry.ts";

export type SpanState = "open" | "ok" | "error" | "interrupted";

export interface EncodedSpan {
  readonly spanId: string;
  readonly state: SpanState;
  readonly start: string;
  readonly end: string;
  readonly json: string;
}

/** With the end and status it has now; what looks like a secret is left out. */
export function encodeSpan(span: LiveSpan, service: string, redactor: Redactor): EncodedSpan {
  const { spanId, parentId, name, kind, component, endedAt } = span;
  const status = endedAt === null ? null : (span.status ?? "ok");
  const [start, end] = [rounded(span.startedAt), endedAt === null ? null : rounded(endedAt)];
  const { error, attributes, events } = details(span, redactor);
  const json = JSON.stringify({ status, end, start, name, kind, component, service, parentId, error, attributes, events });
  return { spanId, state: status ?? "open", start: String(start), end: String(end ?? start), json };
}

/** What a span may hold of what users gave, without secrets. */
export function details(span: LiveSpan, redactor: Redactor): Pick<SpanRecord, "error" | "attributes" | "events"> {
  const events = span.events.length === 0 ? NO_EVENTS : span.events.map((event) => eventOf(event, redactor));
  return { error: span.error === null ? null : redactor.text(span.error), attributes: redacted(span.attributes, redactor), events };
}

/** Null for what nobody can read. */
export function decodeSpan(spanId: string, json: string): SpanRecord | null {
  let span: StoredSpan;
  try {
    span = JSON.parse(json) as StoredSpan;
  } catch {
    return null;
  }
  const { status, end, start, name, kind, component, service, parentId, error, attributes, events } = span;
  const more = { attributes: attributes ?? {}, events: events ?? [] };
  return {
    spanId,
    parentId: parentId ?? null,
    name,
    kind,
    component,
    service,
    startedAt: start,
    endedAt: end,
    status,
    error: error ?? null,
    ...more,
  };
}

// Private

const NO_EVENTS: readonly SpanEvent[] = [];

interface StoredSpan extends Pick<SpanRecord, "status" | "name" | "kind" | "component" | "service"> {
  readonly start: number;
  readonly end: number | null;
  readonly parentId?: string | null;
  readonly error?: string | null;
  readonly attributes?: SpanRecord["attributes"];
  readonly events?: SpanRecord["events"];
}

function eventOf({ at, name, attributes }: SpanEvent, redactor: Redactor): SpanEvent {
  return { at: rounded(at), name, ...(attributes === undefined ? {} : { attributes: redacted(attributes, redactor) }) };
}

function redacted(attributes: Attributes, redactor: Redactor): SpanRecord["attributes"] {
  const safe: Record<string, string | number | boolean | null> = {};
  for (const name in attributes) {
    const value = attributes[name] ?? null;
    if (typeof value !== "string") safe[name] = value;
    else safe[name] = redactor.secrecy(name) === "open" ? redactor.text(value) : REDACTED;
  }
  return safe;
}

/** Microseconds: what is finer is noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
