import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alert, LiveUpdate, ServiceAnswer } from "tidegate/contract";
import { problemsOf } from "./problems.ts";

const update = {
  streams: {},
  dead_letter: { stream: "", length: 1 },
  metrics: { memory: { maxmemory: 0, used_memory: 1 }, persistence: { last_write_ok: true } },
  components: [],
} as unknown as LiveUpdate;

const alert = (name: string, more: Partial<Alert> = {}) =>
  ({
    rule: name,
    name,
    subject: "",
    severity: "low",
    state: "firing",
    summary: "",
    acknowledged: null,
    muted_until: null,
    ...more,
  }) as Alert;

test("firing alerts are problems, the severe ones among the worst", () => {
  const found = problemsOf(update, [], [alert("quiet one"), alert("loud one", { severity: "critical", subject: "web" })]);
  assert.deepEqual(
    found.map(({ level, title }) => [level, title]),
    [
      ["bad", "loud one: web"],
      ["bad", "1 dead letter"],
      ["warn", "quiet one"],
    ],
  );
});

test("one rule that fires on several subjects is one problem that names them", () => {
  const [found] = problemsOf(update, [], [alert("late", { subject: "a/x", severity: "high" }), alert("late", { subject: "b/y" })]);
  assert.deepEqual(found, { level: "bad", href: "/alerts", title: "late: 2 firing", detail: "a/x, b/y." });
});

test("what is pending, muted or looked after is not a problem to find", () => {
  const known = [alert("a", { state: "pending" }), alert("b", { muted_until: 1 }), alert("c", { acknowledged: { by: "x", at: 1 } })];
  assert.equal(problemsOf(update, [], known).length, 1);
});

test("a failed service is a problem that says why", () => {
  const service = (status: ServiceAnswer["status"]) =>
    ({ service_name: "web", status, failure: { message: "exited with 1" } }) as unknown as ServiceAnswer;
  const found = problemsOf(update, [], [], [service("running"), service("failed")]);
  assert.deepEqual(found[0], { level: "bad", title: "Service web failed", detail: "exited with 1", href: "/services/web" });
  assert.equal(found.length, 2);
});
