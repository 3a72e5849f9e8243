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
