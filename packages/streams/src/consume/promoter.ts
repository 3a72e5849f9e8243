/**
 * Moves a topic's due retries into the group's retry stream, when they are due: every retry this process stores says when, and
 * what other processes stored is asked for once a second, because they may be gone by then.
 */
import type { Clock } from "../clock.ts";
import { Loop } from "../duties/loop.ts";
import type { Service } from "../service.ts";
import type { Notice } from "../tide.ts";
import type { GroupStore } from "./group-store.ts";

export interface PromoterDeps {
  readonly store: GroupStore;
  readonly topic: string;
  readonly clock: Clock;
  readonly notice: (notice: Notice) => void;
}

/** Retries moved by one call. */
const CHUNK = 256;
const EVERY = 1_000;

/**
 * The promoters of one connection: consumers of the same group and topic share one, or a process with a hundred consumers would ask
 * Redis the same question a hundred times a second.
 */
export class Promoters {
  readonly #open = new Map<string, { promoter: Promoter; users: number }>();

  /** Starts with its first user. */
  join(deps: PromoterDeps): Promoter {
    const name = `${deps.topic} ${deps.store.group}`;
    const found = this.#open.get(name) ?? { promoter: new Promoter(deps), users: 0 };
    this.#open.set(name, found);
    if (found.users++ === 0) found.promoter.start();
    return found.promoter;
  }

  /** Stops with its last. */
  async leave(topic: string, group: string): Promise<void> {
    const name = `${topic} ${group}`;
    const found = this.#open.get(name);
    if (found === undefined || --found.users > 0) return;
    this.#open.delete(name);
    await found.promoter.stop();
  }
}

export class Promoter implements Service {
  readonly #deps: PromoterDeps;
  readonly #loop: Loop;
  #nextAt = 0;
  #cancel: (() => void) | undefined;

  constructor(deps: PromoterDeps) {
    this.#deps = deps;
    this.#loop = new Loop(`promote ${deps.topic}`, () => this.#promote(), deps);
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#loop.stop();
  }

  /** A retry is due in so many ms. */
  due(delay: number): void {
    const { clock } = this.#deps;
    const at = clock.now() + delay;
    if (at >= this.#nextAt) return;
    this.#nextAt = at;
    this.#cancel?.();
    this.#cancel = clock.after(delay, () => this.#loop.wake());
  }

  // Private

  async #promote(): Promise<number> {
    const { store, topic, clock } = this.#deps;
    this.#nextAt = clock.now() + EVERY;
    const { more, nextIn } = await store.promote(topic, CHUNK);
    const wait = more ? 0 : nextIn < 0 ? EVERY : Math.min(nextIn, EVERY);
    this.#nextAt = Math.min(this.#nextAt, clock.now() + wait);
    return wait;
  }
}
