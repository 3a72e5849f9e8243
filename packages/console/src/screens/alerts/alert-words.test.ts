import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alert, AlertCondition, AlertRule } from "tidegate/contract";
import { causeOf, conditionWords } from "./alert-words.ts";

const words: readonly [AlertCondition, string][] = [
  [{ kind: "metric", metric: "http_error_rate", window: 60, op: ">", value: 5 }, "avg http_error_rate in 1m > 5 %"],
  [
    { kind: "metric", metric: "group_dead_lettered", aggregate: "sum", window: 300, op: ">", value: 0 },
    "sum group_dead_lettered in 5m > 0",
  ],
  [
    { kind: "metric", metric: "http_avg", subject: "a", window: 90, op: ">", value: 3, baseline: 600 },
    "avg http_avg of a in 1m 30s > 3 × the 10m before",
  ],
  [{ kind: "event", event: "service_failed", by: "service", window: 30 }, "1 × service_failed by service in 30 s"],
  [
    { kind: "log", level: "error", where: [{ field: "status", op: ">=", value: 500 }], count: 5, window: 10 },
    "5 × log ≥ error where status >= 500 in 10 s",
  ],
];

for (const [condition, text] of words) test(`a rule reads "${text}"`, () => assert.equal(conditionWords(condition), text));

test("an alert leads to the screen that shows its cause", () => {
  const cause = (condition: Partial<AlertCondition>, subject: string) =>
    causeOf({ subject, since: 100_000 } as Alert, { condition: { window: 60, ...condition } } as AlertRule)?.href;
  assert.equal(cause({ kind: "metric", metric: "group_lag" }, "orders/billing"), "/groups/orders/billing");
  assert.equal(cause({ kind: "metric", metric: "group_dead_lettered" }, "orders/billing"), "/dead-letters?topic=orders&group=billing");
  assert.equal(cause({ kind: "metric", metric: "redis_memory" }, ""), "/redis");
  assert.equal(cause({ kind: "metric", metric: "http_p95" }, "a.example"), "/logs?from=40000&filter=host%3Aa.example");
  assert.equal(cause({ kind: "event", event: "service_failed" }, "web"), "/logs?from=40000&filter=event%3Aservice_failed");
  assert.equal(
    cause({ kind: "log", level: "error", by: "component" }, "till"),
    `/logs?from=40000&filter=level%3Aerror%20component%3A%22till%22`,
  );
  assert.equal(causeOf({ subject: "" } as Alert, undefined), null);
});
