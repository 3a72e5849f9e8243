/**
 * What the front door knows of hosts and paths, made once of all targets and routes and never changed: a new one is swapped in. A question is
 * answered without a loop over the routes, and the answer is whole: where it goes, by which path, or why it goes nowhere.
 *
 * A path with escapes of reserved characters (`%2F`) can mean another place to the upstream than to us. Where that place has another route the
 * request is refused: the protected one of two spellings cannot be walked around, and a target without such routes sees such paths as they are.
 */
import { destination } from "./destination.ts";
import { hostName, wildcardOf } from "./host.ts";
import { matcher, REGEX_PATH } from "./match.ts";
import type { Question, RouteEntry, TargetEntry } from "./question.ts";
import { inOrder } from "./order.ts";
import { unfolded } from "./path.ts";
import type { Upstream } from "./spec.ts";
import { Trie, type Choice, type Ranked } from "./trie.ts";

export type { Question, RouteEntry, TargetEntry } from "./question.ts";

export interface TableInput {
  readonly targets: readonly TargetEntry[];
  readonly routes: readonly RouteEntry[];
}

export type Found =
  | { readonly kind: "unknown" }
  | {
      readonly kind: "found";
      readonly target: TargetEntry;
      readonly route: RouteEntry | null;
      /** Without endpoints where the route is a redirect, or leads to a host that no target has. */
      readonly upstream: Upstream;
      /** For the upstream, without query: stripped, rewritten, prefixed. The path of the upstream's own URL comes before it. */
      readonly path: string;
      readonly redirect: { readonly status: number; readonly location: string } | null;
    }
  /** 400. */
  | { readonly kind: "refused"; readonly target: TargetEntry; /** For people. */ readonly why: string };

export interface RouteTable {
  /** Of a target nothing is judged but routing: not `enabled`, `http`, `mode`, `access`. */
  find(question: Question): Found;
  /** By its host, exact before wildcard. */
  target(host: string): TargetEntry | null;
  /** All enabled routes in the order in which they are asked. */
  readonly routes: readonly RouteEntry[];
  /** Whether the target has the route, by scope and modes. */
  applies(route: RouteEntry, target: TargetEntry): boolean;
}

export function compileTable(input: TableInput): RouteTable {
  return new Table(input);
}

// Private

const TOO_LONG = `the path has more than ${REGEX_PATH} characters`;
const UNKNOWN: Found = { kind: "unknown" };
const AMBIGUOUS = "the path has an encoded reserved character, and without the encoding another route would take it";

interface Host {
  readonly entry: TargetEntry;
  readonly choice: Choice;
  /** Routes of scope proxy. */
  own: Trie | null;
}

class Table implements RouteTable {
  readonly routes: readonly RouteEntry[];
  readonly #hosts = new Map<string, Host>();
  readonly #global = new Trie();
  readonly #targetOf = (name: string): TargetEntry | null => this.target(name);

  constructor({ targets, routes }: TableInput) {
    for (const entry of targets) this.#hosts.set(entry.name, host(entry));
    this.routes = inOrder(routes.filter(({ data }) => data.enabled));
    for (const [rank, entry] of this.routes.entries()) this.#add({ matcher: matcher(entry), rank });
  }

  target(name: string): TargetEntry | null {
    return this.#host(name)?.entry ?? null;
  }

  find(question: Question): Found {
    const found = this.#host(question.host);
    if (found === null) return UNKNOWN;
    // Not merely passed over by regexes: a longer path would walk around them.
    if (question.path.length > REGEX_PATH) return { kind: "refused", target: found.entry, why: TOO_LONG };
    const ranked = this.#first(found, question, question.path);
    const other = unfolded(question.path);
    const ambiguous = other !== question.path && this.#first(found, question, other) !== ranked;
    return ambiguous ? { kind: "refused", target: found.entry, why: AMBIGUOUS } : this.#answer(found.entry, ranked, question);
  }

  applies({ name, data }: RouteEntry, target: TargetEntry): boolean {
    if (!choiceOf(target.data).allows(name)) return false;
    return data.scope === "global" || data.proxy_hostnames.includes(target.name);
  }

  #host(name: string): Host | null {
    const exact = this.#hosts.get(name);
    if (exact !== undefined) return exact;
    const wildcard = wildcardOf(name);
    if (wildcard !== null) return this.#hosts.get(wildcard) ?? null;
    const address = name.startsWith("[") ? hostName(name) : null;
    return address === null ? null : (this.#hosts.get(address) ?? null);
  }

  #first(found: Host, question: Question, path: string): Ranked | null {
    if (found.entry.data.route_mode === "none") return null;
    const own = found.own === null ? null : found.own.first(question, path, found.choice, null);
    return this.#global.first(question, path, found.choice, own);
  }

  #answer(target: TargetEntry, ranked: Ranked | null, question: Question): Found {
    if (ranked === null) {
      return { kind: "found", target, route: null, upstream: target.data.upstream, path: question.path, redirect: null };
    }
    const { entry: route, rewriting, redirection } = ranked.matcher;
    const path = rewriting(question.path);
    const redirect = redirection === null ? null : { status: route.data.status, location: redirection(question, path) };
    return { kind: "found", target, route, upstream: destination(route, this.#targetOf), path, redirect };
  }

  #add(ranked: Ranked): void {
    const { scope, proxy_hostnames: names } = ranked.matcher.entry.data;
    if (scope === "global") return this.#global.add(ranked);
    for (const name of new Set(names)) {
      const found = this.#hosts.get(name);
      if (found !== undefined) (found.own ??= new Trie()).add(ranked);
    }
  }
}

function host(entry: TargetEntry): Host {
  return { entry, choice: choiceOf(entry.data), own: null };
}

function choiceOf({ route_mode: mode, enabled_routes: only, disabled_routes: not }: TargetEntry["data"]): Choice {
  if (mode === "none") return { allows: () => false };
  if (mode === "selective") return allowing(new Set(only), true);
  return not.length === 0 ? ALL : allowing(new Set(not), false);
}

const ALL: Choice = { allows: () => true };

function allowing(names: ReadonlySet<string>, listed: boolean): Choice {
  return { allows: (route) => names.has(route) === listed };
}
