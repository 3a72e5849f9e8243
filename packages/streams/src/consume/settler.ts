/**
 * Settles what was not simply acknowledged: into the retry store (coalesced, as acks are), to the dead letters, or back to the
 * group. Each act repeats until Redis has answered; the fence makes that safe.
 */
import { RedisFault } from "../redis/replies.ts";
import type { Settlement } from "../consuming.ts";
import { isGone } from "./acks.ts";
import { Coalescer } from "./coalescer.ts";
import type { Delivery, Source } from "./delivery.ts";
import type { GroupStore, Retry } from "./group-store.ts";
import type { Verdict } from "./retry-policy.ts";

export interface SettlerDeps {
  readonly store: GroupStore;
  readonly finish: (delivery: Delivery, outcome: Settlement["outcome"], error?: Error) => void;
  readonly release: (delivery: Delivery) => Promise<void>;
  /** Retries now wait, the first of them for so many ms. */
  readonly retryStored: (topic: string, delay: number) => void;
  /** The group was lost or moved: whoever reads must join it anew. */
  readonly gone: () => void;
  readonly failed: (error: Error) => void;
  readonly stopping: () => boolean;
}

/** Tries while stopping; after that the lease runs out and another consumer takes over. */
const LAST_TRIES = 5;
/** One call carries at most this many messages and about this many bytes of attempts. */
const CHUNK = 256;
const CHUNK_BYTES = 1_048_576;

interface Postponed extends Retry {
  readonly error: Error;
}

export class Settler {
  readonly #deps: SettlerDeps;
  readonly #retries: Coalescer<Postponed>;
  readonly #busy = new Set<Promise<void>>();

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
    this.#retries = new Coalescer({
      rest: (failures, signal) => deps.store.rest(failures, signal),
      fits,
      send: (source, retries) => this.#postpone(source, retries),
      again: (error, failures, retries) =>
        this.#again(
          error,
          failures,
          retries.map(({ delivery }) => delivery),
        ),
    });
  }

  move(delivery: Delivery, verdict: Exclude<Verdict, { kind: "ack" }>): void {
    if (verdict.kind === "dead") return this.#track(delivery, () => this.#bury(delivery, verdict));
    const attempts = JSON.stringify(verdict.attempts);
    const failure = verdict.attempts.at(-1) ?? { code: "HANDLER_FAILED", error: verdict.error.message };
    this.#retries.add(delivery.source, { delivery, delay: verdict.delay, attempts, failure, error: verdict.error });
  }

  /** The consumer stops: no attempt is counted, the next one may begin at once. */
  handBack(delivery: Delivery): void {
    this.#track(delivery, () => this.#deps.release(delivery));
  }

  async drain(): Promise<void> {
    await Promise.all([this.#retries.drain(), ...this.#busy]);
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

  async #postpone(source: Source, retries: readonly Postponed[]): Promise<void> {
    const results = await this.#deps.store.retry(source, retries);
    let soonest = Infinity;
    for (const [index, { delivery, delay, error }] of retries.entries()) {
      const result = results[index];
      if (result === "waits") soonest = Math.min(soonest, delay);
      this.#deps.finish(delivery, result === "lost" ? "lost" : "retried", error);
    }
    if (soonest < Infinity) this.#deps.retryStored(source.topic, soonest);
  }

  async #persist(delivery: Delivery, act: () => Promise<void>): Promise<void> {
    for (let failures = 0; delivery.outcome === null; failures++) {
      try {
        return await act();
      } catch (error) {
        if (!this.#again(error, failures, [delivery])) return;
        await this.#deps.store.rest(failures);
      }
    }
  }

  #again(error: unknown, failures: number, deliveries: readonly Delivery[]): boolean {
    if (isGone(error)) {
      for (const delivery of deliveries) this.#deps.finish(delivery, "lost");
      this.#deps.gone();
    } else if (!(error instanceof RedisFault)) this.#deps.failed(error as Error);
    else return error.code !== "CLOSED" && !(this.#deps.stopping() && failures >= LAST_TRIES);
    return false;
  }
}

/** One consumer's and together small enough. */
function fits(queue: readonly Postponed[]): number {
  const [first] = queue;
  let bytes = 0;
  for (let at = 0; at < queue.length && at < CHUNK; at++) {
    bytes += 3 * (queue[at]?.attempts.length ?? 0);
    if (bytes > CHUNK_BYTES || queue[at]?.delivery.consumer !== first?.delivery.consumer) return at;
  }
  return Math.min(CHUNK, queue.length);
}
