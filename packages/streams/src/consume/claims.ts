/**
 * Everything we hold, and the loop that takes over what others left: every five seconds at most it claims what nobody has
 * touched for a lease. Hands back what is not started, and what Redis counts as ours although its reply never reached us.
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

/** Milliseconds between two looks for what others left; what died is found after its lease, so a moment more does not matter. */
const SWEEP = 5_000;
/** Entries in one call. */
const CHUNK = 256;

export class Claims {
  readonly #deps: ClaimsDeps;
  /**
   * Not a Set: tables it has outgrown would keep thousands of settled messages alive through each young collection, which
   * cost more time than all the rest of consuming.
   */
  readonly #held: Delivery[] = [];
  readonly #sweep: Loop;

  constructor(deps: ClaimsDeps) {
    this.#deps = deps;
    this.#sweep = new Loop("claim", () => this.#sweepAll(), deps);
  }

  start(): void {
    this.#sweep.start();
  }

  async stop(): Promise<void> {
    await this.#sweep.stop();
  }

  hold(delivery: Delivery): void {
    delivery.slot = this.#held.push(delivery) - 1;
  }

  drop(delivery: Delivery): void {
    if (delivery.slot === -1) return;
    const last = this.#held.pop();
    if (last !== undefined && last !== delivery) {
      this.#held[delivery.slot] = last;
      last.slot = delivery.slot;
    }
    delivery.slot = -1;
  }

  /** A copy: who goes through it may drop. */
  all(): Delivery[] {
    return this.#held.slice();
  }

  /** Renews what was last renewed before `due`; what is not ours any more is dropped and marked lost. */
  async extend(due: number): Promise<void> {
    const old = this.all().filter((delivery) => delivery.outcome === null && delivery.renewedAt < due);
    for (const [source, consumer, chunk] of calls(old)) {
      const [asked, counts] = [this.#deps.clock.now(), chunk.map(({ count }) => count)];
      const lost = await this.#deps.store.extend(source, consumer, chunk);
      // A fence that changed while we asked is one our own sweep brought.
      for (const [index, delivery] of chunk.entries()) if (delivery.count === counts[index]) this.#extended(delivery, lost, asked);
    }
  }

  /** Hands entries back at once, the delivery not counted. */
  async release(deliveries: readonly Delivery[]): Promise<void> {
    for (const [source, consumer, chunk] of calls(deliveries)) await this.#deps.store.release(source, consumer, chunk);
  }

  /** After a cut connection: what Redis gave us while we were not listening goes back. */
  async handBackUnseen(consumer: string): Promise<void> {
    for (const source of this.#deps.sources) {
      const pending = await this.#deps.store.pendingOf(source, consumer);
      const seen = new Set(this.all().flatMap((delivery) => (delivery.source === source ? [delivery.id] : [])));
      const unseen = pending.filter(({ id }) => !seen.has(id));
      for (let at = 0; at < unseen.length; at += CHUNK) await this.#deps.store.release(source, consumer, unseen.slice(at, at + CHUNK));
    }
  }

  // Private

  #extended(delivery: Delivery, lost: ReadonlySet<string>, at: number): void {
    if (!lost.has(delivery.id)) delivery.renewedAt = at;
    else if (delivery.outcome === null) {
      this.drop(delivery);
      delivery.settle("lost");
    }
  }

  async #sweepAll(): Promise<number> {
    const { store, sources, lease, batch, notice } = this.#deps;
    for (const source of sources) {
      const room = Math.min(CHUNK, batch - source.buffer.length);
      if (room <= 0) continue;
      const asked = this.#deps.clock.now();
      const { deliveries, vanished } = await store.claim(source, this.#deps.consumer(), lease, room);
      if (vanished > 0)
        notice({
          level: "error",
          code: "entries_vanished",
          message: `${vanished} pending entries of ${source.key} no longer exist; somebody trimmed the stream.`,
        });
      for (const delivery of deliveries) delivery.renewedAt = asked;
      if (deliveries.length > 0) this.#deps.onClaimed(this.#strangers(source, deliveries));
    }
    return Math.min(SWEEP, lease / 3);
  }

  /** Without those whose lease of our own had run out: what we hold goes on under the new fence. */
  #strangers(source: Source, claimed: readonly Delivery[]): Delivery[] {
    const ours = new Map(this.all().flatMap((delivery) => (delivery.source === source ? [[delivery.id, delivery] as const] : [])));
    return claimed.filter((delivery) => {
      const held = ours.get(delivery.id);
      if (held === undefined || held.outcome !== null || held.consumer !== delivery.consumer) return true;
      held.reclaimed(delivery);
      return false;
    });
  }
}

/** One call is about one source and one consumer name. */
function* calls(deliveries: readonly Delivery[]): Generator<readonly [Source, string, Delivery[]]> {
  for (const [source, group] of Map.groupBy(deliveries, (delivery) => delivery.source)) {
    for (const [consumer, mine] of Map.groupBy(group, (delivery) => delivery.consumer)) {
      for (let at = 0; at < mine.length; at += CHUNK) yield [source, consumer, mine.slice(at, at + CHUNK)];
    }
  }
}
