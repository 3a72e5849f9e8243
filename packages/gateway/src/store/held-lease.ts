/**
 * One thing at a time (a service, a certificate) belongs to one process. The lease is renewed while the work goes on; a process that was paused past it finds out at
 * its next `check`, which comes before everything that changes something, and stops there: somebody else has taken the work up.
 * States: held → (renewed …) → lost | released.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Lease, type LeaseOptions } from "@tidegate/streams";

/** The work goes on elsewhere, or later; nothing is undone. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Milliseconds between two tries to take a lease that somebody else holds. */
const AGAIN = 50;

export class HeldLease {
  readonly #lease: Lease;
  readonly #fence: number;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #until: number;
  #renewing: Promise<void> = Promise.resolve();

  /** Null when it is somebody else's for `patience` ms. */
  static async take(options: LeaseOptions, patience: number = 0): Promise<HeldLease | null> {
    const end = performance.now() + patience;
    const lease = new Lease(options);
    for (;;) {
      const asked = performance.now();
      if (await lease.hold()) return new HeldLease(lease, asked);
      if (performance.now() >= end) return null;
      await pause(AGAIN);
    }
  }

  private constructor(lease: Lease, asked: number) {
    this.#lease = lease;
    this.#fence = lease.fence;
    this.#until = asked + lease.ttl;
    this.#timer = setInterval(() => (this.#renewing = this.#renew()), lease.ttl / 3);
    this.#timer.unref();
  }

  /** For scripts that must refuse a former holder. */
  get fence(): number {
    return this.#fence;
  }

  /** Aborted when it is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws `Interrupted` when it is not ours any more. */
  async check(): Promise<void> {
    if (performance.now() >= this.#until) await this.#renew();
    if (this.#lost.signal.aborted) throw new Interrupted("the lease is lost");
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    if (!this.#lost.signal.aborted) await this.#lease.release();
  }

  // Private

  /** Counted from before the question: by the server's clock the lease began later, so ours never outlasts it. */
  async #renew(): Promise<void> {
    if (this.#lost.signal.aborted) return;
    const asked = performance.now();
    const held = await this.#lease.hold();
    if (held && this.#lease.fence === this.#fence) this.#until = asked + this.#lease.ttl;
    else if (held || performance.now() >= this.#until) this.#lose();
  }

  #lose(): void {
    clearInterval(this.#timer);
    this.#lost.abort(new Interrupted("the lease is lost"));
  }
}
