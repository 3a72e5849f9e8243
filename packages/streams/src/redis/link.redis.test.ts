import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../index.ts";
import { CuttingProxy } from "../testing/cutting-proxy.ts";
import { probe, until } from "../testing/events.ts";
import { startRedis } from "../testing/redis-server.ts";
import { parseEndpoint } from "./endpoint.ts";
import { RedisLink } from "./link.ts";
import type { RedisFault } from "./replies.ts";

test("a server that stands still for longer than a connection may take is waited for, not taken for something else", async () => {
  await using redis = await startRedis();
  const link = new RedisLink({ endpoint: parseEndpoint(redis.url, "url"), name: "test", deadline: 300 });
  try {
    await link.whenUp(5_000);
    await redis.kill("SIGSTOP");
    await assert.rejects(link.call(["PING"]), (fault: RedisFault) => {
      assert.deepEqual([fault.code, fault.reaction, fault.sent], ["REDIS_UNREACHABLE", "reconnect", true]);
      assert.match(fault.message, /no answer for \d+ ms/);
      return true;
    });
    await until("a new connection was tried and given up", () => Promise.resolve(/accepts connections/.test(link.fault?.message ?? "")));
    assert.equal(link.fault?.reaction, "reconnect");
    await redis.kill("SIGCONT");
    await link.whenUp(15_000);
    assert.equal(await link.call(["PING"]), "PONG");
  } finally {
    link.close();
    await redis.kill("SIGCONT");
  }
});

test("a question whose connection is cut is asked again", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url });
  await tide.publish("t", { type: "x" });
  const endpoint = parseEndpoint(redis.url, "url");
  const ids = probe<unknown>();
  const link = new RedisLink({ endpoint, name: "test", deadline: 5_000, prepare: async (call) => ids.add(await call(["CLIENT", "ID"])) });
  const other = new RedisLink({ endpoint, name: "other", deadline: 5_000 });
  try {
    await Promise.all([link.whenUp(5_000), other.whenUp(5_000)]);
    const answer = link.ask(["XREAD", "BLOCK", "1000", "STREAMS", "nothing", "$"]);
    await until("it blocks", async () => String(await other.call(["INFO", "clients"])).includes("blocked_clients:1"));
    await other.call(["CLIENT", "KILL", "ID", String(ids.seen[0])]);
    assert.equal(await answer, null);
    assert.equal(ids.seen.length, 2);
  } finally {
    link.close();
    other.close();
  }
});

test("however many calls a lost connection had, it is one loss, and the next connection is tried at once", async (t) => {
  await using redis = await startRedis();
  await using proxy = await CuttingProxy.start(redis.port);
  const downs = probe<number>();
  const ups = probe<number>();
  const link = new RedisLink({
    endpoint: parseEndpoint(proxy.url, "url"),
    name: "test",
    deadline: 300,
    onDown: () => downs.add(performance.now()),
    onUp: () => ups.add(performance.now()),
  });
  try {
    await link.whenUp(5_000);
    t.mock.method(Math, "random", () => 1);
    proxy.mute();
    const calls = await Promise.allSettled(Array.from({ length: 50 }, () => link.call(["PING"])));
    assert.ok(calls.every(({ status }) => status === "rejected"));
    await ups.reaches(2);
    assert.equal(downs.seen.length, 1);
    const pause = (ups.seen[1] ?? 0) - (downs.seen[0] ?? 0);
    assert.ok(pause < 700, `it took ${Math.round(pause)} ms; the longest pause is a second`);
  } finally {
    link.close();
  }
});

test("a store sends none of the library's scripts: it is told its own", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url });
  const first = tide.store("first");
  const loaded = async (): Promise<string> => /script\|load:calls=(\d+)/.exec(String(await first.ask(["INFO", "commandstats"])))?.[1] ?? "";
  const before = await loaded();
  assert.notEqual(before, "");
  const second = tide.store("second");
  assert.equal(await second.ask(["PING"]), "PONG");
  assert.equal(await loaded(), before);
});
