import assert from "node:assert/strict";
import { test } from "node:test";
import { LogBed, type Entry } from "./testing/log-bed.ts";
import { slotsOf } from "./log-stats.ts";

const HOUR = 3_600_000;

function answered(status: number, more: Record<string, unknown> = {}): Entry {
  const level = status >= 500 ? "error" : "info";
  const data = {
    log_type: "http_response",
    message: "",
    method: "GET",
    path: "/a",
    status,
    duration_ms: 10,
    bytes_in: 5,
    bytes_out: 100,
    ...more,
  };
  return { level, component: "edge", data };
}

test("the statistics are those of what was logged", async () => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  await bed.write([
    ...Array.from({ length: 80 }, (_, n) => answered(200, { ip: `10.0.0.${n % 20}`, host: "a.example", duration_ms: n + 1 })),
    ...Array.from({ length: 15 }, () =>
      answered(404, { ip: "10.0.0.1", host: "b.example", path: "/b/7", route: "/b/{id}", duration_ms: 50 }),
    ),
    ...Array.from({ length: 5 }, () =>
      answered(503, { ip: "10.0.0.99", host: "b.example", path: "/b/8", route: "/b/{id}", duration_ms: 900 }),
    ),
    { level: "info", component: "edge", data: { log_type: "http_request", method: "GET", path: "/a", ip: "10.0.0.77" } },
    { level: "critical", component: "worker", data: { message: "out of cheese" } },
    { event_type: "service_started", component: "tidegate", data: { service: "a" } },
  ]);
  await bed.indexed();
  const stats = await index.logs.stats(1);
  assert.deepEqual([stats.total, stats.requests, stats.error_rate, stats.client_error_rate], [103, 100, 5, 15]);
  assert.deepEqual([stats.bytes_in, stats.bytes_out, stats.unique_visitors], [500, 10_000, 21]);
  assert.deepEqual(stats.status_codes, { "200": 80, "404": 15, "503": 5 });
  assert.deepEqual(stats.levels, { info: 96, error: 5, critical: 1 });
  assert.deepEqual(stats.components, [
    { component: "edge", entries: 101, errors: 5 },
    { component: "tidegate", entries: 1, errors: 0 },
    { component: "worker", entries: 1, errors: 1 },
  ]);
  assert.deepEqual(
    stats.hosts.map(({ host, requests, error_rate, unique_visitors }) => [host, requests, error_rate, unique_visitors]),
    [
      ["a.example", 80, 0, 20],
      ["b.example", 20, 25, 2],
    ],
  );
  assert.deepEqual(
    stats.top_paths.map(({ path, requests, errors }) => [path, requests, errors]),
    [
      ["/a", 80, 0],
      ["/b/{id}", 20, 5],
    ],
  );
  near(stats.response_time.avg, (3240 + 750 + 4500) / 100, 0.01);
  near(stats.response_time.p50, 50, 0.06);
  near(stats.response_time.p99, 900, 0.06);
  near(stats.top_paths[0]?.p95, 76, 0.06);
});

test("names from strangers cannot fill Redis: the rest of a slot shares a row", async () => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  await bed.write(
    Array.from({ length: 1_500 }, (_, n) => answered(404, { path: `/scan/${n}`, host: `h${n}.example`, ip: `10.0.${n % 250}.1` })),
  );
  await bed.indexed();
  const { top_paths: paths, requests } = await index.logs.stats(1);
  assert.equal(requests, 1_500);
  assert.deepEqual([paths[0]?.path, (paths[0]?.requests ?? 0) >= 1_000], ["(other)", true]);
  const keys = await bed.ask("KEYS", "log:stats:*:visitors:*");
  assert.ok(Array.isArray(keys) && keys.length <= 400, `${String(Array.isArray(keys) && keys.length)} keys`);
});

test("everything is counted once, also when another process goes on", async () => {
  await using bed = await LogBed.open();
  await bed.write(Array.from({ length: 3_000 }, () => answered(200)));
  for (let n = 0; n < 5; n++) {
    await using one = await bed.index(`short-${n}`);
    await bed.write(Array.from({ length: 100 }, () => answered(200)));
    await one.stop();
  }
  const last = await bed.index("last");
  await bed.indexed();
  assert.equal((await last.logs.stats(1)).requests, 3_500);
  assert.equal((await last.logs.search({ status: "200" })).total, 3_500);
});

