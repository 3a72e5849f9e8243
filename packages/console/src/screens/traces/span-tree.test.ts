import assert from "node:assert/strict";
import { test } from "node:test";
import type { SpanRecord } from "tidegate/contract";
import { extentOf, foldedFrom, rowsOf } from "./span-tree.ts";

const span = (spanId: string, parentId: string | null, startedAt: number, more: Partial<SpanRecord> = {}) =>
  ({ spanId, parentId, startedAt, endedAt: startedAt + 1, status: "ok", events: [], ...more }) as unknown as SpanRecord;
const shape = (spans: SpanRecord[], toggled: string[] = []) =>
  rowsOf(spans, new Set(toggled)).map((row) => `${"-".repeat(row.depth)}${row.span.spanId}${row.collapsed ? `(${row.below})` : ""}`);

test("spans stand below their parents, in order of start", () => {
  assert.deepEqual(shape([span("c", "a", 3), span("b", "a", 2), span("a", null, 1), span("d", "b", 4)]), ["a", "-b", "--d", "-c"]);
});

test("a span without its parent is at the top, and a circle is still shown", () => {
  assert.deepEqual(shape([span("b", "lost", 2), span("a", null, 1)]), ["a", "b"]);
  assert.equal(shape([span("x", "y", 1), span("y", "x", 2), span("z", "y", 3)]).length, 3);
});

test("a folded span hides what is below it and says whether that failed", () => {
  const spans = [span("a", null, 1), span("b", "a", 2), span("c", "b", 3, { status: "error" })];
  const [, row] = rowsOf(spans, new Set(["b"]));
  assert.deepEqual([row?.collapsed, row?.below, row?.hidesError], [true, 1, true]);
  assert.deepEqual(shape(spans, ["a"]), ["a(2)"]);
});

test("a large subtree is folded until it is opened; the trace itself is not", () => {
  const many = Array.from({ length: foldedFrom }, (_, i) => span(`m${i}`, "loop", 2 + i));
  const spans = [span("a", null, 0), span("loop", "a", 1), ...many];
  assert.deepEqual(shape(spans), ["a", `-loop(${foldedFrom})`]);
  assert.equal(shape(spans, ["loop"]).length, foldedFrom + 2);
});

test("a chain of a thousand spans is a trace too", () => {
  const chain = Array.from({ length: 1000 }, (_, i) => span(`s${i}`, i === 0 ? null : `s${i - 1}`, i));
  assert.equal(rowsOf(chain, new Set()).at(0)?.below, 999);
});

test("a running span reaches to its newest event", () => {
  assert.deepEqual(extentOf([span("a", null, 5, { endedAt: null, events: [{ at: 9, name: "x" }] })]), { from: 5, to: 9 });
});
