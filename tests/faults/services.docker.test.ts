import assert from "node:assert/strict";
import { test } from "node:test";
import { runServices } from "./services.ts";

const seed = Number(process.env["FAULT_SEED"] ?? Date.now() % 1_000_000);

test(`services of two instances, with kills and a restart of the engine: nothing leaks, nothing is given twice (seed ${seed})`, async (context) => {
  const { problems, acts, kills, seconds } = await runServices({ seed, services: 6, acts: 3, killEvery: 4, restartEngine: true });
  context.diagnostic(`${acts.length} acts, ${kills} kills in ${seconds.toFixed(0)} s`);
  assert.deepEqual(problems, []);
  assert.equal(acts.length, 18);
});
