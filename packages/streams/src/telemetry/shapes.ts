/** The logger's shapes beside plain text: requests, responses and audit entries as level, message and fields. Names are those of `HttpFields`. */
import type { AuditRecord, Fields, Level, RequestRecord, ResponseRecord } from "./telemetry.ts";

export interface Shape {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

export function requestShape(record: RequestRecord): Shape {
  const fields = requestFields(record);
  return { level: "info", message: `${record.method} ${String(fields["path"])}`, fields };
}

export function responseShape(record: ResponseRecord): Shape {
  const fields = requestFields(record);
  const duration = Math.round(record.duration * 1_000) / 1_000;
  return {
    level: record.status >= 500 ? "error" : record.status >= 400 ? "warn" : "info",
    message: `${record.method} ${String(fields["path"])} ${record.status} in ${Math.round(duration)} ms`,
    fields: {
      ...fields,
      route: record.route,
      status: record.status,
      duration_ms: duration,
      bytes_out: record.bytesOut,
      error: record.error ?? record.fields?.["error"],
    },
  };
}

export function auditShape({ actor, action, resource, result, fields }: AuditRecord): Shape {
  const message = `${actor} ${action} ${resource}${result === "done" ? "" : `: ${result}`}`;
  return { level: result === "done" ? "info" : "warn", message, fields: { ...fields, actor, action, resource, result } };
}

// Private

/** The record's own names win over the caller's. A query that came with the path stands where it belongs. */
function requestFields(record: RequestRecord): Fields {
  const mark = record.path.indexOf("?");
  return {
    ...record.fields,
    method: record.method,
    path: mark === -1 ? record.path : record.path.slice(0, mark),
    query: record.query ?? (mark === -1 ? undefined : record.path.slice(mark + 1)),
    host: record.host,
    ip: record.ip,
    user: record.user,
    client: record.client,
    user_agent: record.userAgent,
    referer: record.referer,
    bytes_in: record.bytesIn,
  };
}
