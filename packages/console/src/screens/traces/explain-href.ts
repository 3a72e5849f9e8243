/** Where the way of a request through hosts and routes is explained; null where a trace did not begin at the edge. Pure. */
import type { SpanRecord } from "tidegate/contract";
import { queryOf } from "../../api.ts";

export function explainHref(records: readonly SpanRecord[]): string | null {
  const span = records.find(({ component, attributes }) => component === "edge" && typeof attributes["server.address"] === "string");
  if (span === undefined) return null;
  const text = (name: string): string => String(span.attributes[name] ?? "");
  const method = text("http.request.method");
  const url = `${text("url.scheme") || "https"}://${text("server.address")}${text("url.path")}`;
  return `/explain${queryOf({ url, method: method === "GET" ? null : method, client: text("client.address") })}`;
}
