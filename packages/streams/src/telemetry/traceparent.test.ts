import assert from "node:assert/strict";
import { test } from "node:test";
import { childTraceparent, formatTraceparent, newSpanId, newTraceId, parseTraceparent } from "./traceparent.ts";

const [TRACE, SPAN] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];

const TAKEN: readonly (readonly [header: string, sampled: boolean])[] = [
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-03`, true],
  [`00-${TRACE}-${SPAN}-fe`, false],
  [`01-${TRACE}-${SPAN}-01`, true],
  [`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, true],
];

const REFUSED: readonly string[] = [
  "",
  "00",
  `00-${TRACE}-${SPAN}`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN.toUpperCase()}-01`,
  `00-${TRACE}-${SPAN}-0A`,
  `00-${TRACE}-${SPAN}-01-more`,
  `cc-${TRACE}-${SPAN}-01.more`,
  `00-${TRACE.slice(1)}-${SPAN}-01`,
  `00-${TRACE}0-${SPAN}-01`,
  ` 00-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01\n`,
  `00-${TRACE}-${SPAN}-1`,
  `00_${TRACE}_${SPAN}_01`,
  `00-${"g".repeat(32)}-${SPAN}-01`,
];

test("headers that are well formed are taken, of versions to come as far as they are known", () => {
  for (const [header, sampled] of TAKEN) assert.deepEqual(parseTraceparent(header), { traceId: TRACE, spanId: SPAN, sampled }, header);
});

test("everything else is as good as no header", () => {
  for (const header of REFUSED) assert.equal(parseTraceparent(header), null, JSON.stringify(header));
  assert.deepEqual([parseTraceparent(undefined), parseTraceparent(null)], [null, null]);
});

test("a child keeps the trace and its flag, and is written as version 00", () => {
  const child = childTraceparent(`cc-${TRACE}-${SPAN}-00-more`);
  assert.match(child, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  assert.notEqual(parseTraceparent(child)?.spanId, SPAN);
  assert.match(childTraceparent("nonsense"), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal(formatTraceparent({ traceId: TRACE, spanId: SPAN, sampled: true }), `00-${TRACE}-${SPAN}-01`);
});

test("ten thousand ids are all different and never zero", () => {
  const ids = new Set(Array.from({ length: 10_000 }, newSpanId));
  assert.equal(ids.size, 10_000);
  for (const id of [...ids, newTraceId()]) assert.match(id, /^(?=.*[1-9a-f])(?:[0-9a-f]{16}|[0-9a-f]{32})$/);
});
