/** Short form of `npm run test:long -- crowd`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crowd } from "./crowd.ts";

test("ten groups of five consumers each get every message once", { timeout: 120_000 }, async (context) => {
  const report = (line: string): void => context.diagnostic(line);
  const { problems, deliveries } = await crowd({ groups: 10, consumersPerGroup: 5, processes: 1, rate: 200, seconds: 5, report });
  assert.deepEqual(problems, []);
  assert.equal(deliveries, 10 * 1_000);
});
