/** What one batch adds, summed up before it goes to Redis: an effect is as large as what differs, not as the batch. */
import { STEPS, type Step } from "../../contract.ts";
import type { Effect } from "../processor.ts";
import { KEPT, type Kind, type Place, type SeriesKeys } from "./series-keys.ts";
import { merge, writeBins } from "./histogram.ts";

/** What `metrics.lua` does to one key; numbers with fractions go as text. */
interface Work {
  expires: number;
  add?: Record<string, number>;
  most?: Record<string, string>;
  least?: Record<string, string>;
  bins?: Record<string, Map<number, number>>;
  visitors?: string[];
  /** Members of a sorted set, with the score each gets if it is higher, or lower. */
  later?: Record<string, number>;
  earlier?: Record<string, number>;
  /** Field that grows by what the guard found missing. */
  vanished?: string;
}

/** What is counted of one subject in one second, before it is spread over the steps: most of a batch falls into few of these. */
interface Second {
  readonly kind: Kind;
  readonly subject: string;
  readonly at: number;
  readonly sums: Record<string, number>;
  readonly bins: Map<number, number>;
}

const DAY = 86_400;

export class Tally {
  readonly keys: SeriesKeys;
  /** Unix seconds. */
  readonly #now: number;
  readonly #work = new Map<string, Work>();
  readonly #seconds = new Map<string, Second>();
  readonly #noted = new Set<string>();

  constructor(keys: SeriesKeys, now: number) {
    this.keys = keys;
    this.#now = Math.floor(now);
    for (const step of STEPS) {
      const place = keys.place("lost", "", step, this.#now);
      this.#of(place.key, place.expires).vanished = `${place.slot}:n`;
    }
  }

  /** Into the slots of all steps. */
  count(kind: Kind, subject: string, at: number, measures: Readonly<Record<string, number>>): void {
    const { sums } = this.#second(kind, subject, at);
    for (const measure in measures) sums[measure] = (sums[measure] ?? 0) + (measures[measure] ?? 0);
  }

  /** A reading: a slot keeps the highest. */
  reading(kind: Kind, subject: string, at: number, measures: Readonly<Record<string, number>>): void {
    for (const { key, slot, expires } of this.#places(kind, subject, at))
      for (const [measure, value] of Object.entries(measures)) this.most(key, expires, `${slot}:${measure}`, value);
  }

  bin(kind: Kind, subject: string, at: number, bin: number): void {
    const { bins } = this.#second(kind, subject, at);
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }

  known(kind: Kind, subject: string, at: number): void {
    const name = `${kind} ${subject}`;
    if (this.#noted.has(name)) return;
    this.#noted.add(name);
    const second = Math.floor(at);
    const expires = this.#now + 90 * DAY;
    (this.#of(this.keys.subjects(kind), expires).later ??= {})[subject] = second;
    (this.#of(this.keys.firstSeen(kind), expires).earlier ??= {})[subject] = second;
  }

  total(family: string, labels: readonly string[], by: number): void {
    if (by !== 0) this.add(this.keys.totals(family), this.#now + 90 * DAY, labels.join("\t"), by);
  }

  add(key: string, expires: number, field: string, by: number): void {
    grow((this.#of(key, expires).add ??= {}), field, by);
  }

  most(key: string, expires: number, field: string, value: number): void {
    const most = (this.#of(key, expires).most ??= {});
    most[field] = String(Math.max(value, Number(most[field] ?? value)));
  }

  least(key: string, expires: number, field: string, value: number): void {
    const least = (this.#of(key, expires).least ??= {});
    least[field] = String(Math.min(value, Number(least[field] ?? value)));
  }

  visitor(key: string, expires: number, address: string): void {
    (this.#of(key, expires).visitors ??= []).push(address);
  }

  effect(): Effect {
    for (const second of this.#seconds.values()) this.#spread(second);
    this.#seconds.clear();
    const kept = [...this.#work].filter(([, work]) => work.expires > this.#now);
    return { keys: kept.map(([key]) => key), args: [JSON.stringify(kept.map(([, work]) => ({ ...work, ...plainBins(work) })))] };
  }

  // Private

  #second(kind: Kind, subject: string, at: number): Second {
    const whole = Math.floor(at);
    const name = `${whole} ${kind} ${subject}`;
    let second = this.#seconds.get(name);
    if (second === undefined) this.#seconds.set(name, (second = { kind, subject, at: whole, sums: {}, bins: new Map() }));
    return second;
  }

  #spread({ kind, subject, at, sums, bins }: Second): void {
    for (const { key, slot, expires } of this.#places(kind, subject, at)) {
      const work = this.#of(key, expires);
      const add = (work.add ??= {});
      for (const [measure, by] of Object.entries(sums)) if (by !== 0) grow(add, `${slot}:${measure}`, by);
      if (bins.size === 0) continue;
      const histograms = (work.bins ??= {});
      histograms[`${slot}:h`] = merge([histograms[`${slot}:h`] ?? new Map(), bins]);
    }
  }

  /** Where its time has not passed already. */
  #places(kind: Kind, subject: string, at: number): Place[] {
    const steps = STEPS.filter((step: Step) => at > this.#now - KEPT[step]);
    return steps.map((step) => this.keys.place(kind, subject, step, at));
  }

  #of(key: string, expires: number): Work {
    let work = this.#work.get(key);
    if (work === undefined) this.#work.set(key, (work = { expires }));
    return work;
  }
}

// Private

function grow(sums: Record<string, number>, field: string, by: number): void {
  sums[field] = (sums[field] ?? 0) + by;
}

function plainBins({ bins }: Work): { bins?: Record<string, string> } {
  return bins === undefined ? {} : { bins: Object.fromEntries(Object.entries(bins).map(([field, one]) => [field, writeBins(one)])) };
}
