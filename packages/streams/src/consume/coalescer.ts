/**
 * Settlements of one source travel together: at most one call per source is under way, and what arrives meanwhile goes with
 * the next. One call carries what `fits`, at least one item; an error decides with `again` whether the same items are sent again.
 */
import { pause, type Clock } from "../clock.ts";
import { backoff } from "../redis/link.ts";
import type { Source } from "./delivery.ts";

export interface CoalescerDeps<Item> {
  readonly clock: Clock;
  /** How many of the queue's first items go in one call. */
  readonly fits: (queue: readonly Item[]) => number;
  readonly send: (source: Source, items: readonly Item[]) => Promise<void>;
  /** True to try again after a while; false when the items are dealt with. */
  readonly again: (error: unknown, failures: number, items: readonly Item[]) => boolean;
}

export class Coalescer<Item> {
  readonly #deps: CoalescerDeps<Item>;
  readonly #queues = new Map<Source, Item[]>();
  readonly #flushing = new Map<Source, Promise<void>>();
  readonly #abandon = new AbortController();

  constructor(deps: CoalescerDeps<Item>) {
    this.#deps = deps;
  }

  add(source: Source, item: Item): void {
    const queue = this.#queues.get(source);
    if (queue !== undefined) return void queue.push(item);
    const fresh = [item];
    this.#queues.set(source, fresh);
    this.#flushing.set(source, this.#flush(source, fresh));
  }

  async drain(): Promise<void> {
    while (this.#flushing.size > 0) await Promise.all(this.#flushing.values());
  }

  /** Gives up what cannot be sent; those messages will be delivered again. */
  abandon(): void {
    this.#abandon.abort();
  }

  // Private

  async #flush(source: Source, queue: Item[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0 && !this.#abandon.signal.aborted) {
      const items = queue.splice(0, Math.max(1, this.#deps.fits(queue)));
      await this.#send(source, items);
    }
    this.#queues.delete(source);
    this.#flushing.delete(source);
  }

  async #send(source: Source, items: readonly Item[]): Promise<void> {
    for (let failures = 0; !this.#abandon.signal.aborted; failures++) {
      try {
        return await this.#deps.send(source, items);
      } catch (error) {
        if (!this.#deps.again(error, failures, items)) return;
        await pause(this.#deps.clock, backoff(failures), this.#abandon.signal);
      }
    }
  }
}
