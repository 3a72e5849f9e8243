/**
 * `LogStatsAnswer`: whole hours, and five minutes at the beginning, added up. Beyond 24 hours the first hour counts whole, and so it does for
 * a path's response times and a host's visitors. The figures are of what happened, whether the entries are still there or not.
 */
import type { Level, Store } from "@tidegate/streams";
import type { LogStatsAnswer } from "../../contract.ts";
import { HOUR, hourName } from "./entry-ids.ts";
import type { LogKeys, StatsTable } from "./log-keys.ts";
import { quantile, type Bins } from "../metrics/histogram.ts";
import { SLOT, slotName } from "./tally.ts";

const MOST_PATHS = 20;
const MOST_HOSTS = 50;

export class LogStats {
  readonly #store: Store;
  readonly #keys: LogKeys;

  constructor(store: Store, keys: LogKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  async of(hours: number, now: number): Promise<LogStatsAnswer> {
    const slots = slotsOf(hours, now);
    const [sums, paths, hosts, components] = await Promise.all([
      this.#sums(slots.map((slot) => this.#keys.stats(slot))),
      this.#table(slots, "paths"),
      this.#table(slots, "hosts"),
      this.#table(slots, "components"),
    ]);
    const times = await this.#table(hoursOf(slots), "paths");
    const shown = byEntries(hosts, MOST_HOSTS);
    const everybody = await this.#visitors(slots);
    const visitors = await Promise.all(shown.map(({ name }) => this.#visitors(hoursOf(slots), name)));
    return {
      hours,
      ...figures(sums),
      unique_visitors: everybody,
      top_paths: byEntries(paths, MOST_PATHS).map(({ name, entries, errors }) => ({
        path: name,
        requests: entries,
        errors,
        p95: percentile(times.get(name)?.buckets ?? new Map(), 0.95),
      })),
      hosts: shown.map(({ name, entries, errors }, at) => ({
        host: name,
        requests: entries,
        error_rate: percent(errors, entries),
        unique_visitors: visitors[at] ?? 0,
      })),
      components: byEntries(components, 100).map(({ name, entries, errors }) => ({ component: name, entries, errors })),
    };
  }

  async #sums(keys: readonly string[]): Promise<Map<string, number>> {
    const sums = new Map<string, number>();
    const replies = await Promise.all(keys.map((key) => this.#store.ask(["HGETALL", key])));
    for (const reply of replies) {
      if (!Array.isArray(reply)) continue;
      for (let at = 0; at + 1 < reply.length; at += 2) {
        const name = String(reply[at]);
        sums.set(name, (sums.get(name) ?? 0) + Number(reply[at + 1]));
      }
    }
    return sums;
  }

  async #table(slots: readonly string[], table: StatsTable): Promise<Map<string, Row>> {
    const rows = new Map<string, Row>();
    for (const [field, count] of await this.#sums(slots.map((slot) => this.#keys.table(slot, table)))) {
      const [, bucket = "", mark, name = ""] = /^(\d*)([=!@#])(.*)$/s.exec(field) ?? [];
      if (mark === undefined || mark === "#") continue;
      const row = rows.get(name) ?? { name, entries: 0, errors: 0, buckets: new Map<number, number>() };
      rows.set(name, row);
      if (mark === "=") row.entries += count;
      else if (mark === "!") row.errors += count;
      else row.buckets.set(Number(bucket), (row.buckets.get(Number(bucket)) ?? 0) + count);
    }
    return rows;
  }

  async #visitors(slots: readonly string[], host?: string): Promise<number> {
    return Number(await this.#store.ask(["PFCOUNT", ...slots.map((slot) => this.#keys.visitors(slot, host))]));
  }
}

/** Names of the slots that make up the last hours. */
export function slotsOf(hours: number, now: number): string[] {
  const from = Math.floor((now - hours * HOUR) / SLOT) * SLOT;
  const found: string[] = [];
  for (let at = hours > 24 ? Math.floor(from / HOUR) * HOUR : from; at <= now;) {
    // The running hour may be whole: nothing is in it that has not happened.
    const whole = at % HOUR === 0;
    found.push(whole ? hourName(at) : slotName(at));
    at += whole ? HOUR : SLOT;
  }
  return found;
}

// Private

/** The hours these slots are in, or are. */
function hoursOf(slots: readonly string[]): string[] {
  return [...new Set(slots.map((slot) => slot.slice(0, 10)))];
}

interface Row {
  readonly name: string;
  entries: number;
  errors: number;
  readonly buckets: Map<number, number>;
}

function figures(
  sums: ReadonlyMap<string, number>,
): Omit<LogStatsAnswer, "hours" | "unique_visitors" | "top_paths" | "hosts" | "components"> {
  const sum = (name: string): number => sums.get(name) ?? 0;
  const named = (start: string): [string, number][] =>
    [...sums].flatMap(([name, count]) => (name.startsWith(start) ? [[name.slice(start.length), count]] : []));
  const buckets = new Map(named("bucket:").map(([bucket, count]) => [Number(bucket), count]));
  const timed = [...buckets.values()].reduce((total, count) => total + count, 0);
  const share = (part: number): number | null => percentile(buckets, part);
  return {
    total: sum("entries"),
    requests: sum("requests"),
    error_rate: percent(sum("errors"), sum("requests")),
    client_error_rate: percent(sum("client_errors"), sum("requests")),
    bytes_in: sum("bytes_in"),
    bytes_out: sum("bytes_out"),
    response_time: {
      avg: timed === 0 ? null : Math.round(sum("microseconds") / timed) / 1000,
      p50: share(0.5),
      p95: share(0.95),
      p99: share(0.99),
    },
    status_codes: Object.fromEntries(named("status:").sort(([a], [b]) => Number(a) - Number(b))),
    levels: Object.fromEntries(named("level:")) as Partial<Record<Level, number>>,
  };
}

function byEntries(rows: ReadonlyMap<string, Row>, most: number): Row[] {
  return [...rows.values()].sort((a, b) => b.entries - a.entries || (a.name < b.name ? -1 : 1)).slice(0, most);
}

/** Milliseconds; three digits are as much as a bin knows. */
function percentile(bins: Bins, share: number): number | null {
  const value = quantile(bins, share);
  return value === null ? null : Number(value.toPrecision(3));
}

/** Of two digits. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}
