import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createClient } from "redis";
import { connect, type Settlement } from "./index.ts";
import { startRedis } from "./testing/index.ts";
import { probe } from "./testing/events.ts";

test("the access list of docs/reference/redis.md is enough for a service, and no more than its namespace", async () => {
  const page = await readFile(new URL("../../../docs/reference/redis.md", import.meta.url), "utf8");
  const rule = /```\s+(ACL SETUSER orders[^`]+)```/.exec(page)?.[1]?.trim().split(/\s+/) ?? [];
  await using redis = await startRedis();
  const admin = createClient({ url: redis.url });
  await admin.connect();
  await admin.sendCommand(rule);
  const url = redis.url.replace("//", "//orders:secret@");
  const tide = await connect({ url, namespace: "tidegate" });
  const settled = probe<Settlement>();
  const consumer = await tide.consume("acl", { retry: { maxRetries: 1, baseDelay: 1 }, onSettled: settled.add }, ({ type }) => {
    if (type === "bad") throw new Error("no");
  });
  await tide.publishMany("acl", [{ type: "good" }, { type: "bad" }]);
  await settled.reaches(3);
  assert.deepEqual(await tide.topics(), ["acl"]);
  assert.deepEqual(await tide.deadLetters.replay({ topic: "acl" }), { replayed: 1, skipped: 0 });
  await settled.reaches(5);
  await tide.groups.seek("acl", "acl_processors", "now");
  await tide.deadLetters.discard({ topic: "acl" });
  await consumer.stop();
  assert.equal(await tide.removeTopic("acl"), true);
  await tide.close();
  const denied = await admin.sendCommand<unknown[]>(["ACL", "LOG"]);
  assert.deepEqual(denied, [], "nothing was refused on the way");
  await using other = await connect({ url, namespace: "other" });
  await assert.rejects(other.publish("t", { type: "x" }), { code: "ACCESS_DENIED" });
  admin.destroy();
});
