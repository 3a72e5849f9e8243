/**
 * Settlements of one source travel together: at most one call per source is under way, and what arrives meanwhile goes with
 * the next. One call carries what `fits`, at least one item; an error decides with `again` whether the same items are sent again.
 */
import type { Source } from "./delivery.ts";

export interface CoalescerDeps<Item> {
  /** How many of the queue's first items go in one call. */
  readonly fits: (queue: readonly Item[]) => number;
  readonly send: (source: Source, items: readonly Item[]) => Promise<void>;
  /** Waits before the next try. */
  readonly rest: (failures: number, signal: AbortSignal) => Promise<void>;
  /** True to try again after a while; false when the items are dealt with. */
  readonly again: (error: unknown, failures: number, items: readonly Item[]) => boolean;
}

/** What waits for one source, and the flush that is under way. Made once: short-lived map entries would keep settled messages alive. */
interface Lane<Item> {
  queue: Item[];
  flushing: Promise<void> | null;
}

export class Coalescer<Item> {
  readonly #deps: CoalescerDeps<Item>;
  readonly #lanes = new Map<Source, Lane<Item>>();
  readonly #abandon = new AbortController();

  constructor(deps: CoalescerDeps<Item>) {
    this.#deps = deps;
  }

  add(source: Source, item: Item): void {
    const lane = this.#lane(source);
    lane.queue.push(item);
    lane.flushing ??= this.#flush(source, lane);
  }

  async drain(): Promise<void> {
    for (;;) {
      const flushing = [...this.#lanes.values()].flatMap((lane) => lane.flushing ?? []);
      if (flushing.length === 0) return;
      await Promise.all(flushing);
    }
  }

  /** Gives up what cannot be sent; those messages will be delivered again. */
  abandon(): void {
    this.#abandon.abort();
  }

  // Private

  #lane(source: Source): Lane<Item> {
    let lane = this.#lanes.get(source);
    if (lane === undefined) this.#lanes.set(source, (lane = { queue: [], flushing: null }));
    return lane;
  }

  async #flush(source: Source, lane: Lane<Item>): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (lane.queue.length > 0 && !this.#abandon.signal.aborted) {
      const items = lane.queue.splice(0, Math.max(1, this.#deps.fits(lane.queue)));
      await this.#send(source, items);
    }
    lane.flushing = null;
  }

  async #send(source: Source, items: readonly Item[]): Promise<void> {
    for (let failures = 0; !this.#abandon.signal.aborted; failures++) {
      try {
        return await this.#deps.send(source, items);
      } catch (error) {
        if (!this.#deps.again(error, failures, items)) return;
        await this.#deps.rest(failures, this.#abandon.signal);
      }
    }
  }
}
