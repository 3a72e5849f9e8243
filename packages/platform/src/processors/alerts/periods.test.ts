import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AlertCondition } from "../../contract.ts";
import type { EntryRule } from "./hits.ts";
import { Matcher, type Hit } from "./matcher.ts";
import { periodsOf } from "./periods.ts";
import { SHIPPED } from "./shipped.ts";

describe("when a rule would have fired", () => {
  it("of a window: from the entry that made it enough until too few are left", () => {
    const rule = ruleOf({ kind: "log", count: 3, window: 10 });
    const found = periodsOf(rule, hitsAt(rule, 0, 1, 2, 3, 50, 51, 52), 100_000);
    assert.deepEqual(
      found.map(({ from, to, peak }) => [from / 1000, (to ?? 0) / 1000, peak]),
      [
        [2, 11, 4],
        [52, 60, 3],
      ],
    );
  });

  it("one that goes on has no end; what was shorter than `for` was none", () => {
    const rule = ruleOf({ kind: "log", window: 10 });
    assert.equal(periodsOf(rule, hitsAt(rule, 95), 100_000)[0]?.to, null);
    assert.deepEqual(periodsOf({ ...rule, for: 11 }, hitsAt(rule, 10), 100_000), []);
    assert.equal(periodsOf({ ...rule, for: 5 }, hitsAt(rule, 10), 100_000)[0]?.from, 15_000);
  });

  it("of one that is resolved by an event: until it came, for the same subject", () => {
    const rule = SHIPPED.get("service-failed") as EntryRule;
    const entries = [
      ["service_failed", "a", 1],
      ["service_failed", "b", 2],
      ["service_started", "a", 5],
      ["service_failed", "a", 9],
    ] as const;
    const hits = new Matcher([rule]).match(entries.map(([type, service, at]) => event(type, { service }, at)));
    const found = periodsOf(rule, hits, 20_000);
    assert.deepEqual(
      found.map(({ subject, from, to }) => [subject, from, to]),
      [
        ["a", 1_000, 5_000],
        ["a", 9_000, null],
        ["b", 2_000, null],
      ],
    );
  });
});

describe("the matcher", () => {
  it("knows levels, types, fields within fields, wildcards and numbers in text", () => {
    const entry = {
      level: "error",
      component: "pay",
      timestamp: "1000",
      data: '{"message":"no","error":{"code":"E1"},"ms":"12","ok":false}',
    };
    const cases: [AlertCondition, boolean][] = [
      [{ kind: "log", window: 1 }, true],
      [{ kind: "log", window: 1, level: "error" }, true],
      [{ kind: "log", window: 1, level: "critical" }, false],
      [{ kind: "log", window: 1, log_type: "audit" }, false],
      [{ kind: "log", window: 1, where: [{ field: "error.code", op: "==", value: "E*" }] }, true],
      [{ kind: "log", window: 1, where: [{ field: "error.code", op: "!=", value: "E1" }] }, false],
      [{ kind: "log", window: 1, where: [{ field: "ms", op: ">=", value: 12 }] }, true],
      [{ kind: "log", window: 1, where: [{ field: "ms", op: "<", value: 12 }] }, false],
      [{ kind: "log", window: 1, where: [{ field: "ok", op: "==", value: false }] }, true],
      [{ kind: "log", window: 1, where: [{ field: "absent", op: ">", value: 0 }] }, false],
      [{ kind: "log", window: 1, where: [{ field: "absent", op: "!=", value: "x" }] }, true],
      [{ kind: "event", window: 1, event: "service_failed" }, false],
    ];
    for (const [condition, expected] of cases)
      assert.equal(
        new Matcher([ruleOf(condition)]).match([{ id: "1-0", fields: entry }]).length === 1,
        expected,
        JSON.stringify(condition),
      );
  });

  it("takes what other programs wrote as it is", () => {
    const rule = ruleOf({ kind: "log", window: 1, by: "component" });
    const hits = new Matcher([rule]).match([{ id: "7-0", fields: { level: "ERROR", data: "no json {" } }]);
    assert.deepEqual([hits[0]?.subject, hits[0]?.at], ["(none)", 7]);
  });
});

function ruleOf(condition: AlertCondition): EntryRule {
  const given = SHIPPED.get("error-rate");
  assert.ok(given);
  return { ...given, condition } as EntryRule;
}

function hitsAt(rule: EntryRule, ...seconds: number[]): Hit[] {
  return seconds.map((at) => ({ rule, signature: "s", subject: "*", at: at * 1000, facts: { text: "", trace: null, severity: "high" } }));
}

function event(type: string, data: object, second: number): { id: string; fields: Record<string, string> } {
  return { id: `${second}-0`, fields: { event_type: type, component: "c", timestamp: String(second * 1000), data: JSON.stringify(data) } };
}
