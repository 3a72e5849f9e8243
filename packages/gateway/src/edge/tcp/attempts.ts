/**
 * Who showed a wrong token how often: after ten within a minute an address is not listened to on that port for the rest of it. Bounded: of
 * more addresses than can be kept the oldest are forgotten.
 */
const MOST = 10;
const WINDOW = 60_000;
const MOST_KEPT = 10_000;

export class Attempts {
  readonly #now: () => number;
  readonly #failed = new Map<string, { since: number; count: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  blocked(who: string): boolean {
    const found = this.#failed.get(who);
    if (found === undefined) return false;
    if (this.#now() - found.since > WINDOW) return !this.#failed.delete(who);
    return found.count >= MOST;
  }

  failed(who: string): void {
    const found = this.#failed.get(who);
    if (found !== undefined && this.#now() - found.since <= WINDOW) found.count += 1;
    else this.#begin(who);
  }

  #begin(who: string): void {
    this.#failed.delete(who);
    if (this.#failed.size >= MOST_KEPT) this.#failed.delete(this.#failed.keys().next().value ?? "");
    this.#failed.set(who, { since: this.#now(), count: 1 });
  }
}
