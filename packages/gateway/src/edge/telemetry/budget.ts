/** So many a second, told one by one; the rest is only counted. A busy edge must not spend its time, or Redis', on telling. */
export class Budget {
  readonly #perSecond: number;
  #second = -1;
  #left = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** `now`: `performance.now()`. */
  take(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = this.#perSecond;
    }
    if (this.#left <= 0) return false;
    this.#left -= 1;
    return true;
  }
}
