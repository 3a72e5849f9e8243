import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient, type RedisClientType } from "@redis/client";
import { connect, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";

const LANES = ["critical", "high", "normal", "low"] as const;

describe("publish by the topic's settings", () => {
  let redis: RedisServer;
  let tide: Tide;
  let client: RedisClientType;
  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "set", service: "tester" });
    client = createClient({ url: redis.url });
    await client.connect();
  });
  after(async () => {
    client?.destroy();
    await tide?.close({ deadline: 0 });
    await redis?.stop();
  });

  test("without lanes everything goes to the topic's own stream, in order, and says its priority", async () => {
    await tide.configure("flat", { lanes: false });
    await using other = await connect({ url: redis.url, namespace: "set" });
    const results = await other.publishMany(
      "flat",
      LANES.map((priority) => ({ type: priority, priority })),
    );
    assert.deepEqual(await client.keys("set:flat:events*"), ["set:flat:events"]);
    const entries = await client.xRange("set:flat:events", "-", "+");
    assert.deepEqual(
      entries?.map(({ id, message }) => [id, message["event_type"], message["priority"]]),
      results.map((one, n) => [one.ok && one.receipt.entryId, LANES[n], LANES[n] === "normal" ? undefined : LANES[n]]),
    );
    for (const one of results) assert.equal(one.ok && one.receipt.stream, "set:flat:events");
    const read = await Array.fromAsync(other.read("flat"));
    assert.deepEqual(
      read.map(({ priority }) => priority),
      [...LANES],
    );
  });

  test('with wire: "full" every field is written', async () => {
    await using full = await connect({ url: redis.url, namespace: "full", service: "tester", wire: "full" });
    const before = Date.now();
    const { messageId } = await full.publish("t", { type: "user_created", data: { id: 1 } });
    const entries = await client.xRange("full:t:events", "-", "+");
    const { timestamp, ...fields } = { ...entries?.[0]?.message };
    assert.deepEqual(fields, {
      id: "",
      stream: "t",
      event_type: "user_created",
      service: "tester",
      data: '{"id":1}',
      message_id: messageId,
      priority: "normal",
      retry_count: "0",
      max_retries: "3",
      correlation_id: messageId,
      user_id: "",
    });
    assert.ok(Number(timestamp) * 1_000 >= before && Number(timestamp) * 1_000 <= Date.now(), timestamp);
    const [message] = await Array.fromAsync(full.read("t"));
    assert.deepEqual([message?.data, message?.userId, message?.extra], [{ id: 1 }, null, {}]);
  });

  test("a changed setting holds for the next publish of the same process", async () => {
    await tide.publish("changing", { type: "before" });
    await tide.configure("changing", { wire: "full" });
    await tide.publish("changing", { type: "after" });
    const entries = await client.xRange("set:changing:events", "-", "+");
    assert.deepEqual(
      entries?.map(({ message }) => message["retry_count"]),
      [undefined, "0"],
    );
  });

  test("what is published while the settings are being learned keeps its order and is as it was when given", async () => {
    const data = { step: 0 };
    const sent = Array.from({ length: 700 }, (_, n) => {
      data.step = n;
      return tide.publish("first", { type: "step", data });
    });
    await new Promise((resolve) => setImmediate(resolve));
    data.step = -1;
    sent.push(tide.publish("first", { type: "step", data: { step: 700 } }));
    const receipts = await Promise.all(sent);
    const stored = await Array.fromAsync(tide.read("first"));
    assert.deepEqual(
      stored.map((message) => [message.entryId, (message.data as { step: number }).step]),
      receipts.map(({ entryId }, n) => [entryId, n]),
    );
  });

  test("settings are asked for once, however many publishes follow", async () => {
    const asked = async (): Promise<number> => Number(/cmdstat_hgetall:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0);
    const start = await asked();
    await Promise.all(Array.from({ length: 50 }, () => tide.publish("once", { type: "x" })));
    for (let n = 0; n < 5; n++) await tide.publish("once", { type: "x" });
    assert.equal((await asked()) - start, 1);
  });
});
