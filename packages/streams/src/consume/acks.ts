/**
 * Acknowledgements, coalesced. An ack is never given up while the connection may come back; one that Redis refuses is
 * reported as lost.
 */
import { RedisFault } from "../redis/replies.ts";
import { Coalescer } from "./coalescer.ts";
import type { Delivery } from "./delivery.ts";
import type { GroupStore } from "./group-store.ts";

/** Messages in one ack call. */
const CHUNK = 256;

export class Acks {
  readonly #store: GroupStore;
  readonly #settled: (delivery: Delivery, ours: boolean) => void;
  readonly #calls: Coalescer<Delivery>;

  constructor(store: GroupStore, settled: (delivery: Delivery, ours: boolean) => void, gone: () => void) {
    this.#store = store;
    this.#settled = settled;
    this.#calls = new Coalescer({
      rest: (failures, signal) => store.rest(failures, signal),
      fits: sameFence,
      send: async (source, deliveries) => this.#report(deliveries, await this.#store.ack(source, deliveries)),
      again: (error, _, deliveries) => {
        if (!isGone(error)) return true;
        for (const delivery of deliveries) this.#settled(delivery, false);
        gone();
        return false;
      },
    });
  }

  add(delivery: Delivery): void {
    this.#calls.add(delivery.source, delivery);
  }

  drain(): Promise<void> {
    return this.#calls.drain();
  }

  /** Gives up what cannot be sent; those messages will be delivered again. */
  abandon(): void {
    this.#calls.abandon();
  }

  // Private

  #report(deliveries: readonly Delivery[], refused: ReadonlySet<string>): void {
    for (const delivery of deliveries) this.#settled(delivery, !refused.has(delivery.id));
  }
}

/** The group itself is gone, so the fence is. */
export function isGone(error: unknown): boolean {
  return error instanceof RedisFault && error.reaction === "regroup";
}

/** One call names one consumer and one delivery count; nearly always all of them are first deliveries. */
function sameFence(queue: readonly Delivery[]): number {
  const [first] = queue;
  for (let at = 1; at < queue.length && at < CHUNK; at++) {
    if (queue[at]?.consumer !== first?.consumer || queue[at]?.count !== first?.count) return at;
  }
  return Math.min(CHUNK, queue.length);
}
