/** The logger's shapes beside plain text: requests, responses and audit entries as level, message and fields. Names are those of `HttpFields`. */
import type { AuditRecord, Fields, Level, RequestRecord, ResponseRecord } from "./telemetry.ts";

export interface Shape {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

export function requestShape(record: RequestRecord): Shape {
  const fields = httpFields(record, null);
  return { level: "info", message: `${record.method} ${String(fields["path"])}`, fields };
}

export function responseShape(record: ResponseRecord): Shape {
  const { method, status, duration } = record;
  const fields = httpFields(record, record);
  return {
    level: status >= 500 ? "error" : status >= 400 ? "warn" : "info",
    message: `${method} ${String(fields["path"])} ${status} in ${Math.round(duration)} ms`,
    fields,
  };
}

export function auditShape({ actor, action, resource, result, fields }: AuditRecord): Shape {
  const message = `${actor} ${action} ${resource}${result === "done" ? "" : `: ${result}`}`;
  return { level: result === "done" ? "info" : "warn", message, fields: { ...fields, actor, action, resource, result } };
}

// Private

/** In one piece, because it is made for each request. The record's own names win over the caller's. */
function httpFields(record: RequestRecord, ended: ResponseRecord | null): Fields {
  const mark = record.path.indexOf("?");
  const fields = {
    method: record.method,
    path: mark === -1 ? record.path : record.path.slice(0, mark),
    // A query that came with the path stands where it belongs.
    query: record.query ?? (mark === -1 ? undefined : record.path.slice(mark + 1)),
    host: record.host,
    ip: record.ip,
    user: record.user,
    client: record.client,
    user_agent: record.userAgent,
    referer: record.referer,
    bytes_in: record.bytesIn,
    route: ended?.route,
    status: ended?.status,
    [ended?.waits === true ? "waited_ms" : "duration_ms"]: ended === null ? undefined : Math.round(ended.duration * 1_000) / 1_000,
    bytes_out: ended?.bytesOut,
    error: ended?.error ?? record.fields?.["error"],
  };
  return record.fields === undefined ? fields : { ...record.fields, ...fields };
}
