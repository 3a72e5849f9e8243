/** What happens to messages is told once a second, once: over changes of leader, topics made anew, and what was there before. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect, Unrecoverable, type Store, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import type { MetricName } from "../../contract.ts";
import type { Component } from "../../orchestrator/component.ts";
import { Leader } from "../../orchestrator/leader.ts";
import { StreamsConnection } from "../../orchestrator/streams-connection.ts";
import { PlatformKeys } from "../../redis/keys.ts";
import type { MessagingAggregate, RedisAggregate } from "../metrics/aggregate-record.ts";
import { MetricsProcessor } from "../metrics/metrics-processor.ts";
import { MetricsView } from "../metrics/metrics-view.ts";
import { Aggregates } from "./aggregates.ts";

const bed = new AsyncDisposableStack();
const keys = new PlatformKeys("test", "");
const signal = AbortSignal.timeout(60_000);
let redis: RedisServer;
let tide: Tide;
let store: Store;
let first: Control;

before(async () => {
  redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url, namespace: "test", retention: false }));
  store = tide.store("test");
  await store.whenUp(10_000);
  // There before anybody looked.
  for (let n = 0; n < 20; n++) await tide.publish("old", { type: "n", data: n });
  first = bed.use(await control("first"));
});

after(() => bed.disposeAsync());

test("published, acknowledged, retried and dead: told exactly, and what was there before is not told as new", async () => {
  const consumer = await tide.consume("shop", { group: "g", retry: { baseDelay: 1 } }, (message) => {
    if (message.data === 3) throw new Unrecoverable("never");
    if (message.data === 7 && message.retryCount === 0) throw new Error("not yet");
  });
  for (let n = 0; n < 30; n++) await tide.publish("shop", { type: "n", data: n, priority: n % 2 === 0 ? "normal" : "high" });
  await tide.publish("old", { type: "n", data: 20 });
  await until("all was told", async () => (await told("shop")).published === 30 && (await told("shop", "g")).acked === 29);
  assert.deepEqual(await told("shop", "g"), { published: 30, acked: 29, retried: 1, dead: 1 });
  assert.equal((await told("old")).published, 1);
  await consumer.stop();
});

test("the entries lead to series, to totals, and to the last minute of /api/metrics", async () => {
  const metrics = new MetricsView({ streams: first.streams, keys }, () => Promise.resolve([]));
  const sum = async (metric: MetricName, subject: string): Promise<number> => {
    const { series } = await metrics.series({ metric, subject, from: Date.now() - 300_000, to: Date.now() - 1_000, step: 1 });
    return series[0]?.values.reduce<number>((total, one) => total + (one ?? 0), 0) ?? 0;
  };
  await until("the series have all", async () => (await sum("group_acked", "shop/g")) === 29);
  assert.equal(await sum("topic_published", "shop"), 30);
  assert.equal(await sum("group_dead_lettered", "shop/g"), 1);
  const text = await metrics.exposition();
  assert.match(text, /^tidegate_messages_published_total\{topic="shop"\} 30$/m);
  assert.match(text, /^tidegate_messages_acked_total\{topic="shop",group="g"\} 29$/m);
  assert.match(text, /^tidegate_messages_retried_total\{topic="shop",group="g"\} 1$/m);
  assert.match(text, /^tidegate_messages_dead_lettered_total\{topic="shop",group="g"\} 1$/m);
  const { topics } = await metrics.lastMinute();
  assert.deepEqual(topics["shop"]?.published, 30);
  assert.deepEqual(topics["shop"]?.groups["g"], { acked: 29, retried: 1, dead_lettered: 1, lag: 0, lag_seconds: 0, pending: 0 });
});

test("a group that stands still has a lag, in messages and seconds, at every second of it", async () => {
  const metrics = new MetricsView({ streams: first.streams, keys }, () => Promise.resolve([]));
  await tide.groups.create("still", "g");
  for (let n = 0; n < 5; n++) await tide.publish("still", { type: "n", data: n });
  const latest = async (metric: MetricName): Promise<(number | null)[]> => {
    const { series } = await metrics.series({ metric, subject: "still/g", from: Date.now() - 4_000, to: Date.now(), step: 1 });
    return series[0]?.values.slice(0, 3) ?? [];
  };
  await until("three seconds of lag", async () => (await latest("group_lag")).every((value) => value === 5));
  const ages = await latest("group_lag_seconds");
  assert.ok(ages.every((age, index) => (age ?? 0) >= (ages[index - 1] ?? 0)) && (ages[2] ?? 0) > 1, String(ages));
  assert.ok(
    (await latest("group_silence")).every((value) => (value ?? 0) > 0),
    "nobody reads it",
  );
  await store.call(["HSET", "test:still:groups", "g", String(Date.now())]);
  await until("a sign of life ends the silence, not the lag", async () => {
    const [silence, age] = [(await latest("group_silence"))[2] ?? 99, (await latest("group_lag_seconds"))[2] ?? 0];
    return silence < 2 && age > 3;
  });
});

test("over changes of leader everything is told once", async () => {
  await using second = await control("second");
  await until("the first leads", async () => Promise.resolve(first.leader.leading && !second.leader.leading));
  let published = 0;
  const publish = async (count: number): Promise<void> => {
    for (; count > 0; count--, published++) await tide.publish("led", { type: "n", data: published });
  };
  await publish(10);
  await until("the first has told", async () => (await told("led")).published === 10);
  await publish(10);
  await first.leader.stop();
  await publish(10);
  await until("the second leads", async () => Promise.resolve(second.leader.leading));
  await until("the second has told", async () => (await told("led")).published === published);
  await first.leader.start();
  await second.leader.stop();
  await publish(10);
  await until("all was told", async () => (await told("led")).published >= published);
  assert.equal((await told("led")).published, 40);
});

test("a topic that was deleted and made anew counts from nothing", async () => {
  for (let n = 0; n < 6; n++) await tide.publish("again", { type: "n", data: n });
  await until("it was told", async () => (await told("again")).published === 6);
  await tide.removeTopic("again");
  for (let n = 0; n < 4; n++) await tide.publish("again", { type: "n", data: n });
  await until("it was told again", async () => (await told("again")).published === 10);
});

test("a leader whose fence is gone tells nothing until it has a new one, and then leaves nothing out", async () => {
  const { fence } = first.leader;
  await store.call(["HINCRBY", first.leader.key, "fence", "1"]);
  const before = await entriesOf("messaging");
  await tide.publish("old", { type: "n", data: 21 });
  await until("it leads again", async () => Promise.resolve(first.leader.fence > fence));
  await until("it was told", async () => (await told("old")).published === 2);
  assert.ok((await entriesOf("messaging")).length > before.length);
});

test("the server's figures come every ten seconds, and the stream is trimmed by age", async () => {
  const [figures] = (await entriesOf("redis")) as RedisAggregate[];
  assert.ok((figures?.used_memory ?? 0) > 1e5 && (figures?.clients ?? 0) > 0 && figures?.system_memory !== 0);
  assert.deepEqual([figures?.evicting, figures?.aof_delayed_fsync, figures?.maxmemory], [0, 0, 0]);
});

// Private

interface Control extends AsyncDisposable {
  readonly leader: Leader;
  readonly streams: StreamsConnection;
}

async function control(instance: string): Promise<Control> {
  await using made = new AsyncDisposableStack();
  const streams = new StreamsConnection({ url: redis.url, namespace: "test", retention: false });
  const leader = new Leader({ streams, keys, instance });
  const context = { streams, keys, instance, leader, onTrouble: (_: string, message: string) => assert.fail(message) };
  const components: Component[] = [streams, leader, new Aggregates(context), new MetricsProcessor({ ...context, ttl: 500 })];
  for (const component of components) {
    await component.start(signal);
    made.defer(() => component.stop(signal));
  }
  const stack = made.move();
  return { leader, streams, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Everything told so far, added up. */
async function told(topic: string, group = ""): Promise<{ published: number; acked: number; retried: number; dead: number }> {
  const sums = { published: 0, acked: 0, retried: 0, dead: 0 };
  for (const entry of (await entriesOf("messaging")) as MessagingAggregate[]) {
    if (entry.topic !== topic) continue;
    sums.published += entry.published;
    for (const what of ["acked", "retried", "dead"] as const) sums[what] += entry.groups[group]?.[what] ?? 0;
  }
  return sums;
}

async function entriesOf(type: "messaging" | "redis"): Promise<unknown[]> {
  const reply = await store.call(["XRANGE", "test:metrics:events", "-", "+"]);
  const entries = Array.isArray(reply) ? reply : [];
  return entries.flatMap((entry) => {
    const fields: unknown = Array.isArray(entry) ? entry[1] : [];
    if (!Array.isArray(fields) || fields[1] !== type) return [];
    return [JSON.parse(String(fields[fields.indexOf("data") + 1]))];
  });
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 25_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what}: did not come true; told: ${JSON.stringify(await entriesOf("messaging"))}`);
    await pause(5);
  }
}
