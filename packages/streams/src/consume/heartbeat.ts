/**
 * Keeps what we hold ours, and knows when it could not.
 * - Every third of the lease it extends what we have held for a while; what is not ours any more is marked lost.
 * - With the same breath the group gives its sign of life, at most every ten seconds, whether it holds anything or not.
 * - A tick several times per lease notices that the event loop stood still: then no heartbeat went out, and others may have
 *   taken over what we hold. What was waiting in a socket meanwhile counts as received before the standstill.
 */
import { pause, type Clock } from "../clock.ts";
import { Loop } from "../duties/loop.ts";
import { backoff } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Notice } from "../tide.ts";
import type { Claims } from "./claims.ts";
import type { GroupStore } from "./group-store.ts";

export interface HeartbeatDeps {
  readonly store: GroupStore;
  readonly claims: Claims;
  readonly topics: readonly string[];
  readonly lease: number;
  readonly clock: Clock;
  readonly notice: (notice: Notice) => void;
}

const SIGN_EVERY = 10_000;
/** The longest tick; a short lease ticks faster. */
const TICK = 1_000;

export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  readonly #loop: Loop;
  readonly #tick: number;
  readonly #stop = new AbortController();
  #lastTick: number;
  #cancelTick: () => void = () => {};
  #stalls = 0;
  #signedAt = -Infinity;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
    this.#tick = Math.min(TICK, deps.lease / 12);
    this.#lastTick = deps.clock.now();
    this.#loop = new Loop("heartbeat", () => this.#beat(), deps);
  }

  /** How often the event loop stood still for longer than a third of the lease. */
  get stalls(): number {
    return this.#stalls;
  }

  start(): void {
    this.#lastTick = this.#deps.clock.now();
    this.#armTick();
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelTick();
    await this.#loop.stop();
  }

  /** The earliest moment at which a reply we see now can have been sent. */
  receivedAt(): number {
    const now = this.#deps.clock.now();
    return now - this.#lastTick > 2 * this.#tick ? this.#lastTick : now;
  }

  /** Asks Redis about everything held until it answers; false when it never will. */
  async verify(): Promise<boolean> {
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      try {
        await this.#deps.claims.extend(this.#deps.clock.now());
        return true;
      } catch (error) {
        if (!(error instanceof RedisFault) || error.reaction === "stop") return false;
        await pause(this.#deps.clock, backoff(failures), this.#stop.signal);
      }
    }
    return false;
  }

  // Private

  async #beat(): Promise<number> {
    const { claims, clock, lease } = this.#deps;
    await claims.extend(clock.now() - lease / 6);
    await this.#sign();
    return lease / 3;
  }

  async #sign(): Promise<void> {
    const now = this.#deps.clock.now();
    if (now - this.#signedAt < SIGN_EVERY) return;
    this.#signedAt = now;
    for (const topic of this.#deps.topics) await this.#deps.store.sign(topic);
  }

  #armTick(): void {
    this.#cancelTick = this.#deps.clock.after(this.#tick, () => {
      const now = this.#deps.clock.now();
      const stalled = now - this.#lastTick - this.#tick;
      this.#lastTick = now;
      this.#armTick();
      if (stalled > this.#deps.lease / 3) this.#report(Math.round(stalled));
    });
  }

  #report(ms: number): void {
    this.#stalls++;
    const { lease, notice, store } = this.#deps;
    notice({
      level: "warning",
      code: "event_loop_stalled",
      message: `The event loop stood still for ${ms} ms, so no heartbeat of group ${store.group} went out; its lease is ${lease} ms.`,
      detail: { ms, lease, group: store.group },
    });
  }
}
