/**
 * What a forward-auth service said yes to, kept for some seconds. The key is everything the service was told (of the client's fields those of the rule
 * alone are told then), so nobody gets in by the answer to somebody else. Each version of a rule has a cache of its own, so a change begins anew.
 * A no is never kept, nor a yes that says no-store or no-cache.
 */
import { createHash } from "node:crypto";
import type { ForwardCache } from "../../../routes/spec.ts";
import type { AuthAnswer, HeaderList } from "./forward-auth.ts";
import type { Shown } from "./way.ts";

type Yes = Extract<Shown, { ok: true }>;

/** Of one rule on one worker; then the oldest goes. */
const MOST = 4_096;

export class AuthCache {
  readonly #spec: ForwardCache;
  /** Unix ms. */
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly yes: Yes; readonly until: number }>();

  constructor(spec: ForwardCache, now: () => number) {
    this.#spec = spec;
    this.#now = now;
  }

  /** Of the client's fields the service is told these alone. */
  get headers(): readonly string[] {
    return this.#spec.headers;
  }

  /** `told`: all that the service is asked with for this request. */
  keyOf(told: HeaderList): string {
    const hash = createHash("sha256");
    for (let at = 0; at < told.length; at += 2) {
      if (this.#spec.paths === "all" && told[at] === "X-Forwarded-Uri") continue;
      hash.update(`${told[at]}\n${told[at + 1]}\n`);
    }
    return hash.digest("base64");
  }

  get(key: string): Yes | null {
    const found = this.#kept.get(key);
    if (found === undefined) return null;
    const left = found.until - this.#now();
    // More than all of it: the clock was set back.
    if (left > 0 && left <= this.#spec.seconds * 1000) return found.yes;
    this.#kept.delete(key);
    return null;
  }

  keep(key: string, yes: Yes, answer: AuthAnswer): void {
    const seconds = secondsOf(answer.all("cache-control").join(), this.#spec.seconds);
    if (seconds === 0) return;
    this.#kept.delete(key);
    if (this.#kept.size >= MOST) this.#kept.delete(this.#kept.keys().next().value ?? "");
    this.#kept.set(key, { yes, until: this.#now() + seconds * 1000 });
  }
}

// Private

function secondsOf(control: string, most: number): number {
  if (/no-store|no-cache/i.test(control)) return 0;
  const age = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})/i.exec(control)?.[1];
  return age === undefined ? most : Math.min(most, Number(age));
}
