/**
 * `metrics:<host>:<YYYYMMDD:HH>`: what a plain HGETALL cannot work out – percentiles, rates, visitors – is written beside the counters once
 * a minute, for this hour and the one before. From what is counted, so that it does not matter who does it, or how often.
 */
import type { Store } from "@tidegate/streams";
import { fieldsOf } from "../hash-fields.ts";
import { quantile, readBins } from "./histogram.ts";
import { ALL, OTHER, type SeriesKeys } from "./series-keys.ts";
import { subjectsOf } from "./subjects.ts";

export async function refreshHours(store: Store, keys: SeriesKeys, now: number): Promise<void> {
  const hour = Math.floor(now / 3_600_000);
  const hosts = new Set([ALL, OTHER, ...(await subjectsOf(store, keys, "http"))]);
  for (const host of hosts) for (const one of [hour - 1, hour]) await refreshHour(store, keys, host, one);
}

// Private

async function refreshHour(store: Store, keys: SeriesKeys, host: string, hour: number): Promise<void> {
  const key = keys.hourly(host, hour);
  const counters = fieldsOf(await store.ask(["HGETALL", key]));
  const requests = Number(counters["request_count"] ?? 0);
  if (requests === 0) return;
  const { key: series, slot, expires } = keys.place("http", host, 3600, hour * 3600);
  const [reply, visitors] = await Promise.all([
    store.ask(["HMGET", series, `${slot}:h`, `${slot}:us`, `${slot}:t`]),
    store.ask(["PFCOUNT", keys.visitors(host, hour)]),
  ]);
  const [bins, us, timed] = Array.isArray(reply) ? reply : [];
  const derived = {
    error_rate: round((Number(counters["error_count"] ?? 0) / requests) * 100),
    unique_visitors: String(visitors),
    status_codes: JSON.stringify(statusesOf(counters)),
    ...(Number(timed ?? 0) > 0 ? timesOf(String(bins ?? ""), Number(us) / Number(timed)) : {}),
  };
  await store.ask(["HSET", key, ...Object.entries(derived).flat()]);
  // The HyperLogLog goes after two days, what it said stays with the hour.
  await store.ask(["HSET", series, `${slot}:v`, String(visitors)]);
  await store.ask(["EXPIREAT", series, String(expires)]);
}

function timesOf(bins: string, microseconds: number): Record<string, string> {
  const histogram = readBins(bins);
  const at = (share: number): string => round(quantile(histogram, share) ?? 0);
  return {
    response_time_avg: round(microseconds / 1000),
    response_time_p50: at(0.5),
    response_time_p95: at(0.95),
    response_time_p99: at(0.99),
  };
}

function statusesOf(counters: Readonly<Record<string, string>>): Record<string, number> {
  const statuses = Object.entries(counters).filter(([field]) => field.startsWith("status:"));
  return Object.fromEntries(statuses.map(([field, count]) => [field.slice("status:".length), Number(count)]));
}

function round(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
