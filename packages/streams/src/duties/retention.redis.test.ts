import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { systemClock, type Clock } from "../clock.ts";
import { parseConfig } from "../config.ts";
import { connect, type Notice, type RetentionPolicy, type Tide } from "../index.ts";
import { open } from "../open.ts";
import { RedisLink } from "../redis/link.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe, until } from "../testing/events.ts";

/** Duties that wait seconds run every few milliseconds; what Redis measures stays as it is. */
const HURRIED: Clock = { ...systemClock, now: () => performance.now() * 50, after: (ms, act) => systemClock.after(ms / 50, act) };

describe("retention", () => {
  let redis: RedisServer;
  let raw: ReturnType<typeof createClient>;
  const notices = probe<Notice>();
  const call = (...args: string[]): Promise<unknown> => raw.sendCommand(args);
  const length = (key: string): Promise<number> => call("XLEN", key) as Promise<number>;

  before(async () => {
    redis = await startRedis();
    raw = createClient({ url: redis.url, RESP: 2 });
    await raw.connect();
  });
  after(async () => {
    raw.destroy();
    await redis.stop();
  });

  /** A connection whose retention touches this topic and runs at once. */
  async function trimming(topic: string, retention: RetentionPolicy): Promise<Tide> {
    const none = { maxLength: 0, maxAge: 0 };
    const config = parseConfig({ url: redis.url, namespace: "ret", retention: { ...none, ...retention }, onNotice: notices.add });
    const tide = await open(config, { clock: HURRIED, link: (options) => new RedisLink(options) });
    await tide.publish(topic, { type: "touch" });
    return tide;
  }
  async function fill(topic: string, count: number, priority: "normal" | "high" = "normal", data: unknown = null): Promise<void> {
    await using tide = await connect({ url: redis.url, namespace: "ret", retention: false });
    await tide.publishMany(
      topic,
      Array.from({ length: count }, (_, n) => ({ type: "n", priority, data: data ?? n })),
    );
  }
  const told = (code: string, topic: string): Notice[] =>
    notices.seen.filter((notice) => notice.code === code && notice.detail?.["topic"] === topic);
  /** Two rounds of the duty have passed: the first may have begun before what is tested. */
  async function rounds(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await call("XADD", "ret:probe:events", "*", "a", "1");
      await call("XADD", "ret:probe:events", "*", "a", "2");
      await using tide = await trimming("probe", { maxLength: 1 });
      await until("a round of retention", async () => (await length("ret:probe:events")) === 1 && tide.health().connected);
    }
  }

  test("keeps exactly maxLength, the newest over all lanes, whatever their lengths", async () => {
    await fill("len", 3_000, "high");
    await fill("len", 2_500);
    await fill("len", 40, "high");
    await using _ = await trimming("len", { maxLength: 100 });
    await until("100 left", async () => (await length("ret:len:events")) + (await length("ret:len:events:high")) === 100);
    assert.deepEqual([await length("ret:len:events:high"), await length("ret:len:events")], [40, 60]);
  });

  test("interleaved lanes lose their oldest together, in exact order", async () => {
    for (let at = 1; at <= 60; at++) await call("XADD", at % 3 === 0 ? "ret:mix:events:high" : "ret:mix:events", `${at}-0`, "a", "b");
    await using _ = await trimming("mix", { maxLength: 31 });
    await until("31 left", async () => (await length("ret:mix:events")) + (await length("ret:mix:events:high")) === 31);
    const [first] = (await call("XRANGE", "ret:mix:events:high", "-", "+", "COUNT", "1")) as [string][];
    const [second] = (await call("XRANGE", "ret:mix:events", "-", "+", "COUNT", "1")) as [string][];
    assert.deepEqual([first?.[0], second?.[0]], ["33-0", "31-0"]);
  });

  test("never takes what a group has in work or has not got yet, pending before a seek back included", async () => {
    await fill("floor", 50);
    await call("XGROUP", "CREATE", "ret:floor:events", "foreign", "0");
    const [[, read]] = (await call("XREADGROUP", "GROUP", "foreign", "c", "COUNT", "20", "STREAMS", "ret:floor:events", ">")) as [
      [string, [string][]],
    ];
    await call("XACK", "ret:floor:events", "foreign", ...read.slice(0, 10).map(([id]) => id));
    await using _ = await trimming("floor", { maxLength: 1 });
    await until("the acknowledged are gone", async () => (await length("ret:floor:events")) === 41);
    await call("XGROUP", "SETID", "ret:floor:events", "foreign", "0");
    await call("XACK", "ret:floor:events", "foreign", ...read.slice(10, 15).map(([id]) => id));
    await rounds();
    assert.equal(await length("ret:floor:events"), 41, "set back, it needs all of them again");
  });

  test("by age, behind the floor of the slowest group, with sequences and times beyond 2^53", async () => {
    await call("XADD", "ret:age:events", "5-9007199254740993", "a", "1");
    await call("XADD", "ret:age:events", "5-9007199254740995", "a", "1");
    await call("XADD", "ret:age:events", "5-9007199254740996", "a", "1");
    await call("XGROUP", "CREATE", "ret:age:events", "g", "5-9007199254740993");
    await using _ = await trimming("age", { maxAge: 3_600_000 });
    await until("one gone", async () => (await length("ret:age:events")) === 3);
    const left = (await call("XRANGE", "ret:age:events", "-", "+", "COUNT", "1")) as [string][];
    assert.equal(left[0]?.[0], "5-9007199254740995");
    await call("XGROUP", "SETID", "ret:age:events", "g", "5-9007199254740995");
    await until("the next gone", async () => (await length("ret:age:events")) === 2);
  });

  test("by bytes: the share that is too much goes", async () => {
    await fill("bytes", 400, "normal", "x".repeat(5_000));
    await using _ = await trimming("bytes", { maxBytes: 500_000 });
    await until("small enough", async () => Number(await call("MEMORY", "USAGE", "ret:bytes:events")) <= 500_000);
    assert.ok((await length("ret:bytes:events")) > 50, "no more than needed");
  });

  test("the hard cap drops what is needed, counts it per group exactly, and leaves no ghosts pending", async () => {
    await fill("cap", 1_000);
    for (const group of ["slow", "idle", "done"]) await call("XGROUP", "CREATE", "ret:cap:events", group, group === "done" ? "$" : "0");
    const reply = (await call("XREADGROUP", "GROUP", "slow", "c", "COUNT", "300", "STREAMS", "ret:cap:events", ">")) as [
      [string, [string][]],
    ];
    await call("XACK", "ret:cap:events", "slow", ...reply[0][1].slice(100, 200).map(([id]) => id));
    await using _ = await trimming("cap", { hardCap: 501 });
    await until("capped", async () => (await length("ret:cap:events")) === 501);
    await until("a notice", async () => told("retention_forced", "cap").length > 0);
    const [notice, ...more] = told("retention_forced", "cap");
    // 1,001 entries, 500 dropped. slow: 200 of them pending, 200 not delivered; 100 were done. idle: none delivered. done: needs none.
    assert.deepEqual(notice?.detail, { topic: "cap", stream: "ret:cap:events", removed: 500, perGroup: { slow: 400, idle: 500 } });
    assert.equal(more.length, 0);
    assert.equal(((await call("XPENDING", "ret:cap:events", "slow")) as unknown[])[0], 0);
  });

  test("a group of ours past its lease stops holding back, with one notice over all processes, and holds again when it lives", async () => {
    await fill("lease", 20);
    await using observer = await connect({ url: redis.url, namespace: "ret", retention: false });
    await observer.groups.create("lease", "gone");
    await call("HSET", "ret:lease:groups", "gone", String(Date.now() - 10_000));
    await using _one = await trimming("lease", { maxLength: 5, groupLease: 60_000 });
    await rounds();
    assert.equal(await length("ret:lease:events"), 21, "within its lease it holds everything");
    await using _two = await trimming("lease", { maxLength: 5, groupLease: 5_000 });
    await using _three = await trimming("lease", { maxLength: 5, groupLease: 5_000 });
    await until("trimmed", async () => (await length("ret:lease:events")) === 5);
    await rounds();
    assert.equal(told("group_expired", "lease").length, 1);
    assert.equal(told("group_expired", "lease")[0]?.detail?.["group"], "gone");
    await call("HSET", "ret:lease:groups", "gone", String(Date.now() + 60_000));
    await fill("lease", 5);
    await rounds();
    assert.equal(await length("ret:lease:events"), 10, "alive again, it holds");
  });

  test("a foreign group holds until it is released, and again from its next read on", async () => {
    await fill("foreign", 20);
    await call("XGROUP", "CREATE", "ret:foreign:events", "theirs", "0");
    await call("XREADGROUP", "GROUP", "theirs", "c", "COUNT", "1", "STREAMS", "ret:foreign:events", ">");
    await using tide = await trimming("foreign", { maxLength: 5, groupLease: 1_000 });
    await rounds();
    assert.equal(await length("ret:foreign:events"), 21);
    await tide.groups.release("foreign", "theirs");
    await until("trimmed", async () => (await length("ret:foreign:events")) === 5);
    await call("XREADGROUP", "GROUP", "theirs", "c", "COUNT", "1", "STREAMS", "ret:foreign:events", ">");
    await until("its sign is forgotten", async () => (await call("HEXISTS", "ret:foreign:groups", "theirs")) === 0);
    await fill("foreign", 5);
    await rounds();
    assert.equal(await length("ret:foreign:events"), 10);
    assert.equal(told("group_expired", "foreign").length, 0);
  });

  test("a group that was lost on a lane still holds what lies behind its mark there", async () => {
    await fill("lost", 20);
    await using tide = await connect({ url: redis.url, namespace: "ret", retention: false });
    await tide.groups.create("lost", "ours");
    await call("XGROUP", "DESTROY", "ret:lost:events", "ours");
    await using _ = await trimming("lost", { maxLength: 5 });
    await rounds();
    assert.equal(await length("ret:lost:events"), 21);
    await call("DEL", "ret:lost:position:ours", "ret:lost:groups");
    await until("removed for good, it does not", async () => (await length("ret:lost:events")) === 5);
  });

  test("a topic without lanes is trimmed like any other", async () => {
    await using tide = await trimming("flat", { maxLength: 7 });
    await tide.configure("flat", { lanes: false });
    await fill("flat", 30);
    await until("trimmed", async () => (await length("ret:flat:events")) === 7);
    assert.equal(await call("EXISTS", "ret:flat:events:high"), 0);
  });

  test("a policy that begins to evict at run time is noticed, once until it changes", async () => {
    await using _ = await trimming("evict", {});
    await call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    try {
      await until("a notice", async () => notices.seen.some(({ code }) => code === "evicting_redis"));
      assert.deepEqual(notices.seen.find(({ code }) => code === "evicting_redis")?.detail, { policy: "allkeys-lru", evicted: 0 });
    } finally {
      await call("CONFIG", "SET", "maxmemory-policy", "noeviction");
    }
  });
});
