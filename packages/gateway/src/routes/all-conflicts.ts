/** Conflicts among many routes. Each is compared only with those whose path and hosts could take its own, so that thousands take milliseconds. Pure. */
import { conflictBetween, type RouteConflict } from "./conflicts.ts";
import { prefixOf } from "./match.ts";
import type { RouteEntry } from "./question.ts";

/** Of each route of `some` with every other of `all`; disabled ones have none. */
export function conflictsAmong(all: readonly RouteEntry[], some: readonly RouteEntry[] = all): RouteConflict[] {
  const shelves = new Shelves(all.filter(({ data }) => data.enabled));
  return some
    .filter(({ data }) => data.enabled)
    .flatMap((route) =>
      [...shelves.near(route)].filter(({ name }) => name !== route.name).flatMap((other) => conflictBetween(route, other) ?? []),
    );
}

/** How a route stands to another one. */
export interface RouteRelation {
  readonly other: string;
  /** `ambiguous`: only their ids decide. `shadowed`: it is never asked because of `other`; `shadows`: the other way round. */
  readonly kind: RouteConflict["kind"] | "shadows";
  readonly why: string;
}

/** By id, only those that have any. */
export function relationsAmong(all: readonly RouteEntry[]): ReadonlyMap<string, readonly RouteRelation[]> {
  const found = new Map<string, RouteRelation[]>();
  const add = (id: string, relation: RouteRelation): void => {
    const known = found.get(id);
    if (known === undefined) found.set(id, [relation]);
    else known.push(relation);
  };
  for (const { route, other, kind, why } of conflictsAmong(all)) {
    add(route, { other, kind, why });
    if (kind === "shadowed") add(other, { other: route, kind: "shadows", why: `takes every request that ${route} could` });
  }
  return found;
}

// Private

const EVERY_HOST = "*";
const ANY_SCOPE = "";

/** Routes by what they must have in common with another one to be in its way. */
class Shelves {
  readonly #shelves = new Map<string, RouteEntry[]>();

  constructor(routes: readonly RouteEntry[]) {
    for (const route of routes) for (const label of labels(route)) this.#shelf(label).push(route);
  }

  near({ data }: RouteEntry): ReadonlySet<RouteEntry> {
    const { path_pattern: pattern, is_regex: isRegex } = data;
    const places = [`=${pattern}`, ...(isRegex ? ["^/"] : above(pattern).map((prefix) => `^${prefix}`))];
    const hosts = data.scope === "global" ? [EVERY_HOST] : [EVERY_HOST, ...data.proxy_hostnames];
    const shelves = hosts.flatMap((host) => places.map((place) => `${host} ${place}`));
    if (data.scope === "global") shelves.push(`${ANY_SCOPE} =${pattern}`);
    return new Set(shelves.flatMap((label) => this.#shelves.get(label) ?? []));
  }

  #shelf(label: string): RouteEntry[] {
    let shelf = this.#shelves.get(label);
    if (shelf === undefined) this.#shelves.set(label, (shelf = []));
    return shelf;
  }
}

function labels({ data }: RouteEntry): string[] {
  const { path_pattern: pattern, is_regex: isRegex, exact } = data;
  const places = [`=${pattern}`, ...(isRegex || exact ? [] : [`^${prefixOf(pattern)}`])];
  const hosts = data.scope === "global" ? [EVERY_HOST] : data.proxy_hostnames;
  return [`${ANY_SCOPE} =${pattern}`, ...hosts.flatMap((host) => places.map((place) => `${host} ${place}`))];
}

/** `/a/b` → `/`, `/a`, `/a/b` */
function above(path: string): string[] {
  const cuts = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index)).filter((prefix) => prefix !== "");
  return ["/", ...cuts, ...(path === "/" ? [] : [path])];
}
