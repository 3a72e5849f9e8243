/**
 * An exponentially weighted mean and deviation of one series, and the band in which the next value is expected. Pure state.
 * Update rule: Finch, "Incremental calculation of weighted mean and variance" (2009), section 9.
 */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export interface Observation {
  readonly value: number;
  /** What was expected before this value came. */
  readonly expected: Range;
  readonly anomaly: boolean;
  /** The band was computed anew from the last window. */
  readonly refitted: boolean;
}

const WEIGHT = 0.2;
const DEVIATIONS = 4;
/** Values before the band says anything. */
const WARM_UP = 8;
/** Values after which the band is fitted anew to the last window, so that an old burst does not keep it wide. */
const WINDOW = 20;
/** Values of silence after an anomaly: a new level is one finding, not one per sample. */
const QUIET = 10;

export class Band {
  readonly #floor: number;
  readonly #most: number;
  #window: number[] = [];
  #mean = 0;
  #variance = 0;
  #seen = 0;
  #quietUntil = 0;

  /** `floor` is the least distance from the mean that counts, in the series' own unit; values lie between 0 and `most`. */
  constructor(floor: number, most: number = Infinity) {
    this.#floor = floor;
    this.#most = most;
  }

  get mean(): number {
    return this.#mean;
  }

  get samples(): number {
    return this.#seen;
  }

  get expected(): Range {
    const distance = Math.max(this.#floor, DEVIATIONS * Math.sqrt(this.#variance));
    return { low: round(Math.max(0, this.#mean - distance)), high: round(Math.min(this.#most, this.#mean + distance)) };
  }

  observe(value: number): Observation {
    const expected = this.expected;
    const outside = value < expected.low || value > expected.high;
    const anomaly = outside && this.#seen >= WARM_UP && this.#seen >= this.#quietUntil;
    if (anomaly) this.#quietUntil = this.#seen + QUIET;
    this.#learn(value);
    return { value, expected, anomaly, refitted: this.#refitIfDue() };
  }

  #learn(value: number): void {
    this.#seen += 1;
    this.#window = [...this.#window, value].slice(-WINDOW);
    if (this.#seen === 1) {
      this.#mean = value;
      return;
    }
    const difference = value - this.#mean;
    this.#mean += WEIGHT * difference;
    this.#variance = (1 - WEIGHT) * (this.#variance + WEIGHT * difference * difference);
  }

  #refitIfDue(): boolean {
    if (this.#seen !== WARM_UP && this.#seen % WINDOW !== 0) return false;
    this.#mean = this.#window.reduce((sum, value) => sum + value, 0) / this.#window.length;
    this.#variance = this.#window.reduce((sum, value) => sum + (value - this.#mean) ** 2, 0) / this.#window.length;
    return true;
  }
}

// Private

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
