/** Short form of `npm run test:long -- telemetry`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Seed } from "./seed.ts";
import { killWhileCounting } from "./telemetry-kills.ts";

for (const processes of [1, 2] as const)
  test(`10,000 requests are counted exactly with ${processes} of the processes killed 6 times`, { timeout: 120_000 }, async (context) => {
    const seed = Seed.fromEnvironment().value;
    context.diagnostic(`seed ${seed} (repeat with FAULT_SEED=${seed})`);
    const report = (line: string): void => context.diagnostic(line);
    const { hits, problems } = await killWhileCounting({ seed, requests: 10_000, kills: 6, processes, whole: false, report });
    assert.deepEqual(problems, []);
    assert.ok(hits > 0, "no kill hit the process that was reading");
  });
