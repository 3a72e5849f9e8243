/** Keys of the log index. `<hour>` is `YYYYMMDDHH`, `<slot>` an hour or five minutes (`YYYYMMDDHHmm`), all of UTC. */
import type { PlatformKeys } from "../../redis/keys.ts";
import { hourName } from "./entry-ids.ts";
import type { Field } from "./terms.ts";

export const SOURCES = ["logs", "events"] as const;
export type Source = (typeof SOURCES)[number];

/** What is counted by name. */
export type StatsTable = "paths" | "hosts" | "components";

export class LogKeys {
  readonly #keys: PlatformKeys;

  constructor(keys: PlatformKeys) {
    this.#keys = keys;
  }

  stream(source: Source): string {
    return this.#keys.stream(source, "all");
  }

  /** hash id, …: where the index stands in the stream; owner: `Processor`. */
  cursor(source: Source): string {
    return this.#keys.cursor(GROUP, this.stream(source));
  }

  /** zset of the hours (ms) that have postings; each goes with the stream's last entry of it. */
  hours(source: Source): string {
    return this.#keys.own("log", "hours", source);
  }

  /** Two hashes, TTL 90 days, removed with the hour: the newest ids by value, and the full texts of 1,024 ids each. */
  postings(source: Source, hour: number, field: Field): [newest: string, full: string] {
    const part = source === "logs" ? [] : [source];
    const key = this.#keys.own("log", "idx", hourName(hour), ...part, field);
    return [key, `${key}:full`];
  }

  /** hash `<minute>:<level>` or `<minute>:event` → entries, TTL 8 days: what happened, whether the entries are still there or not. */
  counts(hour: number): string {
    return this.#keys.own("log", "count", hourName(hour));
  }

  /** hash of counters of one slot, TTL 8 days for an hour, 26 hours for five minutes. */
  stats(slot: string): string {
    return this.#keys.own("log", "stats", slot);
  }

  /** hash by name of one slot: `=<name>` entries, `!<name>` errors, `<bucket>@<name>` response times; `#` how many names. TTL as `stats`. */
  table(slot: string, table: StatsTable): string {
    return `${this.stats(slot)}:${table}`;
  }

  /** HyperLogLog of addresses of one slot, all or one host's; TTL as `stats`. */
  visitors(slot: string, host?: string): string {
    return `${this.stats(slot)}:visitors${host === undefined ? "" : `:${host}`}`;
  }
}

export const GROUP = "log-index";
