/** Requests that wait for a paused target or service. They are looked at again with every change of what the worker serves by. */
interface Waiting {
  readonly isOpen: () => boolean;
  readonly settle: (open: boolean) => void;
  /** `performance.now()` */
  readonly until: number;
}

const MOST = 10_000;

export class Held {
  readonly #waiting = new Set<Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Null: too many wait already. False: it took longer than `seconds`. */
  wait(isOpen: () => boolean, seconds: number): Promise<boolean> | null {
    if (this.#waiting.size >= MOST) return null;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.add({ isOpen, settle: resolve, until: performance.now() + seconds * 1000 });
    return promise;
  }

  /** Something changed. */
  look(): void {
    for (const one of this.#waiting) if (one.isOpen()) this.#settle(one, true);
  }

  /** Once a second. */
  sweep(now: number): void {
    for (const one of this.#waiting) if (one.until <= now) this.#settle(one, false);
  }

  // Private

  #settle(one: Waiting, open: boolean): void {
    this.#waiting.delete(one);
    one.settle(open);
  }
}
