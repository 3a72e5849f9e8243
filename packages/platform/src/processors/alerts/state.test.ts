import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AlertRule } from "../../contract.ts";
import { owes, resolve, step, type Sight, type StoredAlert } from "./state.ts";

const RULE: AlertRule = {
  id: "r",
  name: "Rule",
  enabled: true,
  builtin: false,
  condition: { kind: "log", window: 60 },
  for: 0,
  severity: "medium",
  cooldown: 300,
  destinations: [],
  version: 1,
  updated_at: 0,
};
const MINUTE = 60_000;

function sight(holds: boolean, change: Partial<Sight> = {}): Sight {
  return { subject: "s", holds, value: 1, severity: "medium", summary: "it", trace: null, met: 0, reason: "over", ...change };
}

function fired(rule: AlertRule = RULE, at = 0): StoredAlert {
  const { alert } = step(null, sight(true), rule, at);
  assert.ok(alert?.state === "firing");
  return alert;
}

describe("the states of an alert", () => {
  it("without `for` it fires at the first sight", () => {
    const first = step(null, sight(true), RULE, 7);
    assert.equal(first.event, "alert_firing");
    assert.deepEqual([first.alert?.state, first.alert?.since, first.alert?.fired_at], ["firing", 7, 7]);
  });

  it("with `for` it is pending so long, and gone without a word when it ceases before", () => {
    const rule = { ...RULE, for: 60 };
    const pending = step(null, sight(true), rule, 0);
    assert.deepEqual([pending.alert?.state, pending.event], ["pending", null]);
    assert.equal(step(pending.alert, sight(true), rule, MINUTE - 1).alert?.state, "pending");
    assert.equal(step(pending.alert, sight(true), rule, MINUTE).event, "alert_firing");
    assert.deepEqual(step(pending.alert, sight(false), rule, MINUTE - 1), { alert: null, event: null });
  });

  it("resolves with a reason, and is forgotten when the cooldown is over", () => {
    const ended = step(fired(), sight(false, { reason: "it is 0 now" }), RULE, MINUTE);
    assert.equal(ended.event, "alert_resolved");
    assert.deepEqual([ended.alert?.state, ended.alert?.reason, ended.alert?.resolved_at], ["resolved", "it is 0 now", MINUTE]);
    assert.notEqual(step(ended.alert, sight(false), RULE, 6 * MINUTE - 1).alert, null);
    assert.equal(step(ended.alert, sight(false), RULE, 6 * MINUTE).alert, null);
  });

  it("within the cooldown it fires and is shown, but owes a notification only after it", () => {
    const ended = step({ ...fired(), notified: true }, sight(false), RULE, MINUTE).alert;
    const again = step(ended, sight(true), RULE, 2 * MINUTE);
    assert.equal(again.event, "alert_firing");
    assert.ok(again.alert);
    assert.equal(owes(again.alert, false, 2 * MINUTE), false);
    assert.equal(owes(again.alert, false, 6 * MINUTE), true);
  });

  it("does not owe twice, nor while it is silenced", () => {
    assert.equal(owes(fired(), false, 0), true);
    assert.equal(owes(fired(), true, 0), false);
    assert.equal(owes({ ...fired(), notified: true }, false, 0), false);
  });

  it("fires anew when it becomes more severe, keeps the highest severity, and says nothing when it becomes less", () => {
    const told = { ...fired(), notified: true };
    const worse = step(told, sight(true, { severity: "critical" }), RULE, 1);
    assert.deepEqual([worse.event, worse.alert?.severity, worse.alert?.notified], ["alert_firing", "critical", false]);
    const better = step(worse.alert, sight(true, { severity: "low" }), RULE, 2);
    assert.deepEqual([better.event, better.alert?.severity], [null, "critical"]);
  });

  it("what was judged already is remembered until its window is gone", () => {
    const ended = step(fired(), sight(false, { met: 5 }), RULE, MINUTE).alert;
    assert.notEqual(step(ended, sight(false, { met: 5 }), RULE, 60 * MINUTE).alert, null);
    assert.equal(step(ended, sight(false), RULE, 60 * MINUTE).alert, null);
  });

  it("a firing one whose rule goes is resolved; a pending one just goes", () => {
    assert.deepEqual(
      [resolve(fired(), RULE, 1, "gone").event, resolve(fired(), RULE, 1, "gone").alert?.reason],
      ["alert_resolved", "gone"],
    );
    const pending = step(null, sight(true), { ...RULE, for: 60 }, 0).alert;
    assert.ok(pending);
    assert.deepEqual(resolve(pending, RULE, 1, "gone"), { alert: null, event: null });
  });
});
