import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect, type Store } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import type { MetricsAnswer, MetricSeriesAnswer, OrchestratorMetricsAnswer, Problem } from "../contract.ts";
import { StreamsConnection } from "../orchestrator/streams-connection.ts";
import type { Observation } from "../processors/compose.ts";
import { MetricsProcessor } from "../processors/metrics/metrics-processor.ts";
import { MetricsView } from "../processors/metrics/metrics-view.ts";
import { parseExposition } from "../processors/testing/exposition-parser.ts";
import { PlatformKeys } from "../redis/keys.ts";
import { controlServer, noObservation } from "./testing/control-server.ts";

const bed = new AsyncDisposableStack();
const keys = new PlatformKeys("test", "");
let store: Store;
let url: string;
let token: string;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-metrics-"));
  bed.defer(() => rm(folder, { recursive: true }));
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  const streams = new StreamsConnection({ url: redis.url, namespace: "test", retention: false });
  const signal = AbortSignal.timeout(10_000);
  await streams.start(signal);
  bed.defer(() => streams.stop());
  const processor = new MetricsProcessor({ streams, keys, instance: "one", onTrouble: () => {} });
  await processor.start(signal);
  bed.defer(() => processor.stop());
  store = streams.tide.store("test");
  await store.whenUp(10_000);
  const metrics = new MetricsView({ streams, keys }, () => processor.statuses());
  const auth = await Auth.open(folder);
  // Says nothing, so that the questions of this test are not among what is counted.
  const server = controlServer({
    tide: bed.use(await connect({ url: redis.url, namespace: "test", retention: false, telemetry: false })),
    auth,
    observation: observe(metrics),
  });
  bed.defer(() => server.stop());
  ({ url } = await server.start());
  token = auth.firstToken ?? "";
  await fill();
});

after(() => bed.disposeAsync());

test("series: the subjects of a metric, at the step asked for or one that fits", async () => {
  const to = Date.now();
  const answer = await read<MetricSeriesAnswer>(
    `/api/v1/metrics/series?metric=http_request_rate&subject=*.example&step=10&from=${to - 60_000}&to=${to}`,
  );
  assert.deepEqual([answer.metric, answer.step], ["http_request_rate", 10]);
  assert.deepEqual(
    answer.series.map(({ subject }) => subject),
    ["a.example", "b.example"],
  );
  assert.ok(answer.series.every(({ values }) => values.length === 6 || values.length === 7));
  assert.equal((await read<MetricSeriesAnswer>("/api/v1/metrics/series?metric=http_p99")).step, 10);
  assert.equal((await read<MetricSeriesAnswer>(`/api/v1/metrics/series?metric=http_p99&from=${to - 60_000}`)).step, 1);
  assert.equal((await read<MetricSeriesAnswer>(`/api/v1/metrics/series?metric=http_p99&from=${to - 30_000_000}`)).step, 60);
  assert.equal((await read<MetricSeriesAnswer>(`/api/v1/metrics/series?metric=http_p99&from=${to - 864_000_000}`)).step, 3600);
});

test("series: what cannot be answered is refused in words", async () => {
  const refused = async (query: string): Promise<string> => {
    const answer = await get(`/api/v1/metrics/series?${query}`);
    assert.equal(answer.status, 400, query);
    return ((await answer.json()) as Problem).code;
  };
  assert.equal(await refused("metric=speed"), "INVALID_REQUEST");
  assert.equal(await refused("metric=http_p99&step=7"), "INVALID_REQUEST");
  assert.equal(await refused("metric=http_p99&from=soon"), "INVALID_REQUEST");
  assert.equal(await refused("metric=http_p99&from=5&to=5"), "INVALID_REQUEST");
  assert.equal(await refused("metric=http_p99&from=1&step=1"), "INVALID_REQUEST");
});

test("the last five minutes per host, and the processors", async () => {
  const { http, processors } = await read<OrchestratorMetricsAnswer>("/api/v1/orchestrator/metrics");
  assert.deepEqual(
    http.map(({ host, requests, error_rate, unique_visitors }) => [host, requests, error_rate, unique_visitors]),
    [
      ["*", 12, 25, 2],
      ["a.example", 9, 33.333, 2],
      ["b.example", 3, 0, 1],
    ],
  );
  assert.ok(Math.abs((http[1]?.p50 ?? 0) - 40) < 1.3);
  assert.equal(processors.find(({ stream }) => stream === "logs:request:stream")?.processed, 12);
});

test("/api/metrics has the server as before, and messaging", async () => {
  const { memory, messaging } = await read<MetricsAnswer>("/api/metrics");
  assert.ok(memory.used_memory > 0);
  assert.deepEqual(messaging, { seconds: 60, topics: {} });
});

test("/metrics is Prometheus text, and not for everybody", async () => {
  assert.equal((await fetch(`${url}/metrics`)).status, 401);
  const answer = await get("/metrics");
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const families = parseExposition(await answer.text());
  const requests = families.find(({ name }) => name === "tidegate_http_requests_total")?.samples;
  assert.deepEqual(
    requests?.map(({ labels, value }) => [labels["host"], labels["status_class"], value]),
    [
      ["a.example", "2xx", 6],
      ["a.example", "5xx", 3],
      ["b.example", "2xx", 3],
    ],
  );
});

// Private

function observe(metrics: MetricsView): Observation {
  const others = noObservation();
  return new Proxy(others, { get: (_target, name) => (name === "metrics" ? metrics : Reflect.get(others, name)) });
}

async function fill(): Promise<void> {
  const respond = (data: object): Promise<unknown> =>
    store.call([
      "XADD",
      "logs:request:stream",
      "*",
      "level",
      "info",
      "data",
      JSON.stringify({ log_type: "http_response", duration_ms: 40, ...data }),
    ]);
  for (let n = 0; n < 9; n++) await respond({ host: "a.example", status: n % 3 === 0 ? 500 : 200, ip: `10.0.0.${n % 2}` });
  for (let n = 0; n < 3; n++) await respond({ host: "b.example", status: 200, ip: "10.0.0.0" });
  const end = performance.now() + 20_000;
  while (Number(await store.call(["HGET", keys.cursor("metrics-group", "logs:request:stream"), "done"])) < 12) {
    if (performance.now() > end) throw new Error("the requests were not counted");
    await pause(5);
  }
}

function get(path: string): Promise<Response> {
  return fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
}

async function read<T>(path: string): Promise<T> {
  const answer = await get(path);
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()) as T;
}
