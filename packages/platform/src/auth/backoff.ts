/**
 * Slows down guessing: after 10 wrong secrets within a minute an address waits until the minute is over.
 * It counts wrong secrets only; a request without any, or with an expired session, is no guess.
 */
const WINDOW = 60_000;
const MOST_FAILURES = 10;
/** Enough for any real crowd; beyond it the oldest address is forgotten, so that memory stays bounded. */
const MOST_ADDRESSES = 10_000;

export class Backoff {
  readonly #now: () => number;
  readonly #windows = new Map<string, { since: number; failures: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Seconds the address has to wait; 0 if it need not. */
  wait(address: string): number {
    const window = this.#windows.get(address);
    if (window === undefined) return 0;
    const left = window.since + WINDOW - this.#now();
    if (left <= 0) this.#windows.delete(address);
    return left > 0 && window.failures >= MOST_FAILURES ? Math.ceil(left / 1000) : 0;
  }

  failed(address: string): void {
    const window = this.#windows.get(address);
    if (window !== undefined && window.since + WINDOW > this.#now()) {
      window.failures += 1;
      return;
    }
    const oldest = this.#windows.size >= MOST_ADDRESSES ? this.#windows.keys().next().value : undefined;
    if (oldest !== undefined) this.#windows.delete(oldest);
    this.#windows.set(address, { since: this.#now(), failures: 1 });
  }
}
