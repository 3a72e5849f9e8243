import assert from "node:assert/strict";
import { test } from "node:test";
import { schedule, type SchedulePlan, type Strike } from "./schedule.ts";

const plan: SchedulePlan = { name: "redis-kill", seed: 7, hold: [100, 900], gap: 400 };

function first(count: number, changes: Partial<SchedulePlan> = {}): Strike[] {
  const strikes = schedule({ ...plan, ...changes });
  return Array.from({ length: count }, () => strikes.next().value);
}

test("a schedule is the same for the same seed", () => {
  assert.deepEqual(first(200), first(200));
  assert.deepEqual(first(2), [
    { number: 1, after: 252, hold: 682, choice: 65_398 },
    { number: 2, after: 318, hold: 685, choice: 10_812 },
  ]);
});

test("a schedule is another one for another seed and for another kind", () => {
  assert.notDeepEqual(first(3), first(3, { seed: 8 }));
  assert.notDeepEqual(first(3), first(3, { name: "redis-stop" }));
});

test("a schedule stays within its limits and uses them", () => {
  const strikes = first(2_000);
  const holds = strikes.map((strike) => strike.hold);
  const gaps = strikes.map((strike) => strike.after);
  assert.ok(Math.min(...holds) >= 100 && Math.max(...holds) <= 900 && Math.max(...holds) - Math.min(...holds) > 700);
  assert.ok(Math.min(...gaps) >= 200 && Math.max(...gaps) <= 400 && Math.max(...gaps) - Math.min(...gaps) > 150);
});
