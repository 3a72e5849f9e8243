import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "./log-scale.ts";

test("the first page over ten times as many entries takes at most three times as long", { timeout: 180_000 }, async (t) => {
  const problems = await scale({ small: 10_000, large: 100_000, rounds: 9, report: (line) => t.diagnostic(line) });
  assert.deepEqual(problems, []);
});
