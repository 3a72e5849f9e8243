/** Where a route leads, as an upstream; of one `data` object always the same object, so that what hangs on it lives on over swaps of the table. */
import type { RouteEntry, TargetEntry } from "./question.ts";
import type { RouteData, Upstream } from "./spec.ts";

/** Of a redirect, or of a route to a host name nobody has (any more): no endpoint at all. */
const NOWHERE: Upstream = { kind: "url", urls: [] };

export function destination(route: RouteEntry, targetOf: (host: string) => TargetEntry | null): Upstream {
  const { target_type: type, target_value: value } = route.data;
  if (type === "redirect") return NOWHERE;
  const source = type === "hostname" ? (targetOf(value)?.data.upstream ?? NOWHERE) : null;
  const known = kept.get(route.data);
  if (known !== undefined && known.source === source) return known.upstream;
  const upstream = source === null ? fixed(route.data) : { ...source };
  kept.set(route.data, { source, upstream });
  return upstream;
}

/** `service` or `service:port`. */
function serviceUpstream(text: string): Upstream {
  const [service = "", port = null] = text.split(":");
  return { kind: "service", service, port };
}

// Private

const kept = new WeakMap<RouteData, { readonly source: Upstream | null; readonly upstream: Upstream }>();

function fixed({ target_type: type, target_value: value }: RouteData): Upstream {
  if (type === "service") return serviceUpstream(value);
  return { kind: "url", urls: [type === "port" ? `http://127.0.0.1:${value}` : value] };
}
