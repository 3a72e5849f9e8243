/** The logger's shapes beside plain text: requests, responses and audit entries as level, message and fields. Names are those of `HttpFields`. */
import type { AuditRecord, Fields, Level, RequestRecord, ResponseRecord } from "./telemetry.ts";

export interface Shape {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

export function requestShape(record: RequestRecord): Shape {
  const { method } = record;
  const { path, query } = target(record);
  const fields = withOwn(record, {
    method,
    path,
    query,
    host: record.host,
    ip: record.ip,
    user: record.user,
    client: record.client,
    user_agent: record.userAgent,
    referer: record.referer,
    bytes_in: record.bytesIn,
  });
  return { level: "info", message: `${method} ${path}`, fields };
}

export function responseShape(record: ResponseRecord): Shape {
  const { method, status } = record;
  const { path, query } = target(record);
  const duration = Math.round(record.duration * 1_000) / 1_000;
  return {
    level: status >= 500 ? "error" : status >= 400 ? "warn" : "info",
    message: `${method} ${path} ${status} in ${Math.round(duration)} ms`,
    fields: withOwn(record, {
      method,
      path,
      query,
      host: record.host,
      ip: record.ip,
      user: record.user,
      client: record.client,
      user_agent: record.userAgent,
      referer: record.referer,
      bytes_in: record.bytesIn,
      route: record.route,
      status,
      duration_ms: duration,
      bytes_out: record.bytesOut,
      error: record.error ?? record.fields?.["error"],
    }),
  };
}

export function auditShape({ actor, action, resource, result, fields }: AuditRecord): Shape {
  const message = `${actor} ${action} ${resource}${result === "done" ? "" : `: ${result}`}`;
  return { level: result === "done" ? "info" : "warn", message, fields: { ...fields, actor, action, resource, result } };
}

// Private

/** The record's own names win over the caller's. */
function withOwn({ fields }: RequestRecord, own: Fields): Fields {
  return fields === undefined ? own : { ...fields, ...own };
}

/** A query that came with the path stands where it belongs. */
function target({ path, query }: RequestRecord): { path: string; query: string | undefined } {
  const mark = path.indexOf("?");
  return mark === -1 ? { path, query } : { path: path.slice(0, mark), query: query ?? path.slice(mark + 1) };
}
