/**
 * Routes that cannot mean what somebody wanted: two between which only their ids decide, and one that another takes every request from. What regexes
 * and header conditions have in common is not worked out: two of those that overlap are found only where they are written alike.
 */
import { GatewayError } from "../errors.ts";
import { isBelow } from "./path.ts";
import { prefixOf } from "./match.ts";
import type { RouteEntry } from "./question.ts";
import { conditions, inOrder } from "./order.ts";
import type { RouteData } from "./spec.ts";

export interface RouteConflict {
  readonly route: string;
  readonly other: string;
  /** `ambiguous`: only their ids decide. `shadowed`: `other` takes all that `route` could. */
  readonly kind: "ambiguous" | "shadowed";
  readonly why: string;
}

/** Of one route with all others; disabled ones have none. */
export function conflictsOf(route: RouteEntry, all: readonly RouteEntry[]): RouteConflict[] {
  if (!route.data.enabled) return [];
  return all.filter(({ name, data }) => name !== route.name && data.enabled).flatMap((other) => conflictBetween(route, other) ?? []);
}

/** Of two that are enabled. */
export function conflictBetween(route: RouteEntry, other: RouteEntry): RouteConflict | null {
  const named = { route: route.name, other: other.name };
  if (isAlike(route.data, other.data)) {
    return { ...named, kind: "ambiguous", why: `takes the same requests as ${other.name} with the same priority, ${route.data.priority}` };
  }
  if (!takesAll(other.data, route.data) || inOrder([route, other])[0] !== other) return null;
  return {
    ...named,
    kind: "shadowed",
    why: `could never take a request: ${other.name} (priority ${other.data.priority}) is asked first and takes them all`,
  };
}

/** ROUTE_CONFLICT: as it is to be stored it would be ambiguous, or never asked. That it takes requests from others is allowed. */
export function checkConflicts(id: string, data: RouteData, all: readonly RouteEntry[]): void {
  const [first] = conflictsOf({ name: id, data }, all);
  if (first === undefined) return;
  throw new GatewayError("ROUTE_CONFLICT", `The route ${id} ${first.why}.`, {
    hint: first.kind === "ambiguous" ? "Give it another priority, path, method or host." : `Give it a higher priority than ${first.other}.`,
  });
}

// Private

function isAlike(one: RouteData, other: RouteData): boolean {
  return (
    one.priority === other.priority &&
    one.is_regex === other.is_regex &&
    one.exact === other.exact &&
    one.path_pattern === other.path_pattern &&
    conditions(one) === conditions(other) &&
    sameConditions(one, other) &&
    meet(one.methods, other.methods) &&
    (one.scope === "global" || other.scope === "global" || meet(one.proxy_hostnames, other.proxy_hostnames))
  );
}

/** Every request that `lesser` takes. */
function takesAll(greater: RouteData, lesser: RouteData): boolean {
  const free = conditions({ ...greater, methods: null }) === 0;
  return (
    hasAll(greater.methods, lesser.methods) &&
    (free || sameConditions(greater, lesser)) &&
    (greater.scope === "global" || (lesser.scope === "proxy" && hasAll(greater.proxy_hostnames, lesser.proxy_hostnames))) &&
    coversPath(greater, lesser)
  );
}

function coversPath(greater: RouteData, lesser: RouteData): boolean {
  if (greater.is_regex) return lesser.is_regex && greater.path_pattern === lesser.path_pattern;
  const prefix = prefixOf(greater.path_pattern);
  if (greater.exact) return lesser.exact && greater.path_pattern === lesser.path_pattern;
  return lesser.is_regex ? prefix === "/" : isBelow(lesser.path_pattern, prefix);
}

function sameConditions(one: RouteData, other: RouteData): boolean {
  return (
    written(lowered(one.headers)) === written(lowered(other.headers)) &&
    written(Object.entries(one.query)) === written(Object.entries(other.query)) &&
    written(one.clients) === written(other.clients)
  );
}

function lowered(headers: RouteData["headers"]): unknown[] {
  return Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
}

function written(list: readonly unknown[]): string {
  return JSON.stringify(list.map((one) => JSON.stringify(one)).sort());
}

function meet(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return one === null || other === null ? one === other : one.some((each) => other.includes(each));
}

function hasAll(greater: readonly string[] | null, lesser: readonly string[] | null): boolean {
  return greater === null || (lesser !== null && lesser.every((each) => greater.includes(each)));
}
