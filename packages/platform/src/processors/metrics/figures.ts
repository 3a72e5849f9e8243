/** How each metric is made of what its slots hold. */
import type { MetricName } from "../../contract.ts";
import type { Kind } from "./series-keys.ts";

export type Figure =
  /** Counted: a second's share; nothing counted is 0. */
  | { readonly kind: Kind; readonly how: "rate"; readonly measure: string }
  /** Percent, or a mean, of one measure by another, times `by`; nothing to divide by is null. */
  | { readonly kind: Kind; readonly how: "ratio"; readonly measure: string; readonly of: string; readonly by: number }
  /** Of the histogram; 1 is the highest. */
  | { readonly kind: Kind; readonly how: "quantile"; readonly share: number }
  /** Read from time to time: the highest of a slot; holds until the next, for a while. */
  | { readonly kind: Kind; readonly how: "reading"; readonly measure: string }
  | { readonly kind: "http"; readonly how: "visitors" };

const rate = (kind: Kind, measure: string): Figure => ({ kind, how: "rate", measure });
const ratio = (measure: string, of: string, by: number): Figure => ({ kind: "http", how: "ratio", measure, of, by });
const quantile = (share: number): Figure => ({ kind: "http", how: "quantile", share });
const reading = (kind: Kind, measure: string): Figure => ({ kind, how: "reading", measure });

export const FIGURES: Readonly<Record<MetricName, Figure>> = {
  http_request_rate: rate("http", "n"),
  http_error_rate: ratio("e", "n", 100),
  http_client_error_rate: ratio("c", "n", 100),
  http_p50: quantile(0.5),
  http_p95: quantile(0.95),
  http_p99: quantile(0.99),
  http_avg: ratio("us", "t", 0.001),
  http_max: quantile(1),
  http_bytes_in: rate("http", "i"),
  http_bytes_out: rate("http", "o"),
  http_visitors: { kind: "http", how: "visitors" },
  log_errors: rate("log", "n"),
  events: rate("event", "n"),
  topic_published: rate("topic", "n"),
  group_acked: rate("group", "acked"),
  group_retried: rate("group", "retried"),
  group_dead_lettered: rate("group", "dead"),
  group_lag: reading("group", "lag"),
  group_lag_seconds: reading("group", "age"),
  group_pending: reading("group", "pending"),
  group_silence: reading("group", "silence"),
  redis_memory: reading("redis", "share"),
  redis_memory_bytes: reading("redis", "used"),
  redis_evicting: reading("redis", "evicting"),
  redis_aof_delayed: rate("redis", "aof"),
  redis_clients: reading("redis", "clients"),
  redis_ops: reading("redis", "ops"),
  telemetry_lost: rate("lost", "n"),
};
