/** What is logged and told comes out of the figures: per host and together, at every step, with its percentiles, and never without end. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import type { MetricName, Step } from "../../contract.ts";
import { StreamsConnection } from "../../orchestrator/streams-connection.ts";
import { PlatformKeys } from "../../redis/keys.ts";
import { parseExposition } from "../testing/exposition-parser.ts";
import { refreshHours } from "./hours.ts";
import { MetricsProcessor } from "./metrics-processor.ts";
import { MetricsView } from "./metrics-view.ts";
import { SeriesKeys } from "./series-keys.ts";

const bed = new AsyncDisposableStack();
const keys = new PlatformKeys("test", "");
let store: Store;
let metrics: MetricsView;
let processor: MetricsProcessor;
let sent = 0;

before(async () => {
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  const streams = new StreamsConnection({ url: redis.url, namespace: "test", retention: false });
  const signal = AbortSignal.timeout(10_000);
  await streams.start(signal);
  bed.defer(() => streams.stop());
  processor = new MetricsProcessor({ streams, keys, instance: "one", onTrouble: (_, message) => assert.fail(message), ttl: 500 });
  await processor.start(signal);
  bed.defer(() => processor.stop());
  store = streams.tide.store("test");
  await store.whenUp(10_000);
  metrics = new MetricsView({ streams, keys }, () => processor.statuses());
});

after(() => bed.disposeAsync());

test("requests of two hosts: rates, error shares, means and percentiles, alone and together", async () => {
  const at = minuteAgo();
  for (let n = 1; n <= 100; n++)
    await respond({ host: "A.example", status: n <= 5 ? 503 : n <= 15 ? 404 : 200, duration_ms: n, bytes_in: 2 }, at);
  for (let n = 0; n < 20; n++) await respond({ host: "b.example", status: 200, duration_ms: 1_000, bytes_out: 10 }, at + 1_000);
  await counted();
  const step = 10;
  assert.equal(await value("http_request_rate", "a.example", at, step), 10);
  assert.equal(await value("http_request_rate", "*", at, step), 12);
  assert.equal(await value("http_error_rate", "a.example", at, step), 5);
  assert.equal(await value("http_client_error_rate", "a.example", at, step), 10);
  assert.equal(await value("http_error_rate", "b.example", at, step), 0);
  assert.equal(await value("http_avg", "a.example", at, step), 50.5);
  assert.equal(await value("http_bytes_in", "a.example", at, step), 20);
  assert.equal(await value("http_bytes_out", "*", at, step), 20);
  near(await value("http_p50", "a.example", at, step), 50);
  near(await value("http_p99", "a.example", at, step), 99);
  near(await value("http_max", "a.example", at, step), 100);
  near(await value("http_p95", "*", at, step), 1_000);
  assert.equal(await value("http_request_rate", "a.example", at, 1), 100, "its second");
  assert.equal(await value("http_request_rate", "a.example", at + 1_000, 1), 0, "and the next");
  near(await value("http_p50", "a.example", at, 60), 50);
});

test("subjects: each on its own, by pattern, together; nothing of what nobody knows", async () => {
  const at = minuteAgo();
  const names = async (subject?: string): Promise<string[]> =>
    (
      await metrics.series({ metric: "http_p95", ...(subject === undefined ? {} : { subject }), from: at, to: at + 1, step: 10 })
    ).series.map((one) => one.subject);
  assert.deepEqual(await names(), ["a.example", "b.example"]);
  assert.deepEqual(await names("b*"), ["b.example"]);
  assert.deepEqual(await names("b.exampl?"), ["b.exampl?"]);
  assert.deepEqual(await names("*"), ["*"]);
  assert.equal(await value("http_request_rate", "nobody.example", at, 10), null);
  assert.equal(await value("http_request_rate", "a.example", at - 3_000_000, 10), null, "before it was first seen");
  assert.equal(await value("http_error_rate", "a.example", at + 30_000, 10), null, "no share of nothing");
});

test("only answers are requests; errors count by component, events by type", async () => {
  const at = minuteAgo() + 20_000;
  await write("logs:request:stream", ["level", "info", "component", "web"], { log_type: "http_request", host: "a.example" }, at);
  await write("logs:error:stream", ["level", "error", "component", "billing"], { log_type: "log", message: "no" }, at);
  await write("logs:system:stream", ["level", "info", "component", "billing"], { log_type: "log", message: "yes" }, at);
  await write("events:all:stream", ["event_type", "proxy_request_completed", "component", "p"], { host: "a.example", status: 200 }, at);
  await write("events:all:stream", ["event_type", "service_failed", "component", "o"], { service: "x" }, at);
  await counted();
  assert.equal(await value("http_request_rate", "a.example", at, 10), 0);
  assert.equal(await value("log_errors", "billing", at, 1), 1);
  assert.equal(await value("events", "service_failed", at, 1), 1);
  assert.equal(await value("events", "proxy_request_completed", at, 1), 1);
});

test("what makes no sense is read as far as it can be, and stops nothing", async () => {
  const before = await totalOf("*");
  for (const data of [
    { status: "x", duration_ms: -3, host: 7 },
    { status: 1e99, duration_ms: "12", bytes_in: null },
    { host: "h ost" },
    { host: "*" },
  ])
    await respond(data, Date.now());
  await respond({ host: "old.example", status: 200 }, 1_000);
  await respond({ host: "future.example", status: 200 }, Date.now() + 1e9);
  sent += 2;
  await store.call(["XADD", "logs:request:stream", "*", "level", "info", "data", "{no json"]);
  await store.call(["XADD", "logs:request:stream", "*", "something", "else"]);
  await counted();
  assert.equal((await totalOf("*")) - before, 6);
  assert.equal(await totalOf("_other"), 4);
  assert.deepEqual(await store.call(["KEYS", "metrics:*19700101*"]), [], "a time before all others is not believed");
});

test("a plain reader finds the hour of a host in one hash", async () => {
  const at = Date.now();
  for (const [ip, status] of [
    ["1.1.1.1", 200],
    ["1.1.1.1", 500],
    ["2.2.2.2", 200],
    ["3.3.3.3", 404],
  ] as const)
    await respond({ host: "hour.example", status, duration_ms: status / 10, ip, bytes_out: 5 }, at);
  await counted();
  await refreshHours(store, new SeriesKeys(keys), at);
  const hour = new Date(at).toISOString().slice(0, 13).replaceAll("-", "").replace("T", ":");
  const reply = await store.call(["HGETALL", `metrics:hour.example:${hour}`]);
  const found = Object.fromEntries(pairs(Array.isArray(reply) ? reply.map(String) : []));
  const { response_time_p50: p50, response_time_p95: p95, response_time_p99: p99, ...plain } = found;
  assert.deepEqual(plain, {
    request_count: "4",
    error_count: "1",
    error_rate: "25",
    bytes_out: "20",
    "status:200": "2",
    "status:404": "1",
    "status:500": "1",
    status_codes: '{"200":2,"404":1,"500":1}',
    response_time_avg: "32.6",
    response_time_min: "20",
    response_time_max: "50",
    unique_visitors: "3",
  });
  for (const [percentile, right] of [
    [p50, 20],
    [p95, 50],
    [p99, 50],
  ] as const)
    near(Number(percentile), right);
  assert.equal(await value("http_visitors", "hour.example", at, 60), 3);
});

test("a hundred hosts have series of their own; the rest are counted together, and nothing is left out", async () => {
  const before = await totalOf("*");
  for (let n = 0; n < 130; n++) await respond({ host: `many-${n}.example`, status: 200 }, Date.now());
  await counted();
  assert.equal((await totalOf("*")) - before, 130);
  const { series } = await metrics.series({ metric: "http_request_rate", from: Date.now() - 60_000, to: Date.now(), step: 60 });
  assert.equal(series.length, 100 + 1, "the hundred and _other");
});

test("every key of the figures ends by itself", async () => {
  const names = await store.call(["KEYS", "metrics:*"]);
  assert.ok(Array.isArray(names) && names.length > 100);
  for (const name of names) assert.ok(Number(await store.call(["TTL", String(name)])) > 0, String(name));
});

test("what was trimmed unread is a figure as well", async () => {
  await processor.stop();
  for (let n = 0; n < 8; n++) await respond({ host: "a.example", status: 200 }, Date.now());
  await store.call(["XTRIM", "logs:request:stream", "MAXLEN", "3"]);
  sent -= 5;
  await processor.start(AbortSignal.timeout(10_000));
  await counted();
  await until("its second is over", async () => {
    const { series } = await metrics.series({ metric: "telemetry_lost", from: Date.now() - 10_000, to: Date.now(), step: 1 });
    return series[0]?.values.reduce<number>((sum, one) => sum + (one ?? 0), 0) === 5;
  });
});

test("Prometheus reads all of it", async () => {
  const families = parseExposition(await metrics.exposition());
  const of = (name: string): number =>
    families.find((one) => one.name === `tidegate_${name}`)?.samples.reduce((sum, { value }) => sum + value, 0) ?? -1;
  const page = readFileSync(new URL("../../../../../docs/reference/metrics.md", import.meta.url), "utf8");
  assert.deepEqual(
    families.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``)),
    [],
    "all are in the documentation",
  );
  assert.equal(of("http_requests_total"), await totalOf("*"));
  assert.equal(of("log_errors_total"), 1);
  assert.equal(of("processor_lost_total"), 5);
  assert.equal(of("processor_lag"), 0);
  assert.ok(of("redis_memory_used_bytes") > 1e5);
  const durations = families.find(({ name }) => name === "tidegate_http_request_duration_seconds")?.samples ?? [];
  const a = durations.filter(({ labels }) => labels["host"] === "a.example");
  assert.equal(a.find(({ labels }) => labels["le"] === "0.05")?.value, 50);
  assert.equal(a.find(({ name }) => name.endsWith("_sum"))?.value, 5.05);
});

test("a component that nobody lets go on says so", async () => {
  assert.deepEqual(await processor.health(), { healthy: true });
  const statuses = await processor.statuses();
  assert.deepEqual(new Set(statuses.map(({ holder }) => holder)), new Set(["one"]));
  assert.deepEqual(statuses.map(({ stream }) => stream).toSorted(), [
    "events:all:stream",
    "logs:error:stream",
    "logs:request:stream",
    "logs:system:stream",
    "test:metrics:events",
  ]);
});

// Private

/** In the past, at the beginning of ten seconds and of a minute's half, so that no slot is divided. */
function minuteAgo(): number {
  return Math.floor((Date.now() - 90_000) / 60_000) * 60_000;
}

