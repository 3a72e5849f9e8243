/** Which of two routes is asked first: priority, exact, longer prefix, regex, more conditions, id. Total, so a table never depends on insertion. */
import { prefixOf } from "./match.ts";
import type { RouteEntry } from "./question.ts";
import type { RouteData } from "./spec.ts";

export function inOrder(routes: readonly RouteEntry[]): RouteEntry[] {
  return routes
    .map((entry) => ({ entry, weight: weight(entry.data) }))
    .sort((one, other) => other.weight - one.weight || (one.entry.name < other.entry.name ? -1 : 1))
    .map(({ entry }) => entry);
}

/** How much more than its path a route wants. */
export function conditions({ methods, headers, query, clients }: RouteData): number {
  return (methods === null ? 0 : 1) + Object.keys(headers).length + Object.keys(query).length + (clients.length === 0 ? 0 : 1);
}

// Private

/** One number, exact below 2^53: priority · kind and length · conditions. */
function weight(data: RouteData): number {
  return (data.priority * 16_384 + form(data)) * 1024 + Math.min(conditions(data), 1023);
}

function form({ exact, is_regex: isRegex, path_pattern: pattern }: RouteData): number {
  if (isRegex) return 0;
  return exact ? 16_383 : Math.min(prefixOf(pattern).length, 16_382);
}
