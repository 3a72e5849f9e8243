/** The last five minutes in one table, from the slots of ten seconds: `GET /api/v1/orchestrator/metrics`. */
import type { GroupInfo, Store } from "@tidegate/streams";
import type { OrchestratorMetricsAnswer, ProcessorStatus } from "../../contract.ts";
import { merge, quantile, readBins, type Bins } from "./histogram.ts";
import { ALL, OTHER, type Kind, type SeriesKeys } from "./series-keys.ts";
import { subjectsOf } from "./subjects.ts";

const STEP = 10;
const SLOTS = 30;

export async function recent(
  store: Store,
  keys: SeriesKeys,
  groups: readonly GroupInfo[],
  processors: ProcessorStatus[],
): Promise<OrchestratorMetricsAnswer> {
  const now = Date.now();
  const first = (Math.floor(now / 1000 / STEP) - SLOTS + 1) * STEP;
  const hosts = new Set([ALL, ...(await subjectsOf(store, keys, "http")), OTHER]);
  const http = await Promise.all([...hosts].map((host) => ofHost(store, keys, host, first, now)));
  return {
    at: now,
    http: http.filter(({ requests }) => requests > 0),
    groups: await Promise.all(groups.map((group) => ofGroup(store, keys, group, first))),
    processors,
  };
}

// Private

async function ofHost(
  store: Store,
  keys: SeriesKeys,
  host: string,
  first: number,
  now: number,
): Promise<OrchestratorMetricsAnswer["http"][number]> {
  const [sums, visitors] = await Promise.all([
    sum(store, keys, "http", host, first, ["n", "e"]),
    store.ask(["PFCOUNT", keys.visitors(host, Math.floor(now / 3_600_000))]),
  ]);
  const [requests = 0, errors = 0] = sums.counts;
  const at = (share: number): number | null => rounded(quantile(sums.bins, share));
  return {
    host,
    request_rate: rounded(requests / (now / 1000 - first)),
    error_rate: requests === 0 ? 0 : rounded((errors / requests) * 100),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    requests,
    unique_visitors: Number(visitors),
  };
}

async function ofGroup(
  store: Store,
  keys: SeriesKeys,
  { topic, group, lag, lagSeconds }: GroupInfo,
  first: number,
): Promise<OrchestratorMetricsAnswer["groups"][number]> {
  const { counts } = await sum(store, keys, "group", `${topic}/${group}`, first, ["acked", "retried", "dead"]);
  const [acked = 0, retried = 0, dead = 0] = counts;
  return { topic, group, acked, retried, dead_lettered: dead, lag, lag_seconds: lagSeconds };
}

async function sum(
  store: Store,
  keys: SeriesKeys,
  kind: Kind,
  subject: string,
  first: number,
  measures: readonly string[],
): Promise<{ counts: number[]; bins: Bins }> {
  const places = Array.from({ length: SLOTS }, (_, index) => keys.place(kind, subject, STEP, first + index * STEP));
  const wanted = [...measures, "h"];
  const rows = await Promise.all(
    [...Map.groupBy(places, ({ key }) => key)].map(async ([key, slots]) => {
      const reply = await store.ask(["HMGET", key, ...slots.flatMap(({ slot }) => wanted.map((measure) => `${slot}:${measure}`))]);
      return Array.isArray(reply) ? reply : [];
    }),
  );
  const values = rows.flat();
  const column = (at: number): unknown[] => values.filter((_, index) => index % wanted.length === at);
  return {
    counts: measures.map((_, at) => column(at).reduce<number>((total, value) => total + Number(value ?? 0), 0)),
    bins: merge(column(measures.length).map((text) => readBins(typeof text === "string" ? text : ""))),
  };
}

function rounded<T extends number | null>(value: T): T {
  return (value === null ? null : Math.round(value * 1000) / 1000) as T;
}
