/** Short form; the full one is `npm run test:long -- redis-kills`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redisKills } from "./redis-kills.ts";

test("Redis killed under load loses no stored message, and everybody resumes", { timeout: 90_000 }, async (context) => {
  const { verdict, delayedFsync, recoveries } = await redisKills({
    kills: 2,
    messagesBetween: 1_000,
    report: (line) => context.diagnostic(line),
  });
  await context.test("the history is clean", () => assert.deepEqual(verdict.problems, []));
  await context.test("each kill was recovered from", () => assert.equal(recoveries.length, 2));
  await context.test("aof_delayed_fsync did not rise, so the run is comparable", () => assert.equal(delayedFsync, 0));
});

test(
  "a publisher that gives up early hears the truth: refused is never stored, unknown becomes stored by retry, once",
  { timeout: 90_000 },
  async (context) => {
    const { verdict, askedAgain } = await redisKills({
      kills: 2,
      messagesBetween: 1_000,
      publishTimeout: 15,
      report: (line) => context.diagnostic(line),
    });
    assert.deepEqual(verdict.problems, []);
    assert.ok(askedAgain + verdict.notStored > 0, "no publish was cut off by a kill, so the run proved nothing");
  },
);
