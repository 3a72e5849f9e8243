import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { RetryAfter, Unrecoverable } from "../errors.ts";
import { judge, type Failure } from "./retry-policy.ts";

const POLICY = { maxRetries: 3, baseDelay: 1_000, maxDelay: 60_000 };

function failure(more: Partial<Failure> = {}): Failure {
  return { message: null, failures: 0, attempts: [], consumer: "c", thrown: new Error("x"), at: 1, ...more };
}

test("the delay lies between nothing and min(maxDelay, baseDelay × 2ⁿ)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (failures, random) => {
      const verdict = judge(failure({ failures }), { ...POLICY, maxRetries: 1_000 }, () => random);
      assert.ok(verdict.kind === "retry");
      assert.ok(verdict.delay >= 0 && verdict.delay <= Math.min(60_000, 1_000 * 2 ** failures));
    }),
  );
});

test("one attempt and three retries, then dead", () => {
  const kinds = [0, 1, 2, 3].map((failures) => judge(failure({ failures }), POLICY).kind);
  assert.deepEqual(kinds, ["retry", "retry", "retry", "dead"]);
});

test("Unrecoverable is dead at once, RetryAfter names its delay, anything thrown has a code", () => {
  assert.equal(judge(failure({ thrown: new Unrecoverable("no") }), POLICY).kind, "dead");
  const later = judge(failure({ thrown: new RetryAfter(5) }), POLICY);
  assert.ok(later.kind === "retry" && later.delay === 5);
  const text = judge(failure({ thrown: "a text" }), POLICY);
  assert.ok(text.kind === "retry" && text.attempts[0]?.error === "a text" && text.attempts[0].code === "HANDLER_FAILED");
});

test("only the newest attempts are kept, and stacks are cut", () => {
  const old = Array.from({ length: 50 }, (_, n) => ({ attempt: n, at: n, consumer: "c", code: "X", error: "e" }));
  const thrown = Object.assign(new Error("m".repeat(5_000)), { stack: "s".repeat(50_000) });
  const verdict = judge(failure({ attempts: old, thrown }), POLICY);
  assert.ok(verdict.kind === "retry");
  assert.equal(verdict.attempts.length, 20);
  assert.ok(JSON.stringify(verdict.attempts.at(-1)).length < 6_000);
});
