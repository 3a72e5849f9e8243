/** One number decides a whole run: the same seed makes the same choices in the same order. */
export class Seed {
  readonly value: number;
  #state: number;

  constructor(value: number) {
    this.value = value;
    this.#state = value >>> 0;
  }

  /** From `FAULT_SEED`, else a fresh one. Print it: it is what repeats the run. */
  static fromEnvironment(): Seed {
    const given = process.env["FAULT_SEED"] ?? "";
    return new Seed(/^\d{1,10}$/.test(given) ? Number(given) : Math.floor(Math.random() * 2 ** 32));
  }

  /** A whole number from 0 to below `limit` (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}
