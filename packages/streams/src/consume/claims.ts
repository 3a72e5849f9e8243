/**
 * Everything we hold, and the two loops that keep it ours or take over what others left:
 * - heartbeat, every third of the lease: extends what we held for a while; what is not ours any more is marked lost;
 * - sweep, every two seconds at most: claims what nobody has touched for a lease, and hands back what Redis counts as ours
 *   although its reply never reached us (connection cut while reading).
 */
import type { Notice } from "../tide.ts";
import type { Clock } from "../clock.ts";
import { Loop } from "../duties/loop.ts";
import type { Delivery, Source } from "./delivery.ts";
import type { GroupStore } from "./group-store.ts";

export interface ClaimsDeps {
  readonly store: GroupStore;
  readonly sources: readonly Source[];
  readonly lease: number;
  readonly batch: number;
  readonly consumer: () => string;
  /** Claimed entries that are new to us. */
  readonly onClaimed: (deliveries: readonly Delivery[]) => void;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

/** Entries in one heartbeat or release call. */
const CHUNK = 256;

export class Claims {
  readonly #deps: ClaimsDeps;
  /** Per source, by entry id. */
  readonly #held: ReadonlyMap<Source, Map<string, Delivery>>;
  readonly #heartbeat: Loop;
  readonly #sweep: Loop;

  constructor(deps: ClaimsDeps) {
    this.#deps = deps;
    this.#held = new Map(deps.sources.map((source) => [source, new Map<string, Delivery>()]));
    this.#heartbeat = new Loop("heartbeat", () => this.#extendAll(), deps);
    this.#sweep = new Loop("claim", () => this.#sweepAll(), deps);
  }

  start(): void {
    this.#heartbeat.start();
    this.#sweep.start();
  }

  async stopClaiming(): Promise<void> {
    await this.#sweep.stop();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#heartbeat.stop(), this.#sweep.stop()]);
  }

  hold(delivery: Delivery): void {
    this.#held.get(delivery.source)?.set(delivery.id, delivery);
  }

  drop(delivery: Delivery): void {
    const held = this.#held.get(delivery.source);
    if (held?.get(delivery.id) === delivery) held.delete(delivery.id);
  }

  all(): Delivery[] {
    return [...this.#held.values()].flatMap((held) => [...held.values()]);
  }

  /** Hands entries back at once, the delivery not counted. */
  async release(deliveries: readonly Delivery[]): Promise<void> {
    for (const [source, group] of Map.groupBy(deliveries, (delivery) => delivery.source)) {
      for (const [consumer, mine] of Map.groupBy(group, (delivery) => delivery.consumer)) {
        for (const chunk of chunks(mine)) await this.#deps.store.release(source, consumer, chunk);
      }
    }
  }

  /** After a cut connection: what Redis gave us while we were not listening goes back. */
  async handBackUnseen(consumer: string): Promise<void> {
    for (const source of this.#deps.sources) {
      const pending = await this.#deps.store.pendingOf(source, consumer);
      const unseen = pending.filter(({ id }) => this.#held.get(source)?.has(id) !== true);
      for (const chunk of chunks(unseen)) await this.#deps.store.release(source, consumer, chunk);
    }
  }

  // Private

  async #extendAll(): Promise<number> {
    const { lease, store, clock } = this.#deps;
    const due = clock.now() - lease / 6;
    const old = this.all().filter((delivery) => delivery.outcome === null && delivery.heldSince < due);
    for (const [source, group] of Map.groupBy(old, (delivery) => delivery.source)) {
      for (const [consumer, mine] of Map.groupBy(group, (delivery) => delivery.consumer)) {
        for (const chunk of chunks(mine)) this.#lose(chunk, await store.extend(source, consumer, chunk));
      }
    }
    return lease / 3;
  }

  #lose(deliveries: readonly Delivery[], lost: ReadonlySet<string>): void {
    for (const delivery of deliveries) {
      if (!lost.has(delivery.id) || delivery.outcome !== null) continue;
      this.drop(delivery);
      delivery.settle("lost");
    }
  }

  async #sweepAll(): Promise<number> {
    const { store, sources, lease, batch, notice } = this.#deps;
    for (const source of sources) {
      const room = batch - source.buffer.length;
      if (room <= 0) continue;
      const { deliveries, vanished } = await store.claim(source, this.#deps.consumer(), lease, room);
      if (vanished > 0)
        notice({
          level: "error",
          code: "entries_vanished",
          message: `${vanished} pending entries of ${source.key} no longer exist; somebody trimmed the stream.`,
        });
      this.#deps.onClaimed(deliveries.filter((delivery) => !this.#isAlreadyHeld(delivery)));
    }
    return Math.min(2_000, lease / 3);
  }

  /** A lease of our own that ran out while Redis was away: keep the running handler, take over the new fence. */
  #isAlreadyHeld(claimed: Delivery): boolean {
    const held = this.#held.get(claimed.source)?.get(claimed.id);
    if (held === undefined || held.outcome !== null || held.consumer !== claimed.consumer) return false;
    held.count = claimed.count;
    return true;
  }
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += CHUNK) yield items.slice(at, at + CHUNK);
}
