import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { FailureInfo, RetryPolicy } from "../consuming.ts";
import { asError, RetryAfter, TidegateError, Unrecoverable } from "../errors.ts";
import type { Message } from "../message/message.ts";
import { condemn, judge, type Failure, type Verdict } from "./retry-policy.ts";
import { resolveRetry } from "./retry-rules.ts";

const MESSAGE = { topic: "t", messageId: "m", type: "x", data: null, maxRetries: null } as unknown as Message;
const policy = (written: RetryPolicy = {}): ReturnType<typeof resolveRetry> => resolveRetry(written, { maxRetries: 3 });

function failure(more: Partial<Failure> = {}): Failure {
  return { message: MESSAGE, failures: 0, attempts: [], consumer: "c", thrown: new Error("x"), at: 1, ...more };
}

function verdict(written: RetryPolicy, more: Partial<Failure> = {}): Exclude<Verdict, { kind: "ack" }> {
  const judged = judge(failure(more), policy(written));
  assert.notEqual(judged.kind, "ack");
  return judged as Exclude<Verdict, { kind: "ack" }>;
}

function delay(written: RetryPolicy, more: Partial<Failure> = {}): number | "dead" {
  const judged = verdict(written, more);
  return judged.kind === "retry" ? judged.delay : "dead";
}

test("whatever the policy, a standard delay lies between 0 and min(maxDelay, baseDelay × 2ⁿ)", () => {
  const written = fc.record({
    baseDelay: fc.double({ min: 0, max: 1e9, noNaN: true }),
    maxDelay: fc.double({ min: 0, max: 1e9, noNaN: true }),
    backoff: fc.constantFrom("exponential" as const, "fixed" as const),
    jitter: fc.constantFrom("full" as const, "none" as const),
  });
  const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  fc.assert(
    fc.property(written, fc.integer({ min: 0, max: 5_000 }), random, (rule, failures, dice) => {
      const judged = judge(failure({ failures }), policy({ ...rule, maxRetries: 10_000 }), () => dice);
      assert.ok(judged.kind === "retry");
      assert.ok(Number.isSafeInteger(judged.delay) && judged.delay >= 0 && judged.delay <= rule.maxDelay, String(judged.delay));
      assert.ok(judged.delay <= rule.baseDelay * (rule.backoff === "fixed" ? 1 : 2 ** Math.min(failures, 60)));
    }),
  );
});

test("exponential doubles, fixed stays, full jitter takes a part", () => {
  const at = (written: RetryPolicy): unknown[] => [0, 1, 2, 20].map((failures) => delay({ maxRetries: 99, ...written }, { failures }));
  assert.deepEqual(at({ jitter: "none", baseDelay: 100, maxDelay: 1_000 }), [100, 200, 400, 1_000]);
  assert.deepEqual(at({ jitter: "none", backoff: "fixed", baseDelay: 100 }), [100, 100, 100, 100]);
  const half = judge(failure({ failures: 1 }), policy({ baseDelay: 100 }), () => 0.5);
  assert.ok(half.kind === "retry" && half.delay === 100);
});

test("one attempt and three retries, then dead; a message's own max_retries wins over every rule", () => {
  const kinds = (written: RetryPolicy, message = MESSAGE): string[] =>
    [0, 1, 2, 3].map((failures) => verdict(written, { failures, message }).kind);
  assert.deepEqual(kinds({}), ["retry", "retry", "retry", "dead"]);
  assert.deepEqual(kinds({ maxRetries: 0 }), ["dead", "dead", "dead", "dead"]);
  assert.deepEqual(kinds({ maxRetries: 0 }, { ...MESSAGE, maxRetries: 2 }), ["retry", "retry", "dead", "dead"]);
  const byError = [{ error: Error, maxRetries: 1 }];
  assert.deepEqual(kinds({ byError }), ["retry", "dead", "dead", "dead"]);
  assert.deepEqual(kinds({ byError }, { ...MESSAGE, maxRetries: 3 }), ["retry", "retry", "retry", "dead"]);
});

