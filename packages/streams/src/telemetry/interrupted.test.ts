/** Spans under way, those whose process vanishes, and what a lost answer may do to them, in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemory, type Memory } from "../testing/memory/memory.ts";
import type { Trace } from "./telemetry.ts";
import type { Tide } from "../tide.ts";

test("a trace that goes on is seen running; when its process vanishes it ends as interrupted, at its last sign of life", async () => {
  await using memory = createMemory();
  const [doomed, other] = [await memory.connect({ service: "doomed" }), await memory.connect({ service: "other" })];
  const span = doomed.startSpan("import");
  doomed.runInSpan(span, () => doomed.startSpan("step").end());
  await memory.clock.advance(50);
  const later = doomed.startSpan("began later");
  await memory.clock.advance(250);
  assert.equal((await got(memory, other, later.traceId)).status, "running");
  const running = await got(memory, other, span.traceId);
  assert.deepEqual(
    [running.status, running.records.map(({ name, status }) => [name, status])],
    [
      "running",
      [
        ["import", null],
        ["step", "ok"],
      ],
    ],
  );

  await memory.clock.advance(60_000);
  assert.equal((await got(memory, other, span.traceId)).status, "running", "signs of life keep it");
  const before = memory.clock.wall();
  memory.faults.kill(doomed);
  await memory.clock.advance(24_000);
  assert.equal((await got(memory, other, span.traceId)).status, "running", "not yet");
  await memory.clock.advance(12_000);
  const trace = await got(memory, other, span.traceId);
  assert.equal(trace.status, "interrupted");
  const [root] = trace.records;
  assert.equal(root?.status, "interrupted");
  assert.ok(root.endedAt !== null && root.endedAt <= before && root.endedAt > before - 6_000, "its last sign of life");
  assert.equal(trace.duration, root.endedAt - root.startedAt);
  const list = (status: "interrupted" | "running"): Promise<readonly unknown[]> => other.traces.list({ status }).then(({ items }) => items);
  assert.deepEqual([(await list("interrupted")).length, (await list("running")).length], [2, 0]);
  assert.deepEqual(await memory.call("KEYS", "traces:open:*"), []);
  assert.equal(await memory.call("EXISTS", "traces:processes"), 0);
});

test("a span that was announced is known, with the one it began in, though its process died at once", async () => {
  await using memory = createMemory();
  const [doomed, other] = [await memory.connect({ service: "doomed" }), await memory.connect({ service: "other" })];
  const request = doomed.startSpan("request");
  const work = doomed.runInSpan(request, () => doomed.startSpan("work"));
  doomed.runInSpan(work, () => doomed.startSpan("step"));
  work.announce();
  work.announce();
  await Promise.all([doomed.flush(), memory.clock.advance(10)]);
  memory.faults.kill(doomed);
  const names = async (): Promise<unknown> => (await got(memory, other, work.traceId)).records.map(({ name, status }) => [name, status]);
  assert.deepEqual(await names(), [
    ["request", null],
    ["work", null],
  ]);
  await memory.clock.advance(60_000);
  assert.deepEqual(await names(), [
    ["request", "interrupted"],
    ["work", "interrupted"],
  ]);
});

test("an announced span ends as any other, and keeps a trace that was not sampled", async () => {
  await using memory = createMemory();
  const tide = await memory.connect({ telemetry: { traces: { sample: 0 } } });
  const request = tide.startSpan("request");
  const work = tide.runInSpan(request, () => tide.startSpan("work"));
  work.announce();
  await memory.clock.advance(200);
  work.end();
  request.end();
  work.announce();
  await Promise.all([tide.flush(), memory.clock.advance(200)]);
  const { records, status } = await got(memory, tide, work.traceId);
  assert.deepEqual([status, records.map(({ name }) => name)], ["ok", ["request", "work"]]);
});

test("a process that only stood still puts its trace right when it ends it", async () => {
  await using memory = createMemory();
  const [paused, other] = [await memory.connect(), await memory.connect()];
  const span = paused.startSpan("long");
  await memory.clock.advance(200);
  const resume = memory.faults.pause(paused);
  await memory.clock.advance(60_000);
  assert.equal((await got(memory, other, span.traceId)).status, "interrupted");
  resume();
  await memory.clock.advance(1_000);
  span.end();
  await memory.clock.advance(200);
  const trace = await got(memory, other, span.traceId);
  assert.deepEqual([trace.status, trace.spans, Math.round(trace.duration / 1_000)], ["ok", 1, 61]);
});

test("what still runs when its program closes ends as interrupted at once", async () => {
  await using memory = createMemory({ autoAdvance: true });
  const [closing, other] = [await memory.connect(), await memory.connect()];
  const span = closing.startSpan("left open");
  await closing.close();
  span.end();
  assert.equal((await got(memory, other, span.traceId)).status, "interrupted");
});

test("a window whose answer was lost is written again, and everything stands there once", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const span = tide.startSpan("root");
  tide.runInSpan(span, () => tide.startSpan("child").end());
  memory.faults.loseAnswer("trace-write", { times: 2 });
  await memory.clock.advance(5_000);
  tide.runInSpan(span, () => tide.startSpan("failed")).fail(new Error("no"));
  memory.faults.loseAnswer("trace-write", { times: 2 });
  span.fail(new Error("no"));
  span.end();
  await memory.clock.advance(5_000);
  const trace = await got(memory, tide, span.traceId);
  assert.deepEqual([trace.status, trace.spans, trace.records.length, trace.dropped], ["error", 2, 2, 0]);
  const [open, errors] = (await memory.call("HMGET", `trace:${span.traceId}`, "~open", "~errors")) as string[];
  assert.deepEqual([open, errors], ["0", "1"]);
  assert.equal(tide.telemetry().spansWritten, 2);
});

test("a server that refuses spans is told of once, and what it refused is counted", async () => {
  await using memory = createMemory({ autoAdvance: true });
  const notices: string[] = [];
  const tide = await memory.connect({ onNotice: ({ code }) => notices.push(code) });
  memory.faults.fail("trace-write", "OOM command not allowed when used memory > 'maxmemory'.", { times: 2 });
  for (let index = 0; index < 3; index++) {
    await tide.trace("one", () => {});
    await tide.flush();
  }
  const { spansWritten, spansDropped } = tide.telemetry();
  assert.deepEqual([spansWritten, spansDropped, notices], [1, 2, ["spans_refused"]]);
});

// Private

async function got(memory: Memory, tide: Tide, traceId: string): Promise<Trace> {
  const trace = await memory.clock.finish(tide.traces.get(traceId));
  assert.ok(trace);
  return trace;
}
