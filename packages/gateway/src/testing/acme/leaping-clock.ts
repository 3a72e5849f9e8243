/** A clock for tests of what waits for minutes and hours: it runs some times as fast as the machine's, and leaps where the test says so. */
import type { Clock } from "../../certificates/clock.ts";

const NEVER = new AbortController().signal;

export class LeapingClock implements Clock {
  readonly #speed: number;
  readonly #began = Date.now();
  readonly #sleepers = new Set<() => void>();
  #leapt = 0;

  constructor(speed: number) {
    this.#speed = speed;
  }

  now(): number {
    return this.#began + this.#leapt + (Date.now() - this.#began) * this.#speed;
  }

  async sleep(milliseconds: number, signal: AbortSignal = NEVER): Promise<void> {
    const end = this.now() + milliseconds;
    while (!signal.aborted && this.now() < end) await this.#nap((end - this.now()) / this.#speed, signal);
  }

  /** To that moment, where it is not past: whoever sleeps until then wakes up. */
  leapTo(moment: number): void {
    this.#leapt += Math.max(0, moment - this.now());
    for (const wake of this.#sleepers) wake();
  }

  // Private

  async #nap(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve: wake } = Promise.withResolvers<void>();
    const timer = setTimeout(wake, milliseconds);
    const aborted = (): void => wake();
    this.#sleepers.add(wake);
    signal.addEventListener("abort", aborted, { once: true });
    await promise;
    clearTimeout(timer);
    this.#sleepers.delete(wake);
    signal.removeEventListener("abort", aborted);
  }
}
