/** The short form of the long run `edge-redis-down`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runRedisDown } from "./redis-down.ts";

test("Redis killed under load costs no request, and each is recorded or counted", async () => {
  const { load, recordedAfter, problems } = await runRedisDown({ seconds: 3, rate: 200 });
  assert.deepEqual(problems, []);
  assert.equal(load.errors.size, 0);
  assert.ok(recordedAfter > 0);
});
