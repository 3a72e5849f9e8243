/**
 * What a batch adds to the counters: entries per minute and level, and per hour and five minutes the figures of `LogStatsAnswer`.
 * Requests are counted by `http_response` only. Everything counted by name is bounded by the script.
 */
import type { TelemetryRecord } from "@tidegate/streams";
import { HOUR, hourName, hourOf, millisecondOf } from "./entry-ids.ts";
import type { LogKeys, StatsTable } from "./log-keys.ts";
import { binOf } from "../metrics/histogram.ts";
import { bounded, fieldOf, levelOf, termOf } from "./terms.ts";

/** Milliseconds of the short slots. */
export const SLOT = 300_000;
const HOURS_KEPT = 8 * 86_400;
const SLOTS_KEPT = 26 * 3_600;
/** Names of one slot; what a scanner asks for must not fill Redis. */
const MOST_NAMES: Readonly<Record<StatsTable, number>> = { paths: 200, hosts: 100, components: 200 };

interface Row {
  entries: number;
  errors: number;
  readonly buckets: Record<string, number>;
}

interface Bin {
  readonly kept: number;
  readonly counters: Map<string, number>;
  readonly tables: Readonly<Record<StatsTable, Map<string, Row>>>;
  /** Addresses by host, `""` all. */
  readonly visitors: Map<string, Set<string>>;
}

/** `202601310805` for five minutes; an hour is `2026013108`. */
export function slotName(at: number): string {
  return `${hourName(Math.floor(at / HOUR) * HOUR)}${String(Math.floor((at % HOUR) / SLOT) * 5).padStart(2, "0")}`;
}

export class Tally {
  readonly #minutes = new Map<number, Map<string, number>>();
  readonly #hours = new Map<number, Bin>();
  readonly #slots = new Map<number, Bin>();

  add(id: string, record: TelemetryRecord): void {
    const [at, hour] = [millisecondOf(id), hourOf(id)];
    const minute = Math.floor((at - hour) / 60_000);
    raise(entry(this.#minutes, hour, newCounters), `${minute}:${levelOf(record) ?? "event"}`);
    const facts = factsOf(record);
    count(entry(this.#hours, hour, newHour), facts);
    count(entry(this.#slots, Math.floor(at / SLOT) * SLOT, newSlot), facts);
  }

  /** Lists for `append.lua`; `place` answers the number of a key. */
  lists(keys: LogKeys, place: (key: string) => number): { counters: unknown[]; tables: unknown[]; visitors: unknown[] } {
    const counters: unknown[] = [...this.#minutes].map(([hour, found]) => [place(keys.counts(hour)), HOURS_KEPT, ...[...found].flat()]);
    const tables: unknown[] = [];
    const visitors: unknown[] = [];
    for (const [slot, bin] of this.#named()) {
      counters.push([place(keys.stats(slot)), bin.kept, ...[...bin.counters].flat()]);
      for (const [table, rows] of Object.entries(bin.tables) as [StatsTable, Map<string, Row>][]) {
        const flat = [...rows].flatMap(([name, { entries, errors, buckets }]) => [name, entries, errors, buckets]);
        if (flat.length > 0) tables.push([place(keys.table(slot, table)), bin.kept, MOST_NAMES[table], ...flat]);
      }
      for (const [host, found] of bin.visitors) {
        const table = host === "" ? 0 : place(keys.table(slot, "hosts"));
        visitors.push([place(keys.visitors(slot, host === "" ? undefined : host)), bin.kept, table, host, ...found]);
      }
    }
    return { counters, tables, visitors };
  }

  #named(): [string, Bin][] {
    return [
      ...[...this.#hours].map(([at, bin]): [string, Bin] => [hourName(at), bin]),
      ...[...this.#slots].map(([at, bin]): [string, Bin] => [slotName(at), bin]),
    ];
  }
}

// Private

interface Facts {
  readonly level: string | null;
  readonly component: string;
  readonly failed: boolean;
  readonly request: RequestFacts | null;
}

interface RequestFacts {
  readonly status: number;
  readonly path: string;
  readonly host: string | null;
  readonly ip: string | null;
  /** Milliseconds. */
  readonly duration: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

function factsOf(record: TelemetryRecord): Facts {
  const level = levelOf(record);
  const failed = level === "error" || level === "critical";
  const request = record.logType === "http_response" ? requestOf(record) : null;
  return { level, component: bounded(record.component), failed, request };
}

function requestOf(record: TelemetryRecord): RequestFacts {
  const amount = (...names: string[]): number => Math.max(0, Number(fieldOf(record, ...names)) || 0);
  const duration = fieldOf(record, "duration_ms", "response_time_ms");
  const host = termOf(record, "host");
  return {
    status: amount("status", "status_code"),
    path: bounded(fieldOf(record, "route") ?? termOf(record, "path") ?? ""),
    host: host === null ? null : bounded(host),
    ip: termOf(record, "ip")?.toWellFormed() ?? null,
    duration: duration === null ? null : Math.max(0, Number(duration) || 0),
    bytesIn: amount("bytes_in"),
    bytesOut: amount("bytes_out", "bytes_sent"),
  };
}

function count(bin: Bin, { level, component, failed, request }: Facts): void {
  raise(bin.counters, "entries");
  if (level !== null) raise(bin.counters, `level:${level}`);
  if (component !== "") raiseRow(bin, "components", component, failed, null);
  if (request !== null) countRequest(bin, request);
}

function countRequest(bin: Bin, request: RequestFacts): void {
  const { counters } = bin;
  const failed = request.status >= 500;
  raise(counters, "requests");
  if (failed) raise(counters, "errors");
  else if (request.status >= 400) raise(counters, "client_errors");
  raise(counters, `status:${request.status}`);
  raise(counters, "bytes_in", request.bytesIn);
  raise(counters, "bytes_out", request.bytesOut);
  const bucket = request.duration === null ? null : binOf(request.duration);
  if (request.duration !== null) raise(counters, "microseconds", Math.round(request.duration * 1000));
  if (bucket !== null) raise(counters, `bucket:${bucket}`);
  // Most of what there is to count, so it is counted by the hour only: percentiles of a path, visitors of a host.
  const whole = bin.kept === HOURS_KEPT;
  raiseRow(bin, "paths", request.path, failed, whole ? bucket : null);
  if (request.host !== null) raiseRow(bin, "hosts", request.host, failed, null);
  if (request.ip !== null) {
    entry(bin.visitors, "", newSet).add(request.ip);
    if (whole && request.host !== null) entry(bin.visitors, request.host, newSet).add(request.ip);
  }
}

function raiseRow(bin: Bin, table: StatsTable, name: string, failed: boolean, bucket: number | null): void {
  const row = entry(bin.tables[table], name, newRow);
  row.entries += 1;
  if (failed) row.errors += 1;
  if (bucket !== null) row.buckets[bucket] = (row.buckets[bucket] ?? 0) + 1;
}

function raise(counters: Map<string, number>, name: string, by = 1): void {
  if (by > 0) counters.set(name, (counters.get(name) ?? 0) + Math.round(by));
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function newCounters(): Map<string, number> {
  return new Map();
}

function newSet(): Set<string> {
  return new Set();
}

function newRow(): Row {
  return { entries: 0, errors: 0, buckets: {} };
}

function newHour(): Bin {
  return newBin(HOURS_KEPT);
}

function newSlot(): Bin {
  return newBin(SLOTS_KEPT);
}

function newBin(kept: number): Bin {
  const tables = { paths: new Map(), hosts: new Map(), components: new Map() };
  return { kept, counters: new Map(), tables, visitors: new Map() };
}
