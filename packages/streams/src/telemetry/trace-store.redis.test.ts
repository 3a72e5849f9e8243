/** What is stored of traces, how much of it, and how it is found again. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, type Tide, type TraceQuery } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { until } from "../testing/events.ts";
import type { TelemetryOptions } from "./options.ts";

describe("stored traces", () => {
  let redis: RedisServer;
  let count = 0;

  before(async () => void (redis = await startRedis()));
  after(() => redis.stop());

  /** Each with keys of its own. */
  async function open(traces: TelemetryOptions["traces"] = {}, more: TelemetryOptions = {}): Promise<Tide & { prefix: string }> {
    const prefix = more.prefix ?? `t${++count}:`;
    const telemetry = { prefix, window: 10, traces: { perSecond: 100_000, ...traces }, ...more };
    const tide = await connect({ url: redis.url, namespace: "tr", service: "shop", telemetry });
    return Object.assign(tide, { prefix });
  }

  /** `count` traces of one span, a second apart, the newest `minutesAgo` old. */
  async function fill(tide: Tide, many: number, name: (index: number) => string = () => "op"): Promise<number> {
    const first = Date.now() - many * 1_000;
    for (let index = 0; index < many; index++) {
      const attributes = { host: index % 2 === 0 ? "a.example" : "b.example", odd: index % 2 === 1, order: `o${index}` };
      const component = index % 10 === 0 ? "rare" : "usual";
      const span = tide.startSpan(name(index), { startedAt: first + index * 1_000, attributes, component });
      span.end(performance.now() - (Date.now() - first - index * 1_000) + index * 100);
    }
    await tide.flush();
    return first;
  }

  test("by time, component, operation, duration, status and attributes, newest first, each together with the others", async () => {
    await using tide = await open();
    const first = await fill(tide, 60, (index) => (index === 42 ? "the answer" : "op"));
    await tide.trace("bad", () => Promise.reject(new Error("no"))).catch(() => {});
    await tide.flush();
    const found = async (query: TraceQuery): Promise<number[]> => {
      const { items } = await tide.traces.list({ limit: 500, ...query });
      return items.map(({ startedAt, operation }) => (operation === "bad" ? 999 : Math.round((startedAt - first) / 1_000)));
    };
    assert.deepEqual((await found({})).slice(0, 3), [999, 59, 58]);
    assert.deepEqual(await found({ from: first + 10_000, to: first + 12_000 }), [12, 11, 10]);
    assert.deepEqual(await found({ component: "rare" }), [50, 40, 30, 20, 10, 0]);
    assert.deepEqual(await found({ operation: "the answer" }), [42]);
    assert.deepEqual(await found({ status: "error" }), [999]);
    assert.deepEqual(await found({ minDuration: 5_450, maxDuration: 5_750, to: first + 59_500 }), [57, 56, 55]);
    assert.deepEqual(await found({ attributes: { host: "a.example" }, component: "rare", from: first + 35_000 }), [50, 40]);
    assert.deepEqual(await found({ attributes: { order: "o7" } }), [7], "no index knows it");
    assert.deepEqual(await found({ attributes: { host: "b.example", odd: "true" }, maxDuration: 350 }), [3, 1]);
    assert.deepEqual(await found({ attributes: { host: "b.example" }, component: "rare" }), []);
    assert.deepEqual(await found({ component: "unknown" }), []);
  });

  test("pages follow each other without gap or double, while others are written and the cursor's own trace goes", async () => {
    await using tide = await open();
    await fill(tide, 120);
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 20; page++) {
      const { items, next } = await tide.traces.list({ limit: 25, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...items.map(({ traceId }) => traceId));
      if (next === null) break;
      cursor = next;
      await redisCall(tide, "DEL", `${tide.prefix}trace:${items.at(-1)?.traceId ?? ""}`);
      await tide.trace("new", () => {});
      await tide.flush();
    }
    assert.deepEqual([seen.length, new Set(seen).size], [120, 120]);
    await assert.rejects(tide.traces.list({ cursor: "nonsense" }), { code: "INVALID_CONFIG" });
    await assert.rejects(tide.traces.list({ limit: 0 }), { code: "INVALID_CONFIG" });
  });

  test("traces of the very same start are all found", async () => {
    await using tide = await open();
    const startedAt = Date.now() - 1_000;
    for (let index = 0; index < 230; index++) tide.startSpan("same", { startedAt }).end();
    await tide.flush();
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { items, next } = await tide.traces.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...items.map(({ traceId }) => traceId));
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual([seen.length, new Set(seen).size], [230, 230]);
  });

  test("one call looks at a bounded number of traces and says where to go on", async () => {
    await using tide = await open();
    await fill(tide, 700);
    const { items, next } = await tide.traces.list({ attributes: { order: "o3" } });
    assert.deepEqual([items.length, next === null], [0, false]);
    const rest = await tide.traces.list({ attributes: { order: "o3" }, cursor: next ?? "" });
    const last = await tide.traces.list({ attributes: { order: "o3" }, cursor: rest.next ?? "" });
    assert.deepEqual([rest.items.length, last.items.length, last.next], [0, 1, null]);
  });

  test("a trace keeps so many spans and counts the rest; so many traces are kept, and what is evicted leaves no key behind", async () => {
    await using tide = await open({ spans: 5, most: 3 });
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) {
      await tide.trace(`root ${index}`, async ({ traceId }) => {
        ids.push(traceId);
        for (let child = 0; child < 9; child++) await tide.trace("child", () => {});
      });
      await tide.flush();
    }
    const { items } = await tide.traces.list();
    assert.deepEqual(
      items.map(({ traceId }) => traceId),
      ids.slice(3).toReversed(),
    );
    assert.equal(await tide.traces.get(ids[0] ?? ""), null);
    const trace = await tide.traces.get(ids[5] ?? "");
    assert.deepEqual([trace?.records.length, trace?.spans, trace?.dropped, trace?.operation], [5, 5, 5, "root 5"]);
    for (const index of ["all", "component:shop", "operation:child", "status:ok"])
      assert.equal(await redisCall(tide, "ZCARD", `${tide.prefix}traces:${index}`), 3, index);
    assert.equal(await redisCall(tide, "EXISTS", `${tide.prefix}traces:operation:root 0`), 0);
  });

  test("everything expires, and an index loses what is too old when it is written to", async () => {
    await using tide = await open({ ttl: 100 });
    tide.startSpan("old", { startedAt: Date.now() - 99_000 }).end();
    await tide.flush();
    await until("the old one's time", async () => {
      tide.startSpan("new").end();
      await tide.flush();
      return (await tide.traces.list({ component: "shop", limit: 500 })).items.every(({ operation }) => operation === "new");
    });
    for (const key of (await redisCall(tide, "KEYS", `${tide.prefix}trace*`)) as string[]) {
      const ttl = Number(await redisCall(tide, "TTL", key));
      assert.ok(ttl > 0 && ttl <= 100, `${key} lives ${ttl} s`);
    }
  });

  test("secrets in attributes and errors are not stored", async () => {
    await using tide = await open();
    const traceId = await tide
      .trace("login", { password: "hunter2", note: "authorization: Bearer abcdef0123456789" }, ({ traceId: id }) => {
        return Promise.reject(Object.assign(new Error("password=hunter2 is wrong"), { id }));
      })
      .catch((error: unknown) => (error as { id: string }).id);
    await tide.flush();
    const stored = JSON.stringify(await redisCall(tide, "HGETALL", `${tide.prefix}trace:${traceId}`));
    assert.match(stored, /redacted/);
    assert.doesNotMatch(stored, /hunter2|abcdef0123456789/);
  });

  test("while Redis is away spans wait, bounded; what does not fit is counted exactly", async () => {
    const own = await startRedis();
    try {
      const telemetry = { window: 10, batch: 10, buffer: 50, traces: { perSecond: 100_000 } };
      await using tide = await connect({ url: own.url, namespace: "tr", telemetry });
      await tide.trace("before", () => {});
      await tide.flush();
      await own.stop();
      for (let index = 0; index < 80; index++) await tide.trace("lost or kept", () => {});
      assert.equal(tide.telemetry().spansDropped, 30);
      await tide.close({ deadline: 0 });
      const { spansWritten, spansDropped } = tide.telemetry();
      assert.deepEqual([spansWritten, spansDropped], [1, 80]);
    } finally {
      await own.stop();
    }
  });

  async function redisCall(tide: Tide, ...args: string[]): Promise<unknown> {
    const store = tide.store("test");
    try {
      await store.whenUp(5_000);
      return await store.ask(args);
    } finally {
      store.close();
    }
  }
});
