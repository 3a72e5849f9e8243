/** What only a real server shows: how much memory history takes, and that a full server still settles. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "@redis/client";
import { connect } from "../open.ts";
import { probe } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/redis-server.ts";
import type { Settlement } from "../consuming.ts";

const MIB = 1_048_576;
const bed = new AsyncDisposableStack();
let redis: RedisServer;
let call: (...args: string[]) => Promise<unknown>;

before(async () => {
  redis = bed.use(await startRedis());
  const client = await createClient({ url: redis.url }).connect();
  bed.defer(() => client.close());
  call = (...args) => client.sendCommand(args);
});
after(() => bed.disposeAsync());

test("the history of a topic stays near eight MiB, and says when something may be missing", async () => {
  await using tide = await connect({ url: redis.url, namespace: "cap" });
  const { messageId } = await tide.publish("orders", { type: "first" });
  const key = "cap:orders:history";
  const fill = "for n = 1, 80000 do redis.call('XADD', KEYS[1], '*', 'act', 'acked', 'group', 'g', 'by', ARGV[1], 'ids', ARGV[1]) end";
  await call("EVAL", fill, "1", key, "normal 1795290711574-0 worker.052e8cfa73");
  assert.ok(Number(await call("MEMORY", "USAGE", key)) > 8.5 * MIB, "there is something to trim");
  const settled = probe<Settlement>();
  await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, () => {});
  await tide.publishMany(
    "orders",
    Array.from({ length: 2_500 }, () => ({ type: "n" })),
  );
  await settled.reaches(2_501);
  const used = Number(await call("MEMORY", "USAGE", key));
  assert.ok(used < 8.5 * MIB && used > 6 * MIB, `${used} bytes`);
  const history = await tide.history(messageId);
  assert.equal(history?.complete, false);
});

test("a server out of memory still settles, counts and remembers", async () => {
  await using tide = await connect({ url: redis.url, namespace: "full" });
  const [settled, begun] = [probe<Settlement>(), Promise.withResolvers<void>()];
  const { messageId } = await tide.publish("orders", { type: "n" });
  await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, () => begun.promise);
  await call("CONFIG", "SET", "maxmemory", "1mb");
  try {
    begun.resolve();
    await settled.reaches(1);
    assert.deepEqual([settled.seen[0]?.outcome, await call("HGET", "full:orders:counts", "acked:g")], ["acked", "1"]);
  } finally {
    await call("CONFIG", "SET", "maxmemory", "0");
  }
  assert.deepEqual((await tide.history(messageId))?.groups, { g: "acknowledged" });
});
