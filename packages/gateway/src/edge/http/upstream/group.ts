/** The live side of a `GroupSpec`: endpoints with connections and health, kept as long as any target or route uses an equal spec. */
import type { GroupSpec, UpstreamGroup } from "../plan.ts";
import { choose } from "./balance.ts";
import { Checks } from "./checks.ts";
import { TlsIdentity } from "./dial.ts";
import { Endpoint } from "./endpoint.ts";
import type { Names } from "./names.ts";
import type { PoolLimits } from "./pool.ts";

export interface GroupDeps {
  readonly names: Names;
  readonly limits: PoolLimits;
  /** An endpoint has nothing under way any more. */
  readonly onIdle: (id: string) => void;
}

export class Group implements UpstreamGroup {
  readonly spec: GroupSpec;
  readonly endpoints: readonly Endpoint[];
  readonly #checks: Checks | null;
  #turn = Math.floor(Math.random() * 1_000);

  constructor(spec: GroupSpec, { names, limits, onIdle }: GroupDeps) {
    const tls = new TlsIdentity(spec.tls);
    this.spec = spec;
    this.endpoints = spec.endpoints.map((endpoint) => new Endpoint({ endpoint, names, tls: new TlsIdentity(spec.tls), limits }, onIdle));
    this.#checks = spec.health === null ? null : new Checks({ spec: spec.health, endpoints: this.endpoints, names, tls });
  }

  pick(tried: ReadonlySet<string>, cookie: string | null): Endpoint | null {
    const among = this.#among(tried);
    if (among.length < 2) return among[0] ?? null;
    this.#turn = (this.#turn + 1) % 1_000_000_007;
    return choose(this.spec.balance.policy, among, this.#turn, cookie);
  }

  get open(): number {
    return this.endpoints.reduce((sum, endpoint) => sum + endpoint.open, 0);
  }

  use(): void {
    for (const { pool } of this.endpoints) pool.close(false);
    this.#checks?.start();
  }

  /** No table names it any more: what is under way ends in its own time. */
  retire(): void {
    this.#checks?.stop();
    for (const { pool } of this.endpoints) pool.close();
  }

  sweep(now: number): void {
    for (const { pool } of this.endpoints) pool.sweep(now);
  }

  // Private

  /** Who is healthy and was not tried; where there is none, whoever was not tried. */
  #among(tried: ReadonlySet<string>): readonly Endpoint[] {
    const all = this.endpoints;
    if (all.length === 1 && tried.size === 0) return all;
    const now = performance.now();
    if (tried.size === 0 && all.every(({ health }) => health.isIn(now))) return all;
    const untried = all.filter(({ spec }) => !tried.has(spec.id));
    const healthy = untried.filter(({ health }) => health.isIn(now));
    return healthy.length > 0 ? healthy : untried;
  }
}