async function respond(data: Record<string, unknown>, at: number): Promise<void> {
  await write("logs:request:stream", ["level", "info", "component", "web"], { log_type: "http_response", ...data }, at);
}

async function write(stream: string, fields: string[], data: Record<string, unknown>, at: number): Promise<void> {
  sent++;
  await store.call(["XADD", stream, "*", ...fields, "timestamp", String(at), "data", JSON.stringify(data)]);
}

function counted(): Promise<void> {
  const streams = ["logs:request", "logs:error", "logs:system", "events:all"];
  return until(`all of ${sent} are counted`, async () => {
    const done = await Promise.all(streams.map((name) => store.call(["HGET", keys.cursor("metrics-group", `${name}:stream`), "done"])));
    return done.reduce<number>((sum, one) => sum + Number(one ?? 0), 0) >= sent;
  });
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what} did not come true`);
    await pause(5);
  }
}

async function value(metric: MetricName, subject: string, at: number, step: Step): Promise<number | null | undefined> {
  const { series } = await metrics.series({ metric, subject, from: at, to: at + 1, step });
  assert.equal(series[0]?.from, Math.floor(at / 1000 / step) * step * 1000);
  return series[0]?.values[0];
}

async function totalOf(host: string): Promise<number> {
  const text = await metrics.exposition();
  const lines = [...text.matchAll(/^tidegate_http_requests_total\{host="([^"]*)".*\} (\d+)$/gm)];
  return lines.reduce((sum, [, name, count]) => (host === "*" || host === name ? sum + Number(count) : sum), 0);
}

function near(found: number | null | undefined, right: number): void {
  assert.ok(Math.abs((found ?? NaN) - right) <= right * 0.0301, `${found} is not within 3 % of ${right}`);
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""] as [string, string]] : []));
}
