/** Short form; the full one is `npm run test:long -- worker-kills`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { workerKills } from "./worker-kills.ts";

test("workers killed under load lose nothing and repeat only what they had in flight", { timeout: 60_000 }, async (context) => {
  const verdict = await workerKills({ kills: 5, messages: 3_000, report: (line) => context.diagnostic(line) });
  assert.deepEqual(verdict.problems, []);
  assert.equal(verdict.stored, 3_000);
  assert.ok(verdict.inFlightAtKills > 0, "no kill hit work in flight, so the run proved nothing");
});

test("the same run condemns workers that acknowledge before their effect", { timeout: 60_000 }, async (context) => {
  const verdict = await workerKills({ kills: 1, messages: 1_000, careless: true, report: (line) => context.diagnostic(line) });
  // Whether the one kill also loses a message depends on its moment; the forbidden order shows on every run.
  assert.match(verdict.problems.join("\n"), /acknowledged before its effect/);
});
