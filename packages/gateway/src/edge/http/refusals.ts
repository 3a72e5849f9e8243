/** What was no request, or came from too many connections: said at most once a second for each reason, with how often and who was last. */
import type { Logger, Tide } from "@tidegate/streams";
import type { Refusal } from "./inbound/refusal.ts";

interface Heap {
  last: Refusal;
  count: number;
}

export class Refusals {
  readonly #heaps = new Map<string, Heap>();
  #logger: Logger | null = null;

  connected(tide: Tide): void {
    this.#logger = tide.logger("edge");
  }

  note(refusal: Refusal): void {
    const heap = this.#heaps.get(refusal.reason);
    if (heap === undefined) this.#heaps.set(refusal.reason, { last: refusal, count: 1 });
    else {
      heap.last = refusal;
      heap.count += 1;
    }
  }

  tell(): void {
    if (this.#logger === null) return;
    for (const [reason, { last, count }] of this.#heaps) {
      const { status, message, peer, head } = last;
      this.#logger.warn(`refused: ${message}`, { reason, count, status, ip: peer.address, head });
    }
    this.#heaps.clear();
  }
}
