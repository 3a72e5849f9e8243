import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, type ConnectOptions, type Notice, type Tide } from "../index.ts";
import { readRecord } from "./record.ts";
import { entries as entriesOf } from "../redis/shapes.ts";
import { CuttingProxy } from "../testing/cutting-proxy.ts";
import { until } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/redis-server.ts";

describe("Sink", () => {
  it("writes an event to its own stream and to the one of all, in order", async () => {
    await using redis = await startRedis();
    await using tide = await open(redis);
    for (let pid = 1; pid <= 1_200; pid++) started(tide, pid);
    tide.event("alert_firing", { alert: "a", rule: "r", severity: "low", subject: "", summary: "s" });
    await tide.flush();
    assert.deepEqual(await pids(tide, "events:service:stream"), count(1, 1_200));
    assert.deepEqual((await pids(tide, "events:all:stream")).slice(0, 1_200), count(1, 1_200));
    assert.equal((await read(tide, "events:all:stream")).length, 1_201);
    assert.deepEqual(tide.telemetry(), { ...tide.telemetry(), buffered: 0, written: 1_201, dropped: {} });
  });

  it("keeps the order of logs and that of events where they alternate, and the trace an event is told to belong to", async () => {
    await using redis = await startRedis();
    await using tide = await open(redis);
    const span = { traceId: "a".repeat(32), spanId: "b".repeat(16) };
    for (let pid = 1; pid <= 600; pid++) {
      tide.logger("shop").info("sold", { pid });
      tide.event("service_started", { service: "s", kind: "worker", pid }, { span });
    }
    await tide.flush();
    assert.deepEqual(await pids(tide, "events:all:stream"), count(1, 600));
    assert.deepEqual(await pids(tide, "logs:all:stream"), count(1, 600));
    assert.deepEqual(new Set((await read(tide, "events:service:stream")).map(({ traceId }) => traceId)), new Set([span.traceId]));
  });

  it("redacts what looks like a secret in an event", async () => {
    await using redis = await startRedis();
    await using tide = await open(redis);
    tide.event("service_failed", { service: "s", kind: "worker", error: "cannot reach redis://user:hunter2@10.0.0.1" });
    await tide.flush();
    const [event] = await read(tide, "events:service:stream");
    assert.match(String(event?.fields["error"]), /cannot reach redis:/);
    assert.doesNotMatch(JSON.stringify(event), /hunter2/);
  });

  it("writes by itself, in its window, what nobody flushes", async () => {
    await using redis = await startRedis();
    await using tide = await open(redis);
    started(tide, 1);
    await until("the event is stored", async () => (await read(tide, "events:service:stream")).length === 1);
  });

  it("opens no connection before the first entry", async () => {
    await using redis = await startRedis();
    await using tide = await open(redis);
    assert.doesNotMatch(String(await tide.store("look").ask(["CLIENT", "LIST"])), /name=tidegate\.\w+\.telemetry/);
  });

  it("drains when the connection is closed", async () => {
    await using redis = await startRedis();
    const tide = await open(redis);
    for (let pid = 1; pid <= 700; pid++) started(tide, pid);
    await tide.close();
    await using after = await open(redis);
    assert.deepEqual(await pids(after, "events:service:stream"), count(1, 700));
  });

  it("goes on while Redis stands still, stays bounded, and tells exactly what was dropped", async () => {
    await using redis = await startRedis();
    const notices: Notice[] = [];
    await using tide = await open(redis, { telemetry: { buffer: 100 }, onNotice: (notice) => notices.push(notice) });
    started(tide, 0);
    await tide.flush();
    await redis.kill("SIGSTOP");
    try {
      for (let pid = 1; pid <= 1_000; pid++) started(tide, pid);
      assert.equal(tide.telemetry().buffered, 100);
      assert.deepEqual(tide.telemetry().dropped, { "events:service:stream": 900 });
    } finally {
      await redis.kill("SIGCONT");
    }
    await tide.flush();
    assert.deepEqual(await pids(tide, "events:service:stream"), count(0, 100));
    await tide.flush();
    const [told] = await read(tide, "logs:system:stream");
    assert.deepEqual(told?.fields, { dropped: { "events:service:stream": 900 } });
    assert.equal(told?.component, "telemetry");
    assert.deepEqual(
      notices.map(({ code }) => code).filter((code) => code.startsWith("telemetry")),
      ["telemetry_full", "telemetry_dropped"],
    );
  });

  it("tells a notice that is logged again only once", async () => {
    await using redis = await startRedis();
    const notices: string[] = [];
    await using tide = await open(redis, {
      telemetry: { buffer: 20 },
      onNotice: ({ code }) => {
        notices.push(code);
        tide.logger("journal").warn(code);
      },
    });
    for (let n = 0; n < 50; n++) tide.logger("busy").info(`entry ${n}`);
    assert.deepEqual(notices, ["telemetry_full"]);
    await tide.flush();
  });

  it("stores each entry once and in order over kills of Redis; sent = stored + dropped", async () => {
    await using redis = await startRedis({ args: ["--appendfsync", "always"] });
    await using tide = await open(redis, { telemetry: { window: 1, batch: 50, buffer: 2_000 } });
    let sent = 0;
    for (let kill = 0; kill < 5; kill++) {
      const timer = setInterval(() => {
        for (let n = 0; n < 100; n++) started(tide, sent++);
      }, 1);
      await until("some were written", () => Promise.resolve(tide.telemetry().written > kill * 500));
      await redis.kill("SIGKILL");
      await until("many were sent meanwhile", () => Promise.resolve(tide.telemetry().buffered > 500));
      clearInterval(timer);
      await redis.start();
    }
    await tide.flush();
    const stored = await pids(tide, "events:service:stream");
    const dropped = tide.telemetry().dropped["events:service:stream"] ?? 0;
    assert.equal(stored.length + dropped, sent);
    assert.deepEqual(
      stored,
      [...new Set(stored)].toSorted((a, b) => a - b),
      "once each, in order",
    );
  });

  it("stores nothing twice when the answer to a write was lost", async () => {
    await using redis = await startRedis();
    await using proxy = await CuttingProxy.start(redis.port);
    await using tide = await connect({ url: proxy.url, service: "test" });
    started(tide, 1);
    await tide.flush();
    proxy.cutNextReply();
    for (let pid = 2; pid <= 600; pid++) started(tide, pid);
    await tide.flush();
    assert.equal(proxy.cuts, 1);
    assert.deepEqual(await pids(tide, "events:service:stream"), count(1, 600));
  });

  it("keeps what a group has not read beyond the cap, but not beyond twice the cap", async () => {
    await using redis = await startRedis();
    await using tide = await open(redis, { telemetry: { retention: { "events:service:stream": 1_000, "*": 400 } } });
    const store = tide.store("look");
    await store.ask(["XGROUP", "CREATE", "events:service:stream", "slow", "0", "MKSTREAM"]);
    const lengths: number[] = [];
    for (let round = 0; round < 30; round++) {
      for (let pid = 0; pid < 100; pid++) started(tide, pid);
      await tide.flush();
      lengths.push(Number(await store.ask(["XLEN", "events:service:stream"])));
    }
    assert.equal(lengths[17], 1_800, "unread beyond the cap");
    assert.ok(Math.max(...lengths) < 2_200, `the longest was ${Math.max(...lengths)}`);
    assert.ok(Number(await store.ask(["XLEN", "events:all:stream"])) < 600, "nobody reads that one");
    await store.ask(["XGROUP", "SETID", "events:service:stream", "slow", "$", "ENTRIESREAD", "3000"]);
    for (let pid = 0; pid < 100; pid++) started(tide, pid);
    await tide.flush();
    assert.ok(Number(await store.ask(["XLEN", "events:service:stream"])) < 1_200);
  });

  it("reports a stream key of another type instead of trying for ever", async () => {
    await using redis = await startRedis();
    const notices: Notice[] = [];
    await using tide = await open(redis, { onNotice: (notice) => notices.push(notice) });
    await tide.store("look").ask(["SET", "events:service:stream", "mine"]);
    started(tide, 1);
    await tide.flush();
    assert.deepEqual(tide.telemetry().dropped, { "events:service:stream": 1 });
    assert.ok(notices.some(({ code, message }) => code === "telemetry_refused" && message.includes("another type")));
  });

  it("keeps two installations in one database apart by their prefix, and nothing at all when switched off", async () => {
    await using redis = await startRedis();
    await using one = await open(redis, { telemetry: { prefix: "one:" } });
    await using off = await open(redis, { telemetry: false });
    started(one, 1);
    started(off, 2);
    await Promise.all([one.flush(), off.flush()]);
    assert.deepEqual(await pids(one, "one:events:service:stream"), [1]);
    assert.deepEqual(await pids(off, "events:service:stream"), []);
  });
});

function open(redis: RedisServer, options: ConnectOptions = {}): Promise<Tide> {
  return connect({ url: redis.url, service: "test", ...options });
}

function started(tide: Tide, pid: number): void {
  tide.event("service_started", { service: "s", kind: "worker", pid });
}

async function read(tide: Tide, stream: string) {
  return entriesOf(await tide.store("read").ask(["XRANGE", stream, "-", "+"])).map(({ id, fields }) => readRecord(id, fields));
}

async function pids(tide: Tide, stream: string): Promise<number[]> {
  return (await read(tide, stream)).map(({ fields }) => Number(fields["pid"]));
}

function count(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