test("Unrecoverable is dead at once, RetryAfter names its delay, anything thrown has a code", () => {
  assert.equal(delay({}, { thrown: new Unrecoverable("no") }), "dead");
  assert.equal(delay({ delay: () => 9 }, { thrown: new RetryAfter(5) }), 5);
  assert.equal(delay({}, { thrown: new RetryAfter(5), failures: 3 }), "dead", "it says when, not how often");
  const text = verdict({}, { thrown: "a text" });
  assert.deepEqual([text.attempts[0]?.error, text.attempts[0]?.code], ["a text", "HANDLER_FAILED"]);
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (const thrown of [undefined, null, 5n, cycle, Symbol("s"), () => {}, Object.assign(new Error(), { message: 7, stack: 7, code: 7 })])
    assert.equal(verdict({}, { thrown }).kind, "retry", typeof thrown);
  assert.equal(asError(5n).message, "5n");
});

test("a RetryAfter without a usable delay falls back to the standard one, and says so", () => {
  for (const wrong of [Number.NaN, -1, Infinity]) {
    const judged = verdict({ jitter: "none" }, { thrown: new RetryAfter(wrong, "busy") });
    assert.ok(judged.kind === "retry" && judged.delay === 1_000);
    assert.match(judged.attempts[0]?.error ?? "", new RegExp(`RetryAfter's delay must be .* found ${wrong}.*busy`));
  }
});

test("a delay function decides alone and is told the failure; maxRetries still holds", () => {
  const told: FailureInfo[] = [];
  const own = (info: FailureInfo): number => (told.push(info), 77);
  const thrown = new Error("why");
  assert.equal(delay({ delay: own, maxDelay: 10 }, { thrown, failures: 2 }), 77);
  assert.deepEqual(told, [{ error: thrown, message: MESSAGE, failures: 3 }]);
  assert.equal(delay({ delay: own }, { failures: 3 }), "dead");
  assert.equal(told.length, 1, "it is not asked when the retries are used up");
  assert.equal(delay({ delay: () => "dead-letter" }), "dead");
});

test("a delay function that throws or answers nonsense: recorded as the error, standard delay", () => {
  const throwing = (): never => {
    throw Object.assign(new Error("my bug"), { code: "MY_BUG" });
  };
  const judged = verdict({ delay: throwing, jitter: "none" }, { thrown: new Error("the handler's") });
  assert.ok(judged.kind === "retry" && judged.delay === 1_000);
  assert.equal(judged.attempts[0]?.code, "MY_BUG");
  assert.equal(judged.attempts[0].error, "my bug (deciding about: the handler's)");
  assert.equal((judged.error.cause as Error).message, "the handler's");
  const answers: [unknown, string][] = [
    [-1, "-1"],
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    ["5", "string"],
    [undefined, "undefined"],
    [Promise.reject(new Error("async")), "a promise"],
  ];
  for (const [answer, found] of answers) {
    const wrong = verdict({ delay: (() => answer) as () => number, jitter: "none" });
    assert.ok(wrong.kind === "retry" && wrong.delay === 1_000);
    assert.ok(wrong.attempts[0]?.error.startsWith(`what retry.delay answered must be milliseconds of at least 0, found ${found}.`));
    assert.equal(wrong.attempts[0]?.code, "INVALID_CONFIG");
  }
});

