/**
 * All groups of a worker. An equal spec keeps its group over every change of the table, with its connections, health and counts; what no table
 * names any more is closed when its last request is over. Deploys ask by endpoint id, over all groups.
 */
import type { EndpointSpec, GroupSpec } from "../plan.ts";
import { Group } from "./group.ts";
import { Names } from "./names.ts";
import { POOL_LIMITS, type PoolLimits } from "./pool.ts";

/** What a worker has open to all its upstreams. */
export interface UpstreamTotals {
  readonly groups: number;
  /** Requests and tunnels under way. */
  readonly open: number;
  readonly connections: number;
  readonly idle: number;
  /** Requests for which no connection is left. */
  readonly waiting: number;
}

export interface FailingEndpoint {
  readonly group: GroupSpec;
  readonly endpoint: EndpointSpec;
  /** Asked all the same, because nobody else of the group is well. */
  readonly asked: boolean;
  /** For people. */
  readonly why: string;
}

export interface UpstreamsOptions {
  /** An endpoint whose idle connections were asked to close has lost its last request or tunnel. */
  readonly onIdle?: (id: string) => void;
  readonly names?: Names;
  readonly limits?: Partial<PoolLimits>;
}

const SWEEP = 1_000;
/** Endpoints that are remembered as cut: every deploy makes new ones. */
const MOST_CUT = 256;

export class Upstreams {
  readonly #groups = new Map<string, Group>();
  readonly #retired = new Set<Group>();
  readonly #names: Names;
  readonly #limits: PoolLimits;
  readonly #onIdle: (id: string) => void;
  /** Endpoints that are drained. */
  readonly #leaving = new Set<string>();
  /** By endpoint id; the last that were cut. */
  readonly #cut = new Map<string, number>();
  #sweeper: NodeJS.Timeout | null = null;

  constructor({ onIdle = () => {}, names = new Names(), limits = {} }: UpstreamsOptions = {}) {
    this.#onIdle = (id) => {
      if (this.#leaving.has(id) && this.open(id) === 0 && this.#leaving.delete(id)) onIdle(id);
    };
    this.#names = names;
    this.#limits = { ...POOL_LIMITS, ...limits };
  }

  start(): void {
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP).unref();
  }

  /** Ends everything at once. */
  close(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
    for (const group of this.#all()) {
      group.retire();
      for (const endpoint of group.endpoints) endpoint.cut();
    }
    this.#groups.clear();
    this.#retired.clear();
  }

  group(spec: GroupSpec): Group {
    const known = this.#groups.get(spec.key);
    if (known !== undefined) return known;
    const group = this.#revived(spec.key) ?? new Group(spec, { names: this.#names, limits: this.#limits, onIdle: this.#onIdle });
    group.use();
    this.#groups.set(spec.key, group);
    return group;
  }

  /** After a change of the table: groups of other keys are retired. */
  keep(keys: ReadonlySet<string>): void {
    for (const [key, group] of this.#groups) {
      if (keys.has(key)) continue;
      this.#groups.delete(key);
      group.retire();
      if (group.open > 0) this.#retired.add(group);
    }
  }

  /** Requests and tunnels under way at an endpoint. */
  open(id: string): number {
    return this.#endpoints(id).reduce((sum, { open }) => sum + open, 0);
  }

  /** Of all endpoints where something is under way. */
  get openCounts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const group of this.#all())
      for (const { spec, open } of group.endpoints) if (open > 0) counts[spec.id] = (counts[spec.id] ?? 0) + open;
    return counts;
  }

  /** How many requests and tunnels `cut` has ended, by endpoint. */
  get cutCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#cut);
  }

  /** Ends them. */
  cut(id: string): void {
    this.#noteCut(id);
    for (const endpoint of this.#endpoints(id)) endpoint.cut();
  }

  /** Closes its idle connections: a process that is to end waits for them. */
  idle(id: string): void {
    if (this.open(id) > 0) this.#leaving.add(id);
    for (const { pool } of this.#endpoints(id)) pool.closeIdle();
  }

  totals(): UpstreamTotals {
    const endpoints = this.#all().flatMap((group) => group.endpoints);
    const sum = (of: (endpoint: (typeof endpoints)[number]) => number): number =>
      endpoints.reduce((total, endpoint) => total + of(endpoint), 0);
    return {
      groups: this.#groups.size,
      open: sum(({ open }) => open),
      connections: sum(({ pool }) => pool.size),
      idle: sum(({ pool }) => pool.idle),
      waiting: sum(({ pool }) => pool.queued),
    };
  }

  /** Of the groups in use, those that are not asked now, or would not be if there were another. */
  failing(): FailingEndpoint[] {
    const now = performance.now();
    return [...this.#groups.values()].flatMap(({ spec: group, endpoints }) => {
      const asked = !endpoints.some(({ health }) => health.isIn(now));
      return endpoints.flatMap(({ spec: endpoint, health }) => {
        const why = health.trouble(now);
        return why === null ? [] : [{ group, endpoint, asked, why }];
      });
    });
  }

  // Private

  #all(): Group[] {
    return [...this.#groups.values(), ...this.#retired];
  }

  #endpoints(id: string): Group["endpoints"] {
    return this.#all().flatMap((group) => group.endpoints.filter(({ spec }) => spec.id === id));
  }

  #noteCut(id: string): void {
    const open = this.open(id);
    if (open === 0) return;
    if (this.#cut.size >= MOST_CUT) this.#cut.delete(this.#cut.keys().next().value ?? "");
    this.#cut.set(id, (this.#cut.get(id) ?? 0) + open);
  }

  #revived(key: string): Group | null {
    for (const group of this.#retired) {
      if (group.spec.key !== key) continue;
      this.#retired.delete(group);
      return group;
    }
    return null;
  }

  #sweep(): void {
    const now = performance.now();
    for (const group of this.#all()) group.sweep(now);
    for (const group of this.#retired) if (group.open === 0) this.#retired.delete(group);
  }
}
