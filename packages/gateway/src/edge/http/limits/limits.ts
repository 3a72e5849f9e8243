/**
 * What a client may ask of a target: how large, how often, how much at once. A route's limits stand in the place of its target's and are counted
 * apart. Decided at once; what is let in gives its place back when it is over.
 */
import type { LimitSpec } from "../../../routes/spec.ts";
import type { RouteEntry, TargetEntry } from "../../../routes/table.ts";
import type { EdgeRequest } from "../exchange.ts";
import type { Verdict } from "../handler-deps.ts";
import { rateFields, secondsUntil } from "./fields.ts";
import { rateOf, type Rate } from "./gcra.ts";
import { networkOf } from "./network-of.ts";
import type { RateLimiter } from "./rate-limiter.ts";

const LET_IN: Verdict = { ok: true, leave: null, fields: "" };
const UNLIMITED = { wait: 0, fields: "" } as const;
const TOO_LARGE: Verdict = { ok: false, status: 413, reason: "body_too_large", fields: "" };
const TOO_MANY: Verdict = { ok: false, status: 429, reason: "too_many_at_once", fields: "Retry-After: 1\r\n" };

export class Limits {
  readonly #limiter: RateLimiter;
  readonly #rates = new WeakMap<LimitSpec, Rate>();
  /** Requests under way, by client and what it asks for. */
  readonly #underWay = new Map<string, number>();

  constructor(limiter: RateLimiter) {
    this.#limiter = limiter;
  }

  enter(target: TargetEntry, route: RouteEntry | null, client: string, request: EdgeRequest): Verdict {
    const own = route?.data.limits ?? null;
    const spec = own ?? target.data.limits;
    if (spec.body !== null && request.length > spec.body) return TOO_LARGE;
    if (spec.rate === null && spec.concurrent === null) return LET_IN;
    const name = `${target.name} ${own === null ? "" : (route?.name ?? "")} ${networkOf(client)}`;
    const count = spec.concurrent === null ? 0 : (this.#underWay.get(name) ?? 0);
    if (spec.concurrent !== null && count >= spec.concurrent) return TOO_MANY;
    const { wait, fields } = spec.rate === null ? UNLIMITED : this.#take(name, spec, spec.rate);
    if (wait > 0) return { ok: false, status: 429, reason: "rate_limited", fields: `Retry-After: ${secondsUntil(wait)}\r\n${fields}` };
    if (spec.concurrent === null) return { ok: true, leave: null, fields };
    this.#underWay.set(name, count + 1);
    return { ok: true, leave: this.#leaving(name), fields };
  }

  // Private

  #take(name: string, spec: LimitSpec, limit: NonNullable<LimitSpec["rate"]>): { readonly wait: number; readonly fields: string } {
    const rate = this.#rate(spec, limit);
    const wait = this.#limiter.take(name, rate);
    return { wait, fields: rateFields(limit, wait > 0 ? { left: 0, next: wait } : this.#limiter.standing(name, rate)) };
  }

  #rate(spec: LimitSpec, rate: NonNullable<LimitSpec["rate"]>): Rate {
    const known = this.#rates.get(spec);
    if (known !== undefined) return known;
    const made = rateOf(rate);
    this.#rates.set(spec, made);
    return made;
  }

  /** Counts once, however often it is called. */
  #leaving(name: string): () => void {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#underWay.get(name) ?? 1) - 1;
      if (left > 0) this.#underWay.set(name, left);
      else this.#underWay.delete(name);
    };
  }
}
