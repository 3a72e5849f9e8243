import assert from "node:assert/strict";
import { test } from "node:test";
import { startOrder } from "./order.ts";

test("what is needed comes first, the rest stays as declared", () => {
  const needs = new Map([
    ["demo", ["console"]],
    ["console", ["streams"]],
    ["lag", ["streams"]],
    ["streams", []],
  ]);
  assert.deepEqual(startOrder(needs), ["streams", "console", "demo", "lag"]);
});

test("a circle is refused by its names, and only they are named", () => {
  const needs = new Map([
    ["x", ["a"]],
    ["a", ["b"]],
    ["b", ["c"]],
    ["c", ["a"]],
  ]);
  assert.throws(() => startOrder(needs), { code: "START_FAILED", message: /circle: a → b → c → a\.$/ });
  assert.throws(() => startOrder(new Map([["self", ["self"]]])), /circle: self → self\.$/);
});

test("a need nobody declared is refused by name", () => {
  assert.throws(() => startOrder(new Map([["a", ["redis"]]])), {
    code: "START_FAILED",
    message: /"a" needs "redis"/,
    hint: /Declared: a\./,
  });
});
