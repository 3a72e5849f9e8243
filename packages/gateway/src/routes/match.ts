/**
 * One route, ready to be asked: everything that can be worked out before a request comes. What is expensive is kept with the `data` object, which
 * an unchanged route keeps over swaps of the table.
 */
import { networks, type Networks } from "./cidr.ts";
import { isBelow } from "./path.ts";
import { redirection, type Redirection } from "./redirection.ts";
import { rewriting, type Rewriting } from "./rewriting.ts";
import type { Question, RouteEntry } from "./question.ts";
import type { RouteData } from "./spec.ts";

/** Paths longer than this are no regex's. */
export const REGEX_PATH = 8192;

export interface Matcher {
  readonly entry: RouteEntry;
  readonly regex: RegExp | null;
  readonly clients: Networks | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly query: readonly (readonly [name: string, value: string | null])[];
  readonly rewriting: Rewriting;
  readonly redirection: Redirection | null;
}

/** Names of what a request can fail. */
export type Condition = "path" | "method" | "client" | "header" | "query";

/** Of one `data` object always the same. */
export function matcher(entry: RouteEntry): Matcher {
  const known = kept.get(entry.data);
  if (known !== undefined && known.entry.name === entry.name) return known;
  const made = compile(entry);
  kept.set(entry.data, made);
  return made;
}

/** Beside the path: the order is that of cost. */
export function unmet(found: Matcher, question: Question): Exclude<Condition, "path"> | null {
  const { methods } = found.entry.data;
  if (methods !== null && !methods.includes(question.method)) return "method";
  if (found.clients !== null && !found.clients.contains(question.client)) return "client";
  for (const [name, value] of found.headers) {
    const sent = question.header(name);
    if (sent === null || (value !== null && sent !== value)) return "header";
  }
  return found.query.length === 0 || hasAll(found.query, question.query) ? null : "query";
}

/** The trie does this faster; `explain` and tests do it one by one. */
export function takesPath(found: Matcher, path: string): boolean {
  const { path_pattern: pattern, exact } = found.entry.data;
  if (found.regex !== null) return path.length <= REGEX_PATH && found.regex.test(path);
  return exact ? path === pattern : isBelow(path, prefixOf(pattern));
}

/** `/api/` as a prefix is `/api`. */
export function prefixOf(pattern: string): string {
  return pattern.length > 1 && pattern.endsWith("/") ? pattern.slice(0, -1) : pattern;
}

/** Anchored at the start, whatever was written. */
function routeRegex(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern.startsWith("^") ? pattern.slice(1) : pattern})`);
}

// Private

const kept = new WeakMap<RouteData, Matcher>();

function compile(entry: RouteEntry): Matcher {
  const { data } = entry;
  return {
    entry,
    regex: data.is_regex ? routeRegex(data.path_pattern) : null,
    clients: data.clients.length === 0 ? null : networks(data.clients),
    headers: Object.entries(data.headers).map(([name, value]) => [name.toLowerCase(), value] as const),
    query: Object.entries(data.query),
    rewriting: rewriting(data),
    redirection: data.target_type === "redirect" ? redirection(data) : null,
  };
}

function hasAll(wanted: Matcher["query"], query: string): boolean {
  const sent = new URLSearchParams(query);
  return wanted.every(([name, value]) => (value === null ? sent.has(name) : sent.getAll(name).includes(value)));
}
