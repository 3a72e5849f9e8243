/**
 * Keeps every requested certificate good: in each control process, all the time. Each looks at everything when something changes, when something is due, and
 * every ten minutes in case it was not told; who gets the lease of a name works on it, the others look again later.
 */
import type { Store } from "@tidegate/streams";
import type { GatewayKeys } from "../../keys.ts";
import type { Part } from "../../part.ts";
import type { Entity } from "../../store/entity.ts";
import { HeldLease, Interrupted } from "../../store/held-lease.ts";
import { FRESH, type Progress } from "../orders/progress.ts";
import type { CertificateRequest } from "../request-spec.ts";
import type { CertificateData } from "../spec.ts";
import { due, type Kept } from "./due.ts";
import { isLost, Tend, type TendDeps } from "./tend.ts";

export interface KeeperDeps extends TendDeps {
  readonly keys: GatewayKeys;
  readonly store: () => Store;
  /** Everything that uses the store is over. */
  readonly onStopped: () => void;
  readonly onTrouble: (component: string, message: string) => void;
}

/** Orders of this process at the same time. */
const AT_ONCE = 5;
/** Milliseconds after which the work of a process that died is taken up. */
const LEASE_TTL = 15_000;
/** Milliseconds until a name that somebody else works on is looked at again. */
const LATER = 5_000;
/** Intervals without a whole look until this counts as unhealthy. */
const SILENT = 3;

export class Keeper implements Part {
  readonly name = "certificates";
  readonly #deps: KeeperDeps;
  readonly #here = new Map<string, Promise<void>>();
  /** Names somebody else works on, until when. Unix ms. */
  readonly #later = new Map<string, number>();
  #end = new AbortController();
  #wake: () => void = () => {};
  #woken = false;
  #loop: Promise<void> = Promise.resolve();
  #looked = 0;
  #trouble: string | null = null;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    this.#looked = performance.now();
    void this.#deps.entities.follow(["certificate_request", "certificate"], () => this.wake(), this.#end.signal).catch(() => {});
    this.#loop = this.#run();
    await Promise.resolve();
  }

  /** What is under way is left as it is, for whoever comes next. */
  async stop(): Promise<void> {
    this.#end.abort(new Interrupted("the process stops"));
    this.wake();
    await this.#loop;
    await this.settled();
    this.#deps.onStopped();
  }

  health(): { readonly healthy: boolean; readonly detail?: string } {
    const silent = performance.now() - this.#looked;
    if (silent > SILENT * this.#deps.interval)
      return {
        healthy: false,
        detail: `no certificate was looked at for ${Math.round(silent / 60_000)} minutes: ${this.#trouble ?? "it hangs"}`,
      };
    return {
      healthy: true,
      detail: this.#here.size === 0 ? "watching" : `ordering ${[...this.#here.keys()].toSorted().slice(0, 3).join(", ")}`,
    };
  }

  /** Looks at everything soon. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Looks at everything once and begins what is due. Answers when to look next (Unix ms). */
  async pass(): Promise<number> {
    const { clock, interval } = this.#deps;
    const now = clock.now();
    const all = await this.#all();
    let next = now + interval;
    for (const { name, at } of all.toSorted((one, other) => one.at - other.at)) {
      const moment = Math.max(at, this.#later.get(name) ?? 0);
      if (moment > now) next = Math.min(next, moment);
      else if (this.#here.size < AT_ONCE) this.#begin(name);
    }
    this.#looked = performance.now();
    this.#trouble = null;
    return next;
  }

  /** Everything this process works on is over. */
  async settled(): Promise<void> {
    await Promise.all(this.#here.values());
  }

  // Private

  async #run(): Promise<void> {
    const { clock, onTrouble } = this.#deps;
    while (!this.#end.signal.aborted) {
      this.#woken = false;
      const next = await this.pass().catch((error: unknown) => {
        this.#trouble = messageOf(error);
        if (!this.#end.signal.aborted) onTrouble(this.name, this.#trouble);
        return clock.now() + LATER;
      });
      if (!this.#woken) await this.#rest(Math.max(0, next - clock.now()));
    }
  }

  async #rest(milliseconds: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#deps.clock.sleep(milliseconds, woken.signal);
    this.#wake = () => {};
  }

  /** Every name with a request, or with the progress of one that is gone. */
  async #all(): Promise<{ name: string; at: number }[]> {
    const { entities, book, clock, interval } = this.#deps;
    const [requests, certificates, progress] = await Promise.all([
      entities.table<CertificateRequest>("certificate_request").list(),
      entities.table<CertificateData>("certificate").list(),
      book.all(),
    ]);
    const issued = new Map(certificates.map((certificate) => [certificate.name, certificate]));
    const now = clock.now();
    const wanted = requests.map((request) => {
      const kept = keptOf(request, issued.get(request.name), progress.get(request.name));
      progress.delete(request.name);
      return { name: request.name, at: due(kept, now, interval).look_at };
    });
    return [...wanted, ...[...progress.keys()].map((name) => ({ name, at: now }))].filter(({ name }) => !this.#here.has(name));
  }

  #begin(name: string): void {
    const work = this.#tend(name)
      .catch((error: unknown) => {
        this.#later.set(name, this.#deps.clock.now() + LATER);
        if (!this.#end.signal.aborted && !isLost(error)) this.#deps.onTrouble(this.name, `${name}: ${messageOf(error)}`);
      })
      .finally(() => {
        this.#here.delete(name);
        this.wake();
      });
    this.#here.set(name, work);
  }

  async #tend(name: string): Promise<void> {
    const { keys, instance, clock, entities, book, store } = this.#deps;
    const key = keys.lease(`certificate:${name}`);
    const lease = await HeldLease.take({ store: store(), key, holder: `${instance}#certificates`, ttl: LEASE_TTL });
    if (lease === null) return void this.#later.set(name, clock.now() + LATER);
    this.#later.delete(name);
    const guard = { lease: key, fence: lease.fence };
    try {
      const [request, certificate, progress] = await Promise.all([
        entities.table<CertificateRequest>("certificate_request").get(name),
        entities.table<CertificateData>("certificate").get(name),
        book.get(name),
      ]);
      if (request === null) await book.remove(name, guard);
      else await new Tend(this.#deps, lease, guard, keptOf(request, certificate ?? undefined, progress), this.#end.signal).run();
    } finally {
      await lease.release();
    }
  }
}

// Private

function keptOf(request: Entity<CertificateRequest>, certificate?: Entity<CertificateData>, progress: Progress = FRESH): Kept {
  return { request, certificate: certificate ?? null, progress };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
