/**
 * Which topics there are. Only a walk over all keys tells, because any program may add to a new one; so where the walk takes long its answer is
 * kept for twenty times as long, and looking costs at most a twentieth of the time, however often it is asked.
 */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { list } from "../redis/shapes.ts";

/** Milliseconds; a quicker walk is simply made again. */
const QUICK = 10;
const TIMES = 20;

export class TopicNames {
  /** Those that this process publishes to or consumes. */
  readonly used = new Set<string>();
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #clock: Clock;
  #walk: Promise<readonly string[]> | null = null;
  #known: readonly string[] | null = null;
  #goodUntil = 0;

  constructor(link: Link, keys: Keys, clock: Clock) {
    this.#link = link;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Sorted. Those who ask at the same moment share one walk. */
  async all(): Promise<readonly string[]> {
    if (this.#known !== null && this.#clock.now() < this.#goodUntil) return this.#known;
    this.#walk ??= this.#find().finally(() => (this.#walk = null));
    return await this.#walk;
  }

  /** This process publishes to it or consumes it; it may be new. */
  use(topic: string): void {
    if (this.used.has(topic)) return;
    this.used.add(topic);
    this.forget();
  }

  /** A topic came or went by our own doing. */
  forget(): void {
    this.#known = null;
  }

  // Private

  async #find(): Promise<readonly string[]> {
    const began = this.#clock.now();
    const found = new Set<string>();
    let cursor = "0";
    do {
      const match = ["MATCH", `${this.#keys.namespace}:*:events*`, "COUNT", "1000", "TYPE", "stream"];
      const [next, keys] = list(await this.#link.ask(["SCAN", cursor, ...match]));
      cursor = String(next);
      for (const key of list(keys)) {
        const topic = this.#keys.topicOf(String(key));
        if (topic !== null) found.add(topic);
      }
    } while (cursor !== "0");
    const took = this.#clock.now() - began;
    this.#goodUntil = took > QUICK ? this.#clock.now() + TIMES * took : 0;
    this.#known = [...found].toSorted();
    return this.#known;
  }
}
