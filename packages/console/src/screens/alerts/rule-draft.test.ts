import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertRule } from "tidegate/contract";
import { blank, draftOf, idFrom, parseWhere, requestOf, writeWhere } from "./rule-draft.ts";

const rule = (condition: AlertRule["condition"]): AlertRule => ({
  id: "r",
  name: "R",
  enabled: true,
  builtin: true,
  condition,
  for: 60,
  severity: "high",
  severities: [{ where: { field: "days_remaining", op: "<=", value: 1 }, severity: "critical" }],
  cooldown: 300,
  destinations: ["mail"],
  advice: "Look.",
  version: 3,
  updated_at: 1,
});

const conditions: AlertRule["condition"][] = [
  { kind: "metric", metric: "group_lag", subject: "orders/*", aggregate: "max", window: 60, op: ">=", value: 1.5, baseline: 3600 },
  {
    kind: "event",
    event: "service_failed",
    where: [{ field: "kind", op: "==", value: "worker" }],
    by: "service",
    count: 3,
    window: 300,
    resolved_by: ["service_started"],
  },
  {
    kind: "log",
    level: "error",
    log_type: "http_response",
    where: [{ field: "status", op: ">=", value: 500 }],
    by: "host",
    count: 5,
    window: 10,
  },
];

for (const condition of conditions)
  test(`a ${condition.kind} rule survives being edited`, () => {
    const { builtin: _, version: __, updated_at: ___, ...request } = rule(condition);
    assert.deepEqual(requestOf(draftOf(rule(condition))), request);
  });

test("conditions are read line by line, with numbers and words kept apart", () => {
  const where = parseWhere('status >= 500\npath == "/a b"\nok != true\nname==x*');
  assert.deepEqual(
    where.map((c) => c.value),
    [500, "/a b", true, "x*"],
  );
  assert.deepEqual(parseWhere(writeWhere(where)), where);
});

test("what cannot be a rule says what is wrong", () => {
  const fault = (change: Partial<typeof blank>) => (requestOf({ ...blank, name: "x", ...change }) as { fault: string }).fault;
  assert.match(fault({ name: " " }), /name/);
  assert.match(fault({ value: "many" }), /value is not a number: "many"/);
  assert.match(fault({ window: "0" }), /at least 1/);
  assert.match(fault({ kind: "log", where: "status 500" }), /"status 500" is not a condition/);
  assert.match(fault({ kind: "event" }), /type of event/);
});

test("an id is made of the name", () => {
  assert.equal(idFrom("Many 5xx, again!"), "many-5xx-again");
});