test("an index whose cursor was lost begins anew and counts nothing twice", async () => {
  await using bed = await LogBed.open();
  {
    await using one = await bed.index();
    await bed.write(Array.from({ length: 700 }, () => answered(200)));
    await bed.indexed();
    await one.stop();
  }
  await bed.ask("DEL", bed.keys.cursor("logs"));
  const again = await bed.index("again");
  await bed.indexed();
  assert.equal((await again.logs.search({ status: "200" })).total, 700);
  assert.equal((await again.logs.stats(1)).requests, 700);
});

test("the histogram tells entries by time and level, with and without conditions", async () => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  const start = Math.floor((Date.now() - HOUR) / 60_000) * 60_000;
  const entries = Array.from({ length: 120 }, (_, n) => ({ ...answered(n % 10 === 0 ? 500 : 200), id: `${start + n * 20_000}-0` }));
  await bed.write(entries);
  await bed.write([{ event_type: "service_started", component: "tidegate", data: {}, id: `${start}-0` }]);
  await bed.indexed();
  const range = { from: start, to: start + 40 * 60_000 - 1 };
  const all = await index.logs.histogram(range);
  assert.deepEqual([all.step, all.buckets.length, all.complete], [60_000, 40, true]);
  assert.deepEqual(all.buckets[0], { at: start, counts: { error: 1, info: 2, event: 1 } });
  assert.deepEqual(await index.logs.histogram({ ...range, status: "500" }).then(({ buckets }) => buckets[0]?.counts), { error: 1 });
  for (const query of [{ level: "error" as const }, { status: "5xx" }, { q: "http_response", status_min: 500 }]) {
    const { buckets } = await index.logs.histogram({ ...range, ...query });
    const sum = buckets.reduce((total, { counts }) => total + (counts.error ?? 0) + (counts.info ?? 0), 0);
    assert.equal(sum, query.q === undefined ? 12 : 0, JSON.stringify(query));
  }
});

test("a histogram of one condition is of all entries, however many, and of those not indexed yet", async () => {
  await using bed = await LogBed.open();
  const hour = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
  const entries = Array.from({ length: 25_000 }, (_, n) => ({
    ...answered(n % 100 === 0 ? 500 : 200, { host: "a.example" }),
    id: `${hour + n * 200}-${n % 3}`,
  }));
  await bed.write(entries);
  {
    await using index = await bed.index();
    await bed.indexed();
    await index.stop();
  }
  await bed.ask("HSET", "tidegate:lease:log-index:logs:all:stream", "holder", "ghost", "until", String(Date.now() + 60_000), "fence", "99");
  const idle = await bed.index("idle");
  await bed.write([answered(500, { host: "a.example" })]);
  const { buckets, complete } = await idle.logs.histogram({ host: "A.example", from: hour });
  const sum = (name: "info" | "error"): number => buckets.reduce((total, { counts }) => total + (counts[name] ?? 0), 0);
  assert.deepEqual([sum("info"), sum("error"), complete], [24_750, 251, true]);
  assert.deepEqual(
    buckets.filter(({ at }) => at < hour + HOUR).reduce((total, { counts }) => total + (counts.error ?? 0), 0),
    180,
  );
});

test("the last hours are whole hours after the five minutes they begin with", () => {
  const now = Date.parse("2026-01-31T08:17:30Z");
  const slots = slotsOf(2, now);
  assert.deepEqual([slots[0], slots.at(-1)], ["202601310615", "2026013108"]);
  assert.equal(slots.length, 9 + 2);
  assert.deepEqual(slotsOf(26, now).slice(0, 2), ["2026013006", "2026013007"]);
});

function near(found: number | null | undefined, wanted: number, tolerance: number): void {
  assert.ok(Math.abs((found ?? -1) - wanted) <= wanted * tolerance, `${found} is not within ${tolerance * 100} % of ${wanted}`);
}
