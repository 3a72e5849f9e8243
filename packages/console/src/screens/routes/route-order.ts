/** Routes in the order the edge asks them: by priority, then exact paths, longer prefixes, more conditions, and the name last. Pure. */
import type { ProxyRouteAnswer } from "tidegate/contract";

export function inOrder(routes: readonly ProxyRouteAnswer[]): ProxyRouteAnswer[] {
  return routes.toSorted(
    (a, b) => b.priority - a.priority || form(b) - form(a) || conditions(b) - conditions(a) || (a.route_id < b.route_id ? -1 : 1),
  );
}

/** What a route wants besides its path, in words. */
export function demandsOf(route: ProxyRouteAnswer): string[] {
  return [
    ...(route.methods === null ? [] : [route.methods.join(" or ")]),
    ...told(route.headers, "header"),
    ...told(route.query, "query"),
    ...(route.clients.length === 0 ? [] : [`clients ${route.clients.join(", ")}`]),
  ];
}

// Private

function form({ exact, is_regex: isRegex, path_pattern: pattern }: ProxyRouteAnswer): number {
  if (isRegex) return 0;
  return exact ? 16_383 : pattern.length;
}

function conditions({ methods, headers, query, clients }: ProxyRouteAnswer): number {
  return Number(methods !== null) + Object.keys(headers).length + Object.keys(query).length + Number(clients.length > 0);
}

function told(wanted: Readonly<Record<string, string | null>>, kind: string): string[] {
  return Object.entries(wanted).map(([name, value]) => (value === null ? `${kind} ${name}` : `${kind} ${name}=${value}`));
}
