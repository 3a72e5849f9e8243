import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deed } from "@tidegate/streams/testing";
import { assess, type Assessment, type Run } from "./assess.ts";
import type { Damage } from "./fault.ts";
import { PROMISES } from "./promises.ts";

/** Five messages stored, one strike at 45 ms; those in `handled` had their effect, each by one worker. */
function run(handled: readonly number[], damage: Partial<Damage>, changes: Partial<Run> = {}): Assessment {
  const published = [1, 2, 3, 4, 5].map((seq) => ({ seq, outcome: "stored" as const, askedAt: seq * 10, answeredAt: seq * 10 + 1 }));
  const deeds = handled.flatMap((seq, at): Deed[] =>
    (["begin", "effect", "acked"] as const).map((kind, step) => ({ kind, seq, worker: "a", entryId: `${seq}-0`, at: at * 10 + step })),
  );
  const victims = [{ victim: "*", from: 45 }];
  const blow = { healedAt: 50, everyone: 5, lagZero: 9, left: { pending: 0, lag: 0, retrying: 0 } };
  const strike = { number: 1, after: 1, hold: 1, choice: 1 };
  return assess({
    fault: "flushall",
    cell: PROMISES.flushall,
    stage: { load: { published, askedAgain: 0 }, witness: { deeds: () => deeds, fenced: () => 0 } },
    blows: [{ ...blow, strike, damage: { victims, evidence: "deleted", ...damage }, kills: [{ victim: "*", from: 45, until: 55 }] }],
    left: { pending: 0, lag: 0, retrying: 0 },
    ...changes,
  });
}

const deleted = { gone: ({ seq }: { seq: number }) => seq === 4 };

test("an assessment allows what was deleted, and counts it as lost all the same", () => {
  const { lost, allowed, problems } = run([1, 2, 3, 5], deleted);
  assert.deepEqual({ lost, allowed, problems }, { lost: 1, allowed: 1, problems: [] });
});

test("an assessment condemns a loss that the fault does not explain", () => {
  const { lost, allowed, problems } = run([1, 2, 5], deleted);
  assert.deepEqual({ lost, allowed }, { lost: 2, allowed: 1 });
  assert.match(problems.join(), /1 lost: answered stored, never had an effect: 3/);
});

test("an assessment condemns every loss where the cell allows none", () => {
  const { allowed, problems } = run([1, 2, 3, 5], deleted, { fault: "redis-kill", cell: PROMISES["redis-kill"] });
  assert.equal(allowed, 0);
  assert.match(problems.join(), /1 lost: .*: 4/);
});

test("an assessment condemns an effect of a message nobody published", () => {
  const { unexpected, problems } = run([1, 2, 3, 4, 5, 6], {});
  assert.equal(unexpected, 1);
  assert.match(problems.join(), /1 unexpected: .*: 6/);
});

test("an assessment does not accept a strike that did nothing, nor a group that nobody could look into", () => {
  assert.match(run([1, 2, 3, 4, 5], { evidence: "" }).problems.join(), /strike #1 did nothing/);
  assert.match(run([1, 2, 3, 4, 5], {}, { left: null }).problems.join(), /not drained/);
});

test("an assessment excuses a second entry of one message only after a rewind", () => {
  const again = (rewound: boolean): Assessment => {
    const outcome = run([1, 2, 3, 4, 5], {});
    assert.deepEqual(outcome.problems, []);
    const deeds = [1, 2, 3, 4, 5, 5].flatMap((seq, at): Deed[] =>
      (["begin", "effect", "acked"] as const).map((kind, step) => ({ kind, seq, worker: "a", entryId: `${at}-0`, at: at * 10 + step })),
    );
    const published = [1, 2, 3, 4, 5].map((seq) => ({ seq, outcome: "stored" as const, askedAt: 0, answeredAt: 1 }));
    const stage = { load: { published, askedAgain: 0 }, witness: { deeds: () => deeds, fenced: () => 0 } };
    return run([], { rewound, victims: [] }, { stage, cell: PROMISES["power-loss"] });
  };
  assert.match(again(false).problems.join(), /stored twice/);
  assert.deepEqual(again(true).problems, []);
});
