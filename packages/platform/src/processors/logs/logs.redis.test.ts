import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogQuery, LogsAnswer } from "../../contract.ts";
import { everything, LogBed, type Entry } from "./testing/log-bed.ts";
import type { Kind } from "./plan.ts";

const HOUR = 3_600_000;

function response(n: number, more: Record<string, unknown> = {}): Entry {
  const status = [200, 200, 404, 200, 500][n % 5] ?? 200;
  const data = {
    log_type: "http_response",
    message: `GET /orders/${n % 7} ${status}`,
    method: n % 2 === 0 ? "GET" : "POST",
    path: `/orders/${n % 7}`,
    host: n % 3 === 0 ? "Shop.example" : "api.example",
    ip: `10.0.0.${n % 4}`,
    client: `client-${n % 6}`,
    user: `user-${n % 8}`,
    status,
    duration_ms: 10 + (n % 10),
    bytes_out: 100,
    ...more,
  };
  return {
    level: status === 500 ? "error" : status === 404 ? "warn" : "info",
    component: "edge",
    trace_id: "a".repeat(31) + (n % 9),
    data,
  };
}

test("every condition finds what it should and nothing else, newest first, indexed or not", async (t) => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  const entries: Entry[] = Array.from({ length: 1_300 }, (_, n) => response(n));
  entries.push({ level: "info", component: "worker", data: { message: "a plain one, with Straße" } });
  entries.push({ event_type: "service_started", component: "tidegate", data: { service: "a", kind: "demo" } });
  entries.push({ event_type: "service_stopped", component: "tidegate", data: { service: "a", kind: "demo" } });
  const ids = await bed.write(entries);
  await bed.indexed();
  const cases: [LogQuery, (entry: Entry, data: Record<string, unknown>) => boolean, (number | null)?, Kind?][] = [
    [{}, () => true],
    [{ ip: "10.0.0.3" }, (_, data) => data["ip"] === "10.0.0.3"],
    [{ host: "SHOP.example" }, (_, data) => data["host"] === "Shop.example"],
    [{ hostname: "api.example" }, (_, data) => data["host"] === "api.example"],
    [{ client: "client-2" }, (_, data) => data["client"] === "client-2"],
    [{ user: "user-7" }, (_, data) => data["user"] === "user-7"],
    [{ status: "404" }, (_, data) => data["status"] === 404],
    [{ status: "4xx" }, (_, data) => data["status"] === 404],
    [{ status_min: 400 }, (_, data) => Number(data["status"]) >= 400],
    [{ status_min: 400, status_max: 499 }, (_, data) => data["status"] === 404],
    [{ method: "post" }, (_, data) => data["method"] === "POST"],
    [{ path: "/orders/3" }, (_, data) => data["path"] === "/orders/3"],
    [{ path: "/orders/*" }, (_, data) => "path" in data, null],
    [{ level: "warn" }, (entry) => entry.level === "warn" || entry.level === "error"],
    [{ component: "worker" }, (entry) => entry.component === "worker"],
    [{ trace: `${"a".repeat(31)}4` }, (entry) => entry.trace_id === `${"a".repeat(31)}4`],
    [{ event: "service_" }, (entry) => entry.event_type !== undefined],
    [{ event: "service_stopped" }, (entry) => entry.event_type === "service_stopped"],
    [{ q: "STRASSE" }, () => false, null],
    [{ q: "straße" }, (entry) => entry.component === "worker", null],
    [{ ip: "10.0.0.1", status: "5xx" }, (_, data) => data["ip"] === "10.0.0.1" && data["status"] === 500, null],
    [{ ip: "10.0.0.1", q: "orders/2" }, (_, data) => data["ip"] === "10.0.0.1" && data["path"] === "/orders/2", null],
    [{ ip: "10.9.9.9" }, () => false],
    [{}, (entry) => entry.event_type !== undefined, 2, "events"],
    [{}, (entry) => entry.level === "error", null, "errors"],
    [{}, (entry) => entry.level === "error" || entry.level === "warn", null, "warnings"],
  ];
  for (const [query, fits, total, kind] of cases)
    await t.test(`${kind ?? ""} ${JSON.stringify(query)}`, async () => {
      const wanted = ids.filter((_, n) => fits(entries[n] ?? {}, entries[n]?.data ?? {}));
      assert.deepEqual((await everything(index.logs, { ...query, limit: 100 }, kind)).sort(), wanted.toSorted());
      const page = await index.logs.search({ ...query, limit: 5 }, kind);
      assert.equal(page.total, total === undefined ? wanted.length : total);
      const times = page.logs.map(({ id }) => Number.parseInt(id, 10));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    });
  assert.deepEqual(bed.troubles, []);
});

