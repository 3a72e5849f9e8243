import assert from "node:assert/strict";
import { test } from "node:test";
import type { SpanRecord, Trace } from "@tidegate/streams";
import { waterfall } from "./waterfall.ts";

test("each span stands below its cause, its bar where it ran, and no line is wider than asked", () => {
  const rows = waterfall(
    trace([
      span("a", null, 0, 100, { name: "GET /orders" }),
      span("c", "b", 60, 100, { name: "a span with a name that is far too long for its column", status: "error", error: "no\nstack" }),
      span("b", "a", 50, 100, { attributes: { attempt: 2 } }),
      span("lost", "elsewhere", 0, null, { status: null }),
    ]),
    80,
  );
  assert.deepEqual(
    rows.map(({ label }) => label.trimEnd().replace(/ {2}web$/, "")),
    ["GET /orders", "  b #2", "    a span with a name that is far too lo...", "lost"],
  );
  const text = rows.map(({ bar }) => bar);
  assert.equal(text[0], "=".repeat(25));
  assert.equal(text[1]?.trimStart(), "=".repeat(12));
  assert.match(text[2] ?? "", /^ {15}x{10}$/);
  assert.match(text[3] ?? "", /^~{25}$/);
  assert.equal(rows[2]?.error, "      ! no");
  assert.equal(rows[3]?.duration.trim(), "running");
  for (const { label, bar, duration } of rows) assert.ok(`${label} ${bar} ${duration}`.length <= 80);
});

test("spans that name each other as cause do not go round for ever, and are left out", () => {
  const rows = waterfall(trace([span("a", "b", 0, 1), span("b", "a", 0, 1), span("c", null, 0, 1)]), 80);
  assert.equal(rows.length, 1);
});

function span(spanId: string, parentId: string | null, from: number, to: number | null, more: Partial<SpanRecord> = {}): SpanRecord {
  const rest = {
    kind: "internal" as const,
    component: "web",
    service: "web",
    status: "ok" as const,
    error: null,
    attributes: {},
    events: [],
  };
  return { spanId, parentId, name: spanId, startedAt: from, endedAt: to, ...rest, ...more };
}

function trace(records: SpanRecord[]): Trace {
  const summary = { traceId: "0".repeat(32), operation: "x", component: "web", startedAt: 0, duration: 100, status: "ok" as const };
  return { ...summary, spans: records.length, components: ["web"], records, dropped: 0 };
}
