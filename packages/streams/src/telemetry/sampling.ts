/** Which new traces are kept from the start: a share of them, and no more than so many a second. */
import type { Clock } from "../clock.ts";

export interface SamplingRules {
  /** From 0 to 1. */
  readonly sample: number;
  /** New traces a second. */
  readonly perSecond: number;
}

export class HeadSampler {
  readonly #rules: SamplingRules;
  readonly #clock: Clock;
  #since = -Infinity;
  #taken = 0;

  constructor(rules: SamplingRules, clock: Clock) {
    this.#rules = rules;
    this.#clock = clock;
  }

  /** Decides once per trace, where it begins; everybody else follows the flag it travels with. */
  keep(): boolean {
    const { sample, perSecond } = this.#rules;
    if (sample < 1 && Math.random() >= sample) return false;
    const now = this.#clock.now();
    if (now - this.#since >= 1_000) [this.#since, this.#taken] = [now, 0];
    return this.#taken++ < perSecond;
  }
}
