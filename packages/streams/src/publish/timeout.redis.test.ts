/** `publishTimeout` is a promise to the caller, also while a server that is stuck keeps the connection open and says nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { connect, PublishUnknown, type Receipt, type Tide, type TidegateError } from "../index.ts";
import { CuttingProxy } from "../testing/cutting-proxy.ts";
import { startRedis } from "../testing/redis-server.ts";

const TIMEOUT = 250;
/** Far less than the five seconds after which the connection itself gives up. */
const IN_TIME = 2_000;

test("a stopped server: each publish is answered in time, and retry() finds the one stored message when it goes on", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, publishTimeout: TIMEOUT });
  await tide.publish("t", { type: "n", data: -1 });
  await redis.kill("SIGSTOP");
  const began = performance.now();
  let answers: { error: unknown; data: number }[];
  try {
    answers = await inRounds(tide, 8);
    assert.ok(performance.now() - began < IN_TIME, `took ${Math.round(performance.now() - began)} ms`);
  } finally {
    await redis.kill("SIGCONT");
  }
  const unknown = answers.filter(({ error }) => error instanceof PublishUnknown);
  assert.deepEqual(
    unknown.map(({ data }) => data),
    [0, 1, 2, 3],
    "what was sent: four calls at once",
  );
  for (const { error } of answers.slice(4)) assert.equal((error as TidegateError).code, "REDIS_UNREACHABLE");
  const receipts = await Promise.all(unknown.map(({ error }) => settledAtLast(error as PublishUnknown)));
  await tide.publish("t", { type: "n", data: 100 });
  const stored = await Array.fromAsync(tide.read("t"));
  assert.deepEqual(
    stored.map(({ data }) => data),
    [-1, 0, 1, 2, 3, 100],
    "late answers store nothing twice, what was refused is not stored, and the order holds",
  );
  assert.deepEqual(
    stored.slice(1, 5).map(({ entryId }) => entryId),
    receipts.map(({ entryId }) => entryId),
  );
});

test("the very first publish, which asks for the topic's settings, is answered in time as well", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, publishTimeout: TIMEOUT });
  await redis.kill("SIGSTOP");
  try {
    const began = performance.now();
    await assert.rejects(tide.publish("t", { type: "n" }), { code: "REDIS_UNREACHABLE" });
    assert.ok(performance.now() - began < IN_TIME);
  } finally {
    await redis.kill("SIGCONT");
  }
  await assert.rejects(tide.streamInfo("t"), { code: "UNKNOWN_TOPIC" });
  assert.equal((await tide.publish("t", { type: "n" })).status, "stored");
});

test("with replicas asked for, their time comes on top", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, publishTimeout: TIMEOUT });
  await tide.publish("t", { type: "n" });
  const durability = { replicas: 1, timeout: 700 };
  await assert.rejects(tide.publish("t", { type: "n" }, { durability }), { code: "NOT_REPLICATED" });
  assert.equal((await Array.fromAsync(tide.read("t"))).length, 2);
});

test("a half-open connection: unknown in time; asked again on the next connection it is stored once", async () => {
  await using redis = await startRedis();
  await using proxy = await CuttingProxy.start(redis.port);
  await using tide = await connect({ url: proxy.url, publishTimeout: TIMEOUT });
  await tide.publish("t", { type: "n", data: 0 });
  proxy.mute();
  const began = performance.now();
  const error = await tide.publish("t", { type: "n", data: 1 }).catch((caught: unknown) => caught);
  assert.ok(error instanceof PublishUnknown, String(error));
  assert.ok(performance.now() - began < IN_TIME);
  const receipt = await settledAtLast(error);
  const stored = await Array.fromAsync(tide.read("t"));
  assert.deepEqual(
    stored.map(({ data, entryId }) => [data, entryId === receipt.entryId]),
    [
      [0, false],
      [1, true],
    ],
  );
});

/** Each in a call of its own, as far as calls are made. */
async function inRounds(tide: Tide, count: number): Promise<{ error: unknown; data: number }[]> {
  const answers: Promise<{ error: unknown; data: number }>[] = [];
  for (let data = 0; data < count; data++) {
    answers.push(
      tide.publish("t", { type: "n", data }).then(
        () => assert.fail("nobody can have answered"),
        (error: unknown) => ({ error, data }),
      ),
    );
    await tick();
    await tick();
  }
  return await Promise.all(answers);
}

async function settledAtLast(first: PublishUnknown): Promise<Receipt> {
  for (let error = first; ;) {
    const answer = await error.retry<Receipt>().catch((caught: unknown) => caught);
    if (!(answer instanceof PublishUnknown)) return answer as Receipt;
    error = answer;
  }
}
