import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, test } from "node:test";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { GatewayKeys } from "../../../keys.ts";
import { rateOf } from "./gcra.ts";
import { RateLimiter } from "./rate-limiter.ts";

const bed = new AsyncDisposableStack();
const keys = new GatewayKeys("ratetest", "");
let redis: RedisServer;
let tide: Tide;

before(async () => {
  redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url }));
});

after(() => bed.disposeAsync());

async function worker(name: string): Promise<RateLimiter> {
  const store = tide.store(name);
  bed.defer(() => store.close());
  await store.whenUp(5_000);
  const limiter = new RateLimiter({ keyOf: (client) => keys.edgeRate(client) });
  limiter.share(store);
  bed.defer(() => limiter.stop());
  return limiter;
}

test("two workers that are asked all the time let in together what one may, but for a burst of each", async () => {
  const rate = rateOf({ requests: 200, per: 1, burst: 20 });
  const workers = [await worker("one"), await worker("two")] as const;
  const began = performance.now();
  let admitted = 0;
  while (performance.now() - began < 1_500) {
    for (const each of workers) if (each.take("web 203.0.113.9", rate) === 0) admitted += 1;
    await pause(1);
  }
  const seconds = (performance.now() - began) / 1_000;
  const due = seconds * 200;
  // Alone each would let in `due`, both twice that.
  assert.ok(admitted >= due * 0.8 && admitted <= due + 2 * 20 + 30, `${admitted} were let in where ${due.toFixed(0)} were due`);
  const store = tide.store("look");
  bed.defer(() => store.close());
  await store.whenUp(5_000);
  const ttl = Number(await store.call(["PTTL", keys.edgeRate("web 203.0.113.9")]));
  assert.ok(ttl > 0 && ttl <= 2_000, `its key lives for ${ttl} ms`);
});

test("a client that one worker let in to its limit is refused by the other as soon as it was told", async () => {
  const rate = rateOf({ requests: 1, per: 60, burst: 5 });
  const [one, two] = [await worker("three"), await worker("four")];
  for (let request = 0; request < 5; request += 1) assert.equal(one.take("b", rate), 0);
  assert.ok(one.take("b", rate) > 0);
  await one.stop();
  assert.equal(two.take("b", rate), 0);
  await two.stop();
  const wait = two.take("b", rate);
  assert.ok(wait > 60_000 && wait < 120_000, `it waits ${wait} ms`);
});

test("without Redis each worker holds the rate alone", async () => {
  const rate = rateOf({ requests: 1, per: 60, burst: 2 });
  const limiter = await worker("five");
  await redis.stop();
  assert.deepEqual([limiter.take("c", rate), limiter.take("c", rate)], [0, 0]);
  assert.ok(limiter.take("c", rate) > 59_000);
  await limiter.stop();
  assert.ok(limiter.take("c", rate) > 59_000);
});
