import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { createClient } from "@redis/client";
import { connect, type Notice, type Settlement, type Tide } from "../index.ts";
import { probe, until } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";

/** A consumer with an event loop of its own; counts in shared memory, which a blocked loop can still see. */
const OTHER = `
const { workerData, parentPort } = require("node:worker_threads");
import(workerData.index).then(async ({ connect }) => {
  const tide = await connect({ url: workerData.url, namespace: "lease" });
  const handled = [];
  parentPort.on("message", async (order) => {
    if (order === "report") return parentPort.postMessage(handled);
    if (order === "close") return tide.close().then(() => parentPort.close());
    await tide.consume(workerData.topic, { group: "g", lease: workerData.lease, name: "other" }, (message) => {
      handled.push(message.data);
      Atomics.add(workerData.count, 0, 1);
    });
    parentPort.postMessage("consuming");
  });
  parentPort.postMessage("ready");
});`;

class Other implements AsyncDisposable {
  readonly #count = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(url: string, topic: string, lease: number) {
    const index = new URL("../index.ts", import.meta.url).href;
    this.#worker = new Worker(OTHER, { eval: true, workerData: { index, url, topic, lease, count: this.#count } });
  }

  get handled(): number {
    return Atomics.load(this.#count, 0);
  }

  answer(order?: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.once("message", resolve);
      this.#worker.once("error", reject);
      if (order !== undefined) this.#worker.postMessage(order, []);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#worker.postMessage("close", []);
    await gone;
  }
}

function block(until: () => boolean, limit = 20_000): void {
  const end = performance.now() + limit;
  while (!until() && performance.now() < end);
}

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  block(() => performance.now() >= end);
}