test("the first rule whose class or code matches is used; what it leaves out comes from the policy", () => {
  class Busy extends Error {}
  class VeryBusy extends Busy {}
  const written: RetryPolicy = {
    jitter: "none",
    baseDelay: 10,
    byError: [
      { error: VeryBusy, baseDelay: 500 },
      { error: Busy, backoff: "fixed", maxRetries: 50 },
      { error: "ECONNREFUSED", delay: () => 9 },
      { error: "BAD_INPUT", unrecoverable: true },
      { error: "HANDLER_TIMEOUT", maxRetries: 0 },
      { error: Error, baseDelay: 1 },
    ],
  };
  const coded = (code: string): Error => Object.assign(new Error(code), { code });
  assert.equal(delay(written, { thrown: new VeryBusy(), failures: 1 }), 1_000);
  assert.equal(delay(written, { thrown: new Busy(), failures: 40 }), 10);
  assert.equal(delay(written, { thrown: coded("ECONNREFUSED") }), 9);
  assert.equal(delay(written, { thrown: coded("BAD_INPUT") }), "dead");
  assert.equal(delay(written, { thrown: new TidegateError("HANDLER_TIMEOUT", "slow") }), "dead");
  assert.equal(delay(written, { thrown: coded("OTHER") }), 1);
});

test("a rule takes over the general delay function, unless it sets a backoff of its own", () => {
  const general = { delay: () => 9, jitter: "none" as const };
  assert.equal(delay({ ...general, byError: [{ error: Error, maxRetries: 5 }] }), 9);
  assert.equal(delay({ ...general, byError: [{ error: Error, baseDelay: 5 }] }), 5);
});

test("a wrong policy is refused with the path of what is wrong", () => {
  const rule = (more: object): RetryPolicy => ({ byError: [{ error: Error }, { error: "X", ...more }] });
  const cases: [unknown, RegExp][] = [
    [{ maxRetries: -1 }, /^retry\.maxRetries must be a number of at least 0, found -1/],
    [{ baseDelay: "5" }, /^retry\.baseDelay /],
    [{ backoff: "linear" }, /^retry\.backoff must be "exponential" or "fixed", found "linear"/],
    [{ jitter: true }, /^retry\.jitter must be "full" or "none", found boolean/],
    [{ delay: 5 }, /^retry\.delay must be a function, found 5/],
    [{ byError: {} }, /^retry\.byError must be a list/],
    [{ byError: [null] }, /^retry\.byError\[0\] must be a rule/],
    [rule({ maxDelay: Number.NaN }), /^retry\.byError\[1\]\.maxDelay must be a number of at least 0, found NaN/],
    [rule({ error: "" }), /^retry\.byError\[1\]\.error must be an error class or an error's code, found ""/],
    [rule({ error: () => {} }), /^retry\.byError\[1\]\.error /],
    [rule({ unrecoverable: 1 }), /^retry\.byError\[1\]\.unrecoverable must be true or false/],
    [rule({ delay: "1s" }), /^retry\.byError\[1\]\.delay must be a function, found "1s"/],
  ];
  for (const [written, message] of cases) assert.throws(() => policy(written as RetryPolicy), { code: "INVALID_CONFIG", message });
});

test("a delay asked for by who holds the message wins over the policy; the number of retries does not change", () => {
  assert.equal(delay({ delay: () => 9 }, { delay: 3 }), 3);
  assert.equal(delay({ delay: () => 9 }, { delay: 3, failures: 3 }), "dead");
});

test("what is condemned is dead with its code, whatever the policy", () => {
  const judged = condemn(failure({ thrown: new Error("not wanted") }), "UNRECOVERABLE");
  assert.ok(judged.kind === "dead" && judged.code === "UNRECOVERABLE" && judged.attempts[0]?.code === "UNRECOVERABLE");
});

test("only the newest attempts are kept, and stacks are cut", () => {
  const old = Array.from({ length: 50 }, (_, n) => ({ attempt: n, at: n, consumer: "c", code: "X", error: "e" }));
  const thrown = Object.assign(new Error("m".repeat(5_000)), { stack: "s".repeat(50_000) });
  const { attempts } = verdict({}, { attempts: old, thrown });
  assert.equal(attempts.length, 20);
  assert.ok(JSON.stringify(attempts.at(-1)).length < 6_000);
});