test("what was logged is found at once, also while nobody indexes", async () => {
  await using bed = await LogBed.open();
  {
    await using first = await bed.index();
    await bed.write([response(1)]);
    await bed.indexed();
    const [id] = await bed.write([response(5, { ip: "10.1.1.1" })]);
    const { logs, total } = await first.logs.search({ ip: "10.1.1.1" });
    assert.deepEqual([logs.map((entry) => entry.id), total], [[id], 1]);
    await bed.indexed();
    await first.stop();
  }
  // Its lease is held by somebody who does nothing.
  await bed.ask("HSET", "tidegate:lease:log-index:logs:all:stream", "holder", "ghost", "until", String(Date.now() + 60_000), "fence", "99");
  const idle = await bed.index("idle");
  const ids = await bed.write(Array.from({ length: 30 }, () => response(5, { ip: "10.1.1.1" })));
  const { logs, total } = await idle.logs.search({ ip: "10.1.1.1" });
  assert.equal(total, 31);
  assert.deepEqual(
    logs.slice(0, 30).map((entry) => entry.id),
    ids.toReversed(),
  );
});

test("a cursor stays valid while entries come and go", async () => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  const ids = await bed.write(Array.from({ length: 600 }, (_, n) => response(n, { ip: "10.0.0.1" })));
  await bed.indexed();
  let page: LogsAnswer = await index.logs.search({ ip: "10.0.0.1", limit: 100 });
  const seen = page.logs.map(({ id }) => id);
  await bed.write(Array.from({ length: 50 }, (_, n) => response(n, { ip: "10.0.0.1" })));
  await bed.ask("XTRIM", "logs:all:stream", "MINID", ids[200] ?? "");
  while (page.next !== null) {
    page = await index.logs.search({ ip: "10.0.0.1", limit: 100, cursor: page.next });
    seen.push(...page.logs.map(({ id }) => id));
  }
  assert.deepEqual(seen, ids.slice(200).toReversed());
});

test("a page looks at no more than so many entries, says so, and the next goes on there", async () => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  const [needle] = await bed.write([response(0, { message: "needle" })]);
  await bed.write(Array.from({ length: 6_000 }, (_, n) => response(n)));
  const first = await index.logs.search({ q: "needle" });
  assert.deepEqual([first.logs, first.scanned, first.complete], [[], 5_000, false]);
  const second = await index.logs.search({ q: "needle", cursor: first.next ?? "" });
  assert.deepEqual([second.logs.map(({ id }) => id), second.complete, second.next], [[needle], true, null]);
});

test("pages go across hours, and a range ends where it says", async () => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  const ids = Array.from({ length: 400 }, (_, n) => `${now - 10 * HOUR + n * 60_000}-${n % 3}`);
  for (const [n, id] of ids.entries()) await bed.write([{ ...response(n, { ip: "10.0.0.1" }), id }]);
  await bed.indexed();
  assert.deepEqual(await everything(index.logs, { ip: "10.0.0.1", limit: 7 }), ids.toReversed());
  const [from, to] = [now - 9.5 * HOUR, now - 8.25 * HOUR];
  const within = ids.filter((id) => Number.parseInt(id, 10) >= from && Number.parseInt(id, 10) <= to);
  assert.deepEqual(await everything(index.logs, { ip: "10.0.0.1", from, to }), within.toReversed());
  assert.equal((await index.logs.search({ ip: "10.0.0.1", from, to })).total, within.length);
});

test("a value's ids beyond 1,024 of one hour are all found", async () => {
  await using bed = await LogBed.open();
  const hour = Math.floor(Date.now() / HOUR) * HOUR - HOUR;
  const ids = await bed.write(Array.from({ length: 5_000 }, (_, n) => ({ ...response(n, { ip: "10.0.0.1" }), id: `${hour + n * 500}-0` })));
  const index = await bed.index();
  await bed.indexed();
  assert.deepEqual(await everything(index.logs, { ip: "10.0.0.1", limit: 1_000 }), ids.toReversed());
  const [from, to] = [hour + 1_023 * 500, hour + 3_072 * 500];
  assert.equal((await index.logs.search({ ip: "10.0.0.1", from, to })).total, 2_050);
});

test("the keys of an hour go with its last entry", async () => {
  await using bed = await LogBed.open();
  const index = await bed.index();
  const old = Date.now() - 3 * HOUR;
  await bed.write([
    { ...response(1, { ip: "10.0.0.1" }), id: `${old}-0` },
    { ...response(2, { ip: "10.0.0.1" }), id: `${old + 1}-0` },
  ]);
  const [kept] = await bed.write([response(3, { ip: "10.0.0.1" })]);
  await bed.indexed();
  const [key] = bed.keys.postings("logs", Math.floor(old / HOUR) * HOUR, "ip");
  assert.equal(await bed.ask("EXISTS", key), 1);
  await bed.ask("XTRIM", "logs:all:stream", "MINID", kept ?? "");
  await index.sweep();
  assert.equal(await bed.ask("EXISTS", key), 0);
  const { logs, total } = await index.logs.search({ ip: "10.0.0.1" });
  assert.deepEqual([logs.map(({ id }) => id), total], [[kept], 1]);
});
