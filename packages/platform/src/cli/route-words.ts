/** Routes in rows and words. */
import type { ListedRouteAnswer, ProxyRouteAnswer, ProxyRouteDoneAnswer } from "../contract.ts";
import { ago, facts, line, paint, printable, type Column } from "./output.ts";
import { accessWords, afterChange } from "./proxy-words.ts";

export const ROUTE_COLUMNS: readonly Column<ProxyRouteAnswer>[] = [
  { title: "ROUTE", value: ({ route_id }) => route_id },
  { title: "PATH", value: pathWords },
  { title: "TO", value: destinationWords },
  { title: "PRIORITY", value: ({ priority }) => priority, right: true },
  { title: "METHODS", value: ({ methods }) => methods?.join(" ") ?? "all" },
  { title: "HOSTS", value: hostWords },
  { title: "STATE", value: ({ enabled }) => (enabled ? "on" : "off") },
];

/** A line for each route that does not do what somebody wanted. */
export function inTheWay(routes: readonly ListedRouteAnswer[]): string[] {
  return routes.flatMap(({ route_id: id, conflicts }) => {
    const first = conflicts.find(({ kind }) => kind !== "shadows");
    return first === undefined ? [] : [`${id} ${first.why}`];
  });
}

export function routePage(route: ProxyRouteAnswer): void {
  const { route_id: id, enabled } = route;
  line(`${paint(enabled ? "green" : "yellow", "●")} ${paint("bold", printable(id))} – ${enabled ? "on" : "off"}`);
  facts([
    ["path", pathWords(route)],
    ["to", destinationWords(route)],
    ["hosts", hostWords(route)],
    ["priority", route.priority],
    ["methods", route.methods?.join(" ") ?? "all"],
    ...matchers(route),
    ...rewrites(route),
    ["access", accessFact(route)],
    ...(route.description === "" ? [] : [["description", route.description] as const]),
    ["owner", route.owner],
    ["changed", `${new Date(route.updated_at).toISOString()} (${ago(route.updated_at)}), version ${route.version}`],
  ]);
}

export function routeDone(route: ProxyRouteDoneAnswer, words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
  facts([
    ["path", pathWords(route)],
    ["to", destinationWords(route)],
    ["hosts", hostWords(route)],
    ["next", `tidegate route explain https://${route.proxy_hostnames[0] ?? "<host>"}${exampleOf(route)}`],
  ]);
  afterChange(route);
}

// Private

function pathWords({ path_pattern: pattern, is_regex: isRegex, exact }: ProxyRouteAnswer): string {
  return isRegex ? `regex ${pattern}` : exact ? `${pattern} alone` : pattern;
}

function destinationWords({ target_type: type, target_value: value, status }: ProxyRouteAnswer): string {
  if (type === "redirect") return `${status} to ${value}`;
  return type === "url" ? value : `${type === "hostname" ? "host" : type} ${value}`;
}

function hostWords({ scope, proxy_hostnames: hosts }: ProxyRouteAnswer): string {
  return scope === "global" ? "all" : hosts.join(" ");
}

function matchers({ headers, query, clients }: ProxyRouteAnswer): (readonly [string, string])[] {
  const named = (title: string, pairs: Readonly<Record<string, string | null>>, mark: string): (readonly [string, string])[] =>
    Object.entries(pairs).map(([name, value]) => [title, value === null ? `${name} is there` : `${name}${mark}${value}`]);
  return [
    ...named("header", headers, ": "),
    ...named("query", query, "="),
    ...(clients.length === 0 ? [] : [["clients", clients.join(" ")] as const]),
  ];
}

function rewrites({ strip_prefix: strip, rewrite, add_prefix: add }: ProxyRouteAnswer): (readonly [string, string])[] {
  return [
    ...(strip === null ? [] : [["without", strip] as const]),
    ...(rewrite === null ? [] : [["rewritten", `${rewrite.pattern} → ${rewrite.replacement}`] as const]),
    ...(add === null ? [] : [["with", add] as const]),
  ];
}

function accessFact({ access, override_access: overrides }: ProxyRouteAnswer): string {
  if (access === null) return "as the host's";
  return `${accessWords(access)}${overrides ? ", instead of the host's" : ", beside the host's"}`;
}

function exampleOf({ path_pattern: pattern, is_regex: isRegex }: ProxyRouteAnswer): string {
  return isRegex ? "/<path>" : pattern;
}
