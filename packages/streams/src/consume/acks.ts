/**
 * Coalesces acknowledgements: at most one call per source is under way, and what arrives meanwhile travels in the next.
 * An ack is never given up while the connection may come back; one that Redis refuses is reported as lost.
 */
import { backoff } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import { pause, type Clock } from "../clock.ts";
import type { Delivery, Source } from "./delivery.ts";
import type { GroupStore } from "./group-store.ts";

/** Messages in one ack call. */
const CHUNK = 256;

export class Acks {
  readonly #store: GroupStore;
  readonly #clock: Clock;
  readonly #settled: (delivery: Delivery, ours: boolean) => void;
  readonly #queues = new Map<Source, Delivery[]>();
  readonly #flushing = new Map<Source, Promise<void>>();
  readonly #abandon = new AbortController();

  constructor(store: GroupStore, clock: Clock, settled: (delivery: Delivery, ours: boolean) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#settled = settled;
  }

  add(delivery: Delivery): void {
    const queue = this.#queues.get(delivery.source);
    if (queue === undefined) this.#queues.set(delivery.source, [delivery]);
    else queue.push(delivery);
    if (!this.#flushing.has(delivery.source)) this.#flushing.set(delivery.source, this.#flush(delivery.source));
  }

  async drain(): Promise<void> {
    while (this.#flushing.size > 0) await Promise.all(this.#flushing.values());
  }

  /** Gives up what cannot be sent; those messages will be delivered again. */
  abandon(): void {
    this.#abandon.abort();
  }

  async #flush(source: Source): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (let failures = 0; ;) {
      const queue = this.#queues.get(source) ?? [];
      if (queue.length === 0 || this.#abandon.signal.aborted) break;
      const batch = sameConsumer(queue);
      try {
        const refused = await this.#store.ack(source, batch);
        queue.splice(0, batch.length);
        for (const delivery of batch) this.#settled(delivery, !refused.has(delivery.id));
        failures = 0;
      } catch (error) {
        if (isGone(error)) for (const delivery of queue.splice(0, batch.length)) this.#settled(delivery, false);
        else await pause(this.#clock, backoff(failures++), this.#abandon.signal);
      }
    }
    this.#flushing.delete(source);
    if ((this.#queues.get(source)?.length ?? 0) > 0 && !this.#abandon.signal.aborted) this.#flushing.set(source, this.#flush(source));
  }
}

/** The group itself is gone, so the fence is. */
export function isGone(error: unknown): boolean {
  return error instanceof RedisFault && error.reaction === "regroup";
}

function sameConsumer(queue: readonly Delivery[]): Delivery[] {
  const consumer = queue[0]?.consumer;
  const end = queue.findIndex((delivery) => delivery.consumer !== consumer);
  return queue.slice(0, Math.min(CHUNK, end === -1 ? queue.length : end));
}
