/**
 * Whether an endpoint is asked. Passive: 3 failures in a row within 10 s take it out for 10 s. Active checks, where a target asks for them, take it
 * out until they pass again. Who is out is only asked where nobody else is left.
 */
import type { HealthCheckSpec } from "../../../routes/spec.ts";

const FAILURES = 3;
const WINDOW = 10_000;
const OUT = 10_000;

export class Health {
  #failures: number[] = [];
  #outUntil = 0;
  #down = false;
  /** Checks in a row that went the other way than the state is. */
  #against = 0;
  #error: string | null = null;

  isIn(now: number): boolean {
    return !this.#down && now >= this.#outUntil;
  }

  /** A request failed, by the endpoint's fault. */
  failed(now: number, error: string): void {
    this.#error = error;
    this.#failures = [...this.#failures.filter((at) => now - at < WINDOW), now];
    if (this.#failures.length < FAILURES) return;
    this.#outUntil = now + OUT;
    this.#failures = [];
  }

  succeeded(): void {
    if (this.#failures.length > 0) this.#failures = [];
    if (!this.#down) this.#error = null;
  }

  /** `error`: null where the check passed. */
  checked(error: string | null, { passes, fails }: HealthCheckSpec): void {
    const passed = error === null;
    if (!passed) this.#error = error;
    this.#against = passed === this.#down ? this.#against + 1 : 0;
    if (this.#against < (this.#down ? passes : fails)) return;
    this.#down = !passed;
    this.#against = 0;
    if (passed) this.#error = null;
  }

  /** Why it is not asked, for people: what a check or request has met last. Null: it is asked. */
  trouble(now: number): string | null {
    if (this.isIn(now)) return null;
    return this.#error ?? `${FAILURES} requests in a row had failed; it has answered since`;
  }
}
