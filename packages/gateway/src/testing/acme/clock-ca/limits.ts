/**
 * Let's Encrypt's rate limits, by the clock of the test: https://letsencrypt.org/docs/rate-limits/. Buckets that fill up again evenly: a limit of
 * 5 in 7 days gives one back every 34 hours. Registered domains are the last two labels here.
 */
import { Refusal } from "./refusal.ts";

export interface Limit {
  readonly count: number;
  /** Ms. */
  readonly period: number;
}

export type CaLimits = Readonly<Record<LimitName, Limit>>;
export type LimitName = "accounts" | "accountOrders" | "domainCertificates" | "sameNames" | "failedValidations";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const LETS_ENCRYPT: CaLimits = {
  accounts: { count: 10, period: 3 * HOUR },
  accountOrders: { count: 300, period: 3 * HOUR },
  domainCertificates: { count: 50, period: 7 * DAY },
  sameNames: { count: 5, period: 7 * DAY },
  failedValidations: { count: 5, period: HOUR },
};

export class Buckets {
  readonly #limits: CaLimits | null;
  readonly #now: () => number;
  /** When each would be full again; gone buckets are full. */
  readonly #fullAt = new Map<string, number>();

  /** Null: nothing is limited. */
  constructor(limits: CaLimits | null, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Throws rateLimited where there is nothing left; takes nothing. */
  check(name: LimitName, key: string): void {
    if (this.#limits === null) return;
    const { count, period } = this.#limits[name];
    const again = this.#after(name, key) - period;
    if (again <= this.#now()) return;
    const until = new Date(again).toISOString();
    throw new Refusal(
      429,
      "rateLimited",
      `too many ${SAID[name]} (${count}) for "${key}" in the last ${period / HOUR}h, retry after ${until}`,
      again,
    );
  }

  take(name: LimitName, key: string): void {
    if (this.#limits !== null) this.#fullAt.set(`${name} ${key}`, this.#after(name, key));
  }

  // Private

  #after(name: LimitName, key: string): number {
    const { count, period } = (this.#limits ?? LETS_ENCRYPT)[name];
    return Math.max(this.#fullAt.get(`${name} ${key}`) ?? 0, this.#now()) + period / count;
  }
}

export function registeredDomain(name: string): string {
  return name.split(".").slice(-2).join(".");
}

// Private

const SAID: Readonly<Record<LimitName, string>> = {
  accounts: "new registrations",
  accountOrders: "new orders",
  domainCertificates: "certificates",
  sameNames: "certificates for the same set of identifiers",
  failedValidations: "failed authorizations",
};
