/**
 * A log entry or event as it stands in Redis, and back. Fields (all text): `level` or `event_type`, `component`, `trace_id` where there is
 * one, `timestamp` (unix milliseconds of the call, not of the write), and `data`: JSON of the rest. In `data` of a log: `log_type`,
 * `message`, `service`, `span_id`, then what the caller gave; of an HTTP record the names of `HttpFields`. In `data` of an event: its fields, and
 * `source`, the program that tells it.
 */
import type { EventType } from "./events.ts";
import type { Level } from "./telemetry.ts";

/** `log` for the plain levels; the others are the logger's shapes of the same names. */
export type LogType = "log" | "http_request" | "http_response" | "audit";

/** Names in `data` of `http_request` and `http_response`: `duration_ms` with fractions (`waited_ms` where it takes its time by design), `status` and bytes as numbers, all else text. */
export interface HttpFields {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly host?: string;
  readonly ip?: string;
  readonly user?: string;
  readonly client?: string;
  readonly user_agent?: string;
  readonly referer?: string;
  readonly route?: string;
  readonly status?: number;
  readonly duration_ms?: number;
  readonly bytes_in?: number;
  readonly bytes_out?: number;
}

/** One entry of `logs:*` or `events:*`, read. */
export interface TelemetryRecord {
  /** Its id in the stream it was read from; the copies in `all` and in the specific stream differ. */
  readonly id: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** Null for an event. */
  readonly level: Level | null;
  /** Null for a log. */
  readonly eventType: EventType | (string & {}) | null;
  readonly logType: LogType | null;
  readonly component: string;
  readonly service: string;
  readonly traceId: string | null;
  readonly spanId: string | null;
  readonly message: string;
  /** Everything in `data` beside what has a place above. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What other programs wrote is read as far as it can be: never throws. */
export function readRecord(id: string, entry: Readonly<Record<string, string>>): TelemetryRecord {
  const { log_type: logType, message, span_id: spanId, ...rest } = parse(entry["data"]);
  const eventType = entry["event_type"] ?? null;
  // In an event `service` is what it is about, so the program that tells it has another name.
  const { [eventType === null ? "service" : "source"]: service, ...fields } = rest;
  return {
    id,
    at: Number(entry["timestamp"]) || Number.parseInt(id, 10),
    level: eventType === null ? ((entry["level"]?.toLowerCase() ?? "info") as Level) : null,
    eventType,
    logType: eventType === null ? ((text(logType) ?? "log") as LogType) : null,
    component: entry["component"] ?? "",
    service: text(service) ?? "",
    traceId: entry["trace_id"] === undefined || entry["trace_id"] === "" ? null : entry["trace_id"],
    spanId: text(spanId) ?? null,
    message: text(message) ?? eventType ?? "",
    fields,
  };
}

// Private

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function parse(data: string | undefined): Record<string, unknown> {
  if (data === undefined) return {};
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : { data: value };
  } catch {
    return { data };
  }
}
