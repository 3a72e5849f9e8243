/** Negative controls: a judge that cannot condemn proves nothing. Each history here is made by hand and has one known crime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, type Deed, type History } from "./checker.ts";

const drained = { pending: 0, lag: 0, retrying: 0 };

/** One healthy delivery: begun, effect, acknowledged. */
function handled(seq: number, worker: string, at: number, entryId: string = `${seq}-0`): Deed[] {
  return (["begin", "effect", "acked"] as const).map((kind, step) => ({ kind, seq, worker, entryId, at: at + step }));
}

function history(changes: Partial<History>): History {
  const published = [1, 2, 3].map((seq) => ({ seq, outcome: "stored" as const }));
  const deeds = [1, 2, 3].flatMap((seq) => handled(seq, "a", seq * 10));
  return { published, deeds, kills: [], inFlightBound: 10, left: drained, ...changes };
}

function condemned(changes: Partial<History>, reason: RegExp): void {
  assert.match(judge(history(changes)).problems.join("\n"), reason);
}

test("the checker passes a history without faults", () => {
  assert.deepEqual(judge(history({})).problems, []);
});

test("the checker finds a message acknowledged before its effect, whose worker then died", () => {
  const deeds = [
    ...handled(1, "a", 10),
    ...handled(2, "a", 20),
    { kind: "begin", seq: 3, worker: "a", entryId: "3-0", at: 30 } as const,
    { kind: "acked", seq: 3, worker: "a", entryId: "3-0", at: 31 } as const,
  ];
  const kills = [{ victim: "a", from: 32, until: 32 }];
  condemned({ deeds, kills }, /1 lost: .*: 3/);
  condemned({ deeds, kills }, /1 acknowledged before its effect: 3/);
});

test("the checker finds an acknowledgement that came before an effect, though nothing was lost", () => {
  const late = handled(3, "a", 30).map((deed) => (deed.kind === "effect" ? { ...deed, at: 99 } : deed));
  condemned({ deeds: [...handled(1, "a", 10), ...handled(2, "a", 20), ...late] }, /1 acknowledged before its effect: 3/);
});

test("the checker finds a duplicate when nobody was killed", () => {
  condemned({ deeds: [...history({}).deeds, ...handled(2, "b", 90)] }, /duplicated without having been in flight at a kill: 2/);
});

test("the checker finds a duplicate that the killed worker had already acknowledged", () => {
  condemned(
    { deeds: [...history({}).deeds, ...handled(2, "b", 90)], kills: [{ victim: "a", from: 80, until: 80 }] },
    /duplicated without .*: 2/,
  );
});

test("the checker excuses a duplicate whose effect was done and whose acknowledgement died with the worker", () => {
  const cut = handled(3, "a", 30).filter((deed) => deed.kind !== "acked");
  const deeds = [...handled(1, "a", 10), ...handled(2, "a", 20), ...cut, ...handled(3, "b", 90)];
  const verdict = judge(history({ deeds, kills: [{ victim: "a", from: 40, until: 40 }] }));
  assert.deepEqual(verdict.problems, []);
  assert.deepEqual(verdict.duplicates, [3]);
});

test("the checker excuses work in flight while Redis was down, and only that", () => {
  const kills = [{ victim: "*", from: 31, until: 60 }];
  const deeds = [...history({}).deeds, ...handled(3, "b", 70)];
  assert.deepEqual(judge(history({ deeds, kills })).problems, []);
  condemned({ deeds: [...deeds, ...handled(1, "b", 80)], kills }, /duplicated without .*: 1/);
});

test("the checker finds more duplicates than the kills can explain", () => {
  const deeds = [1, 2, 3].flatMap((seq) => [
    ...handled(seq, "a", seq * 10).filter((deed) => deed.kind !== "acked"),
    ...handled(seq, "b", 90),
  ]);
  condemned({ deeds, kills: [{ victim: "a", from: 80, until: 80 }], inFlightBound: 2 }, /3 duplicates are more than 1 kills × 2/);
});

test("the checker finds an effect nobody published", () => {
  condemned({ deeds: [...history({}).deeds, ...handled(7, "a", 70)] }, /1 unexpected: .*: 7/);
});

test("the checker finds the effect of a publish that was refused", () => {
  condemned({ published: [1, 2, 3].map((seq) => ({ seq, outcome: seq === 2 ? "refused" : "stored" })) }, /1 unexpected: .*: 2/);
});

test("the checker lets an unanswered publish appear or not", () => {
  const published = [1, 2, 3, 4].map((seq) => ({ seq, outcome: seq < 3 ? ("stored" as const) : ("unknown" as const) }));
  assert.deepEqual(judge(history({ published })).problems, []);
});

test("the checker finds a message that a repeated publish stored twice", () => {
  condemned(
    { deeds: [...history({}).deeds, ...handled(2, "a", 90, "9-0")], kills: [{ victim: "*", from: 0, until: 99 }] },
    /stored twice: .*: 2/,
  );
});

test("the checker finds a group that is not drained", () => {
  condemned({ left: { pending: 1, lag: 0, retrying: 0 } }, /not drained: pending 1/);
  condemned({ left: { pending: 0, lag: 4, retrying: 0 } }, /lag 4/);
});
