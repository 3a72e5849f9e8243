/** A trace that goes on where no request carried it: in another thread, another process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemory } from "../testing/index.ts";

test("what runs in a trace that was handed on belongs to it", async () => {
  await using memory = createMemory();
  const [here, there] = [await memory.connect({ service: "here" }), await memory.connect({ service: "there" })];
  assert.equal(here.runningSpan(), undefined);
  const span = here.startSpan("asks");
  const handedOn = here.runInSpan(span, () => here.runningSpan()?.traceparent);
  assert.equal(handedOn, span.traceparent);
  const work = there.runInTrace(handedOn, () => there.startSpan("works"));
  assert.equal(work.traceId, span.traceId);
});

test("nothing handed on, or nonsense, begins a trace of its own", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const outer = tide.startSpan("outer");
  for (const traceparent of [undefined, "nonsense"]) {
    assert.equal(
      tide.runInTrace(traceparent, () => tide.runningSpan()),
      undefined,
    );
    assert.notEqual(tide.runInTrace(traceparent, () => tide.startSpan("inner")).traceId, outer.traceId);
  }
});

test("a span that others were told of is told later, with what happened within it", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const id = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
  const span = tide.startSpan("GET /", { id, parent: `00-${id.traceId}-00f067aa0ba902b7-01`, startedAt: Date.now() - 50 });
  const inner = tide.runInSpan(span, () => tide.startSpan("connect"));
  assert.deepEqual([span.traceId, span.spanId, inner.traceId], [id.traceId, id.spanId, id.traceId]);
  inner.end();
  span.end();
  await Promise.all([tide.flush(), memory.clock.advance(200)]);
  const trace = await tide.traces.get(id.traceId);
  const parents = Object.fromEntries(trace?.records.map(({ name, parentId }) => [name, parentId]) ?? []);
  assert.deepEqual(parents, { "GET /": "00f067aa0ba902b7", connect: id.spanId });
});
