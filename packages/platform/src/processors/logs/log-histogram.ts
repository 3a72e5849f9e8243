/**
 * Entries by time and level. Without conditions but a level the counters know, whether the entries are still there or not; with one the index
 * knows its ids are counted; with several the entries themselves, at most 20,000 of them.
 */
import { LEVELS, type Level, type Store } from "@tidegate/streams";
import type { LogHistogramAnswer, LogQuery } from "../../contract.ts";
import { HOUR } from "./entry-ids.ts";
import type { LogKeys } from "./log-keys.ts";
import type { Plan } from "./plan.ts";
import type { Search } from "./search.ts";

type Name = Level | "event";
type Bucket = LogHistogramAnswer["buckets"][number];

const MINUTE = 60_000;
/** Minutes; the first that makes at most so many buckets is taken. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 10_080] as const;
const MOST_BUCKETS = 100;
const BUDGET = 20_000;

export class LogHistogram {
  readonly #store: Store;
  readonly #keys: LogKeys;
  readonly #search: Search;

  constructor(store: Store, keys: LogKeys, search: Search) {
    this.#store = store;
    this.#keys = keys;
    this.#search = search;
  }

  async of(plan: Plan, query: LogQuery, now: number): Promise<LogHistogramAnswer> {
    const bins = new Bins(plan.from, Math.min(plan.to, now));
    const names = countedNames(plan, query);
    if (names !== null) {
      await this.#fromCounters(bins, names);
      return bins.answer(true);
    }
    return bins.answer(await this.#search.count(plan, BUDGET, (at, name) => bins.add(at, name, 1)));
  }

  async #fromCounters(bins: Bins, names: ReadonlySet<string>): Promise<void> {
    const hours: number[] = [];
    for (let hour = Math.floor(bins.from / HOUR) * HOUR; hour <= bins.to; hour += HOUR) hours.push(hour);
    const replies = await Promise.all(hours.map((hour) => this.#store.ask(["HGETALL", this.#keys.counts(hour)])));
    for (const [at, reply] of replies.entries()) {
      const flat = Array.isArray(reply) ? reply.map(String) : [];
      for (let n = 0; n + 1 < flat.length; n += 2) {
        const [minute = "", name = ""] = (flat[n] ?? "").split(":");
        if (names.has(name)) bins.add((hours[at] ?? 0) + Number(minute) * MINUTE, name as Name, Number(flat[n + 1]));
      }
    }
  }
}

// Private

/** What is counted where nothing is asked for but a level or the kind of stream; else null. */
function countedNames(plan: Plan, query: LogQuery): ReadonlySet<string> | null {
  const { level } = query;
  const others = plan.conditions.length - (level === undefined ? 0 : 1);
  if (others > 0 || !plan.exact) return null;
  const levels = plan.sources.includes("logs") ? LEVELS.slice(level === undefined ? 0 : LEVELS.indexOf(level)) : [];
  return new Set<string>([...levels, ...(plan.sources.includes("events") ? ["event"] : [])]);
}

/** The first bucket may begin before the range: buckets begin at whole steps. */
class Bins {
  readonly from: number;
  readonly to: number;
  readonly #step: number;
  readonly #buckets: Bucket[];

  constructor(from: number, to: number) {
    const minutes = STEPS.find((step) => (to - from) / (step * MINUTE) <= MOST_BUCKETS) ?? Math.ceil((to - from) / MOST_BUCKETS / MINUTE);
    this.#step = minutes * MINUTE;
    this.from = Math.floor(from / this.#step) * this.#step;
    this.to = to;
    const count = Math.floor((Math.max(from, to) - this.from) / this.#step) + 1;
    this.#buckets = Array.from({ length: count }, (_, at) => ({ at: this.from + at * this.#step, counts: {} }));
  }

  add(at: number, name: Name, count: number): void {
    const bucket = this.#buckets[Math.floor((at - this.from) / this.#step)];
    if (bucket !== undefined) bucket.counts[name] = (bucket.counts[name] ?? 0) + count;
  }

  answer(complete: boolean): LogHistogramAnswer {
    return { from: this.from, to: this.to, step: this.#step, buckets: this.#buckets, complete };
  }
}
