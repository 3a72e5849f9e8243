/**
 * How late this process comes to what is due, as a histogram that only grows: looked at every 20 ms, so that whoever compares two moments has any
 * quantile of the time in between.
 */
const EVERY = 20;
/** Milliseconds. */
const BORDERS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024] as const;

export interface DelayCounts {
  /** Upper border in milliseconds and how often it was not more, cumulated. */
  readonly buckets: readonly (readonly [border: number, count: number])[];
  readonly count: number;
  /** Milliseconds. */
  readonly sum: number;
}

export class LoopDelay {
  readonly #counts = BORDERS.map(() => 0);
  #count = 0;
  #sum = 0;
  #due = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#due = performance.now() + EVERY;
    this.#timer = setInterval(() => this.#look(), EVERY).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  counts(): DelayCounts {
    let sum = 0;
    const buckets = BORDERS.map((border, index) => [border, (sum += this.#counts[index] ?? 0)] as const);
    return { buckets, count: this.#count, sum: this.#sum };
  }

  // Private

  #look(): void {
    const now = performance.now();
    const late = Math.max(0, now - this.#due);
    const index = BORDERS.findIndex((border) => late <= border);
    if (index >= 0) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count++;
    this.#sum += late;
    this.#due = now + EVERY;
  }
}
