/**
 * Settles what was not simply acknowledged: into the retry store, to the dead letters, or back to the group.
 * Each act repeats until Redis has answered; the fence makes that safe.
 */
import { backoff } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import { pause, type Clock } from "../clock.ts";
import type { Settlement } from "../consuming.ts";
import { isGone } from "./acks.ts";
import type { Delivery } from "./delivery.ts";
import type { GroupStore } from "./group-store.ts";
import type { Verdict } from "./retry-policy.ts";

export interface SettlerDeps {
  readonly store: GroupStore;
  readonly clock: Clock;
  readonly finish: (delivery: Delivery, outcome: Settlement["outcome"], error?: Error) => void;
  readonly release: (delivery: Delivery) => Promise<void>;
  /** A retry now waits: whoever promotes them may have to wake earlier. */
  readonly retryStored: (topic: string) => void;
  readonly failed: (error: Error) => void;
  readonly stopping: () => boolean;
}

/** Tries while stopping; after that the lease runs out and another consumer takes over. */
const LAST_TRIES = 5;

export class Settler {
  readonly #deps: SettlerDeps;
  readonly #busy = new Set<Promise<void>>();

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
  }

  move(delivery: Delivery, verdict: Exclude<Verdict, { kind: "ack" }>): void {
    this.#track(delivery, () => (verdict.kind === "dead" ? this.#bury(delivery, verdict) : this.#postpone(delivery, verdict)));
  }

  /** The consumer stops: no attempt is counted, the next one may begin at once. */
  handBack(delivery: Delivery): void {
    this.#track(delivery, () => this.#deps.release(delivery));
  }

  async drain(): Promise<void> {
    await Promise.all(this.#busy);
  }

  // Private

  #track(delivery: Delivery, act: () => Promise<void>): void {
    const busy = this.#persist(delivery, act).finally(() => this.#busy.delete(busy));
    this.#busy.add(busy);
  }

  async #bury(delivery: Delivery, verdict: Extract<Verdict, { kind: "dead" }>): Promise<void> {
    const moved = await this.#deps.store.deadLetter(delivery, verdict.code, verdict.error, verdict.attempts);
    this.#deps.finish(delivery, moved ? "dead_lettered" : "lost", verdict.error);
  }

  async #postpone(delivery: Delivery, verdict: Extract<Verdict, { kind: "retry" }>): Promise<void> {
    const moved = await this.#deps.store.retry(delivery, verdict.delay, delivery.failures + 1, verdict.attempts);
    this.#deps.finish(delivery, moved ? "retried" : "lost", verdict.error);
    this.#deps.retryStored(delivery.source.topic);
  }

  async #persist(delivery: Delivery, act: () => Promise<void>): Promise<void> {
    for (let failures = 0; delivery.outcome === null; failures++) {
      try {
        return await act();
      } catch (error) {
        if (isGone(error)) return this.#deps.finish(delivery, "lost");
        if (!(error instanceof RedisFault)) return this.#deps.failed(error as Error);
        if (error.code === "CLOSED" || (this.#deps.stopping() && failures >= LAST_TRIES)) return;
        await pause(this.#deps.clock, backoff(failures));
      }
    }
  }
}