describe("leases", () => {
  let redis: RedisServer;
  let tide: Tide;
  const notices: Notice[] = [];
  const client = { current: null as ReturnType<typeof createClient> | null };
  const redisCall = (...args: string[]): Promise<unknown> => (client.current as NonNullable<typeof client.current>).sendCommand(args);

  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "lease", onNotice: (notice) => notices.push(notice) });
    client.current = createClient({ url: redis.url });
    await client.current.connect();
  });
  after(async () => {
    await tide.close();
    client.current?.destroy();
    await redis.stop();
  });

  const numbers = (count: number): { type: string; data: number }[] => Array.from({ length: count }, (_, data) => ({ type: "n", data }));
  /** Milliseconds of each standstill since the last call. A busy machine may add short ones. */
  const stalled = (): number[] =>
    notices.splice(0).flatMap(({ code, detail }) => (code === "event_loop_stalled" ? [Number(detail?.["ms"])] : []));

  test("an event loop that stood still past its lease starts nothing another consumer has taken meanwhile", async () => {
    const lease = 300;
    await using other = new Other(redis.url, "zombie", lease);
    assert.equal(await other.answer(), "ready");
    const [starts, settled, stalls] = [probe<unknown>(), probe<Settlement>(), stalled()];
    await tide.publishMany("zombie", numbers(8));
    const options = { group: "g", lease, concurrency: 1, batch: 16, onSettled: settled.add };
    await using consumer = await tide.consume("zombie", options, async (message) => {
      starts.add(message.data);
      if (starts.seen.length > 1) return;
      await until("all are buffered here", async () => consumer.stats().buffered === 7);
      assert.equal(await other.answer("consume"), "consuming");
      const enough = performance.now() + 3 * lease;
      block(() => other.handled === 8 && performance.now() > enough);
    });
    await settled.reaches(1);
    await until("the rest is given up", async () => consumer.stats().buffered === 0);
    assert.deepEqual(
      ((await other.answer("report")) as number[]).toSorted((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
    assert.deepEqual(starts.seen, [0], "the buffered ones were not begun a second time");
    assert.deepEqual([settled.seen[0]?.outcome, consumer.stats().acked], ["lost", 0]);
    await until("the standstill was noticed", async () => stalls.some((ms) => ms > lease) || (stalls.push(...stalled()), false));
    assert.ok(consumer.stats().stalls >= 1);
  });

  test("after a standstill past the lease that nobody used, everything goes on here, once, and is no crash", async () => {
    const settled = probe<Settlement>();
    const crashes: number[] = [];
    await tide.publishMany("alone", numbers(20));
    const options = { group: "g", lease: 200, concurrency: 1, batch: 64, onSettled: settled.add };
    await using consumer = await tide.consume("alone", options, (message, context) => {
      crashes.push(context.crashes);
      if (message.data === 3) blockFor(700);
    });
    await settled.reaches(20);
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      Array(20).fill("acked"),
    );
    assert.deepEqual(crashes, Array(20).fill(0));
    await until("the standstill was counted", async () => consumer.stats().stalls >= 1);
  });

  test("a standstill within the lease is counted and told, and disturbs nothing", async () => {
    stalled();
    const settled = probe<Settlement>();
    await tide.publishMany("short", numbers(5));
    await using consumer = await tide.consume("short", { lease: 1_500, onSettled: settled.add }, (message) => {
      if (message.data === 0) blockFor(800);
    });
    await settled.reaches(5);
    await until("it was noticed", async () => consumer.stats().stalls >= 1);
    assert.ok(stalled().some((ms) => ms >= 500));
    assert.equal(consumer.stats().lost, 0);
  });

  test("a group gives its sign of life by the server's clock, also while it holds nothing", async () => {
    await using _ = await tide.consume("signs", { group: "g" }, () => {});
    await until("it is there", async () => (await redisCall("HEXISTS", "lease:signs:groups", "g")) === 1);
    const [seconds] = (await redisCall("TIME")) as string[];
    const age = Number(seconds) * 1000 - Number(await redisCall("HGET", "lease:signs:groups", "g"));
    assert.ok(age < 10_000 && age > -1_000, `${age} ms old`);
  });

  test("acks and retries travel together: a few calls settle hundreds of messages", async () => {
    const settled = probe<Settlement>();
    await tide.publishMany("together", numbers(400));
    await redisCall("CONFIG", "RESETSTAT");
    const options = { group: "g", concurrency: 100, retry: { baseDelay: 1 }, onSettled: settled.add };
    await using consumer = await tide.consume("together", options, (_, { attempt }) => {
      if (attempt === 1) throw new Error("once");
    });
    await settled.reaches(800);
    assert.deepEqual([consumer.stats().retried, consumer.stats().acked], [400, 400]);
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await redisCall("INFO", "commandstats")))?.[1]);
    assert.ok(calls < 120, `${calls} script calls for 800 settlements`);
    assert.deepEqual(
      (await tide.groups.list("together")).map(({ pending, retrying, lag }) => [pending, retrying, lag]),
      [[0, 0, 0]],
    );
  });

  test("of a batch only what was taken over is refused", async () => {
    const settled = probe<Settlement>();
    const gate = Promise.withResolvers<void>();
    await tide.publishMany("mixed", numbers(6));
    const options = { group: "g", concurrency: 6, reserve: 0, onSettled: settled.add };
    const consumer = await tide.consume("mixed", options, async (message) => {
      await gate.promise;
      if (Number(message.data) % 2 === 1) throw new Error("later");
    });
    try {
      await until("all run", async () => consumer.stats().running === 6);
      const entries = (await tide.pending("mixed", "g")).entries;
      for (const at of [1, 2]) await redisCall("XCLAIM", "lease:mixed:events", "g", "thief", "0", entries[at]?.entryId ?? "");
      gate.resolve();
      await settled.reaches(6);
      const outcomes = settled.seen.toSorted((a, b) => Number(a.message.data) - Number(b.message.data)).map(({ outcome }) => outcome);
      assert.deepEqual(outcomes, ["acked", "lost", "lost", "retried", "acked", "retried"]);
    } finally {
      gate.resolve();
      await consumer.stop();
    }
  });
});
