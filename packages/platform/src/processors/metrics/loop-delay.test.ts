import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { LoopDelay } from "./loop-delay.ts";

test("a loop that stands still is seen, and only then", async () => {
  const delay = new LoopDelay();
  delay.start();
  await pause(200);
  const before = delay.counts();
  const until = performance.now() + 300;
  while (performance.now() < until);
  await pause(40);
  const { buckets, count, sum } = delay.counts();
  delay.stop();
  const over128 = (counts: typeof buckets, all: number): number => all - (counts.find(([border]) => border === 128)?.[1] ?? 0);
  assert.equal(over128(before.buckets, before.count), 0);
  assert.equal(over128(buckets, count), 1);
  assert.ok(sum - before.sum > 250);
});
