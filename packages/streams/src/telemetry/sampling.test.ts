/** Which traces are kept: decided in memory, seen in what the store has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settlement } from "../consuming.ts";
import { probe } from "../testing/events.ts";
import { createMemory } from "../testing/memory/memory.ts";
import type { Tide } from "../tide.ts";
import type { TelemetryOptions } from "./options.ts";
import type { EndedSpan } from "./telemetry.ts";

type Traces = NonNullable<TelemetryOptions["traces"]>;

test("with a share of 0 only failed and slow traces are kept, and those with all they did", async () => {
  await using bed = await open({ sample: 0, slow: 500 });
  const { tide, clock } = bed;
  const inner = (): Promise<void> => tide.trace("inner", () => {});
  await tide.trace("quick", inner);
  await tide.trace("failed", () => tide.trace("inner", () => Promise.reject(new Error("no"))).catch(() => {}));
  await clock.advance(1);
  await tide.trace("slow", () => inner().then(() => clock.advance(500)));
  await tide.flush();
  assert.deepEqual(await names(tide), [
    ["slow", "ok", 2],
    ["failed", "error", 2],
  ]);
});

test("a share is a share, and no more than so many a second", async () => {
  await using bed = await open({ sample: 0.5, perSecond: 1_000 });
  for (let index = 0; index < 400; index++) await bed.tide.trace("one", () => {});
  await bed.tide.flush();
  const { spansWritten, spansDropped } = bed.tide.telemetry();
  assert.ok(spansWritten > 120 && spansWritten < 280, `${spansWritten} of 400`);
  assert.equal(spansDropped, 0);

  await using limited = await open({ perSecond: 3 });
  for (let index = 0; index < 10; index++) await limited.tide.trace("one", () => {});
  await limited.clock.advance(1_000);
  for (let index = 0; index < 10; index++) await limited.tide.trace("one", () => {});
  await limited.tide.flush();
  assert.equal(limited.tide.telemetry().spansWritten, 6);
});

test("the decision travels: what others sampled is kept, what they did not is not", async () => {
  await using bed = await open({ sample: 0 });
  const { tide } = bed;
  for (const flag of ["00", "01"])
    tide.startSpan(`from ${flag}`, { parent: `00-${"a".repeat(31)}${flag[1]}-${"b".repeat(16)}-${flag}` }).end();
  await tide.flush();
  assert.deepEqual(await names(tide), [["from 01", "ok", 1]]);
});

test("a span that is told when it has ended is kept by the same rules, and of one that is not nothing is asked", async () => {
  await using bed = await open({ perSecond: 1, slow: 500 });
  const { tide, clock } = bed;
  const asked: string[] = [];
  const tell = (name: string, lasted: number, more: Partial<EndedSpan> = {}): void => {
    const id = { traceId: String(asked.length).padStart(32, "a"), spanId: "b".repeat(16) };
    const ended = clock.now();
    const details = (): ReturnType<EndedSpan["details"]> => (asked.push(name), { attributes: {}, phases: [] });
    tide.recordSpan({ name, id, begun: ended - lasted, ended, error: null, details, ...more });
  };
  await clock.advance(1_000);
  tell("the first of the second", 1);
  tell("the second of the second", 1);
  tell("slow", 500);
  tell("failed", 1, { error: new Error("no") });
  tell("sampled by others", 1, {
    parent: `00-${"c".repeat(32)}-${"d".repeat(16)}-01`,
    id: { traceId: "c".repeat(32), spanId: "b".repeat(16) },
  });
  tell("not sampled by others", 1, { parent: `00-${"e".repeat(32)}-${"d".repeat(16)}-00` });
  await tide.flush();
  const kept = ["the first of the second", "slow", "failed", "sampled by others"];
  assert.deepEqual(asked, kept);
  assert.deepEqual(new Set((await names(tide)).map(([operation]) => operation)), new Set(kept));
});

test("a span that is told when it has ended is stored as it was, with its phases below it", async () => {
  await using bed = await open({});
  const { tide, clock } = bed;
  await clock.advance(1_000);
  const [now, wall, traceId] = [clock.now(), clock.wall(), "a".repeat(32)];
  const phases = [
    { name: "connect", begun: now - 40, ended: now - 30 },
    { name: "wait", begun: now - 30, ended: now - 5 },
  ];
  tide.recordSpan({
    name: "GET shop",
    kind: "server",
    component: "edge",
    begun: now - 50,
    ended: now,
    error: new Error("broke off"),
    id: { traceId, spanId: "b".repeat(16) },
    parent: `00-${traceId}-${"c".repeat(16)}-01`,
    details: () => ({ attributes: { host: "shop", token: "x" }, phases }),
  });
  await tide.flush();
  const { records = [] } = (await tide.traces.get(traceId)) ?? {};
  const told = records.map(({ name, kind, component, parentId, startedAt, endedAt, status, error, attributes }) => {
    return { name, kind, component, parentId, at: [startedAt - wall, (endedAt ?? 0) - wall], status, error, attributes };
  });
  const below = { kind: "internal", component: "edge", parentId: "b".repeat(16), status: "ok", error: null, attributes: {} };
  assert.deepEqual(told, [
    {
      name: "GET shop",
      kind: "server",
      component: "edge",
      parentId: "c".repeat(16),
      at: [-50, 0],
      status: "error",
      error: "broke off",
      attributes: { host: "shop", token: "[redacted]" },
    },
    { ...below, name: "connect", at: [-40, -30] },
    { ...below, name: "wait", at: [-30, -5] },
  ]);
  assert.deepEqual(
    records[0]?.events.map(({ name }) => name),
    ["exception"],
  );
});

test("one trace holds back no more spans than it may; what is missing of a kept one is counted", async () => {
  await using bed = await open({ sample: 0 });
  const { tide } = bed;
  const many = async (): Promise<void> => {
    for (let index = 0; index < 300; index++) tide.startSpan("one").end();
  };
  await tide.trace("quick", many);
  await tide.trace("failed", async () => void (await many(), await Promise.reject(new Error("no")))).catch(() => {});
  await tide.flush();
  const { spansWritten, spansDropped } = tide.telemetry();
  assert.deepEqual([spansWritten, spansDropped], [201, 100]);
});

test("a message whose traceparent is malformed begins a trace of its own, wherever its consumer was started", async () => {
  await using bed = await open({});
  const { tide } = bed;
  const settled = probe<Settlement>();
  await tide.trace("start-up", async () => {
    await tide.consume("orders", { onSettled: settled.add }, () => {});
    await tide.publish("orders", { type: "x", traceparent: "nonsense" });
  });
  await settled.reaches(1);
  await tide.flush();
  assert.deepEqual(new Set((await names(tide)).map(([operation]) => operation)), new Set(["handle orders", "start-up"]));
});

test("a span that fails after its trace was let go is kept by itself", async () => {
  await using bed = await open({ sample: 0 });
  const { tide } = bed;
  const late = await tide.trace("root", () => tide.startSpan("late"));
  late.fail(new Error("too late"));
  late.end();
  await tide.flush();
  assert.deepEqual(await names(tide), [["root", "error", 1]]);
});

test("with telemetry off spans do nothing, and a trace from outside still travels on", async () => {
  await using memory = createMemory({ autoAdvance: true });
  const tide = await memory.connect({ telemetry: false });
  const parent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const span = tide.startSpan("root", { parent });
  await tide.runInSpan(span, () => tide.publish("orders", { type: "x" }));
  await tide.trace("nothing", () => tide.publish("orders", { type: "y" }));
  span.end();
  const found: (string | null)[] = [];
  for await (const { traceparent } of tide.read("orders")) found.push(traceparent?.slice(3, 35) ?? null);
  assert.deepEqual(found, ["a".repeat(32), null]);
  assert.equal(await memory.call("EXISTS", `trace:${"a".repeat(32)}`), 0);
});

test("of a message in an unsampled trace the failed attempt is kept, and how the retry ended", async () => {
  await using bed = await open({ sample: 0 });
  const { tide } = bed;
  const settled = probe<Settlement>();
  await using _ = await tide.consume("orders", { onSettled: settled.add, retry: { baseDelay: 20 } }, (_message, { attempt }) => {
    if (attempt === 1) throw new Error("no");
  });
  const traceId = await tide.trace("root", async ({ traceId: id }) => tide.publish("orders", { type: "x" }).then(() => id));
  await settled.reaches(2);
  await tide.flush();
  const outcomes = (await tide.traces.get(traceId))?.records.map(({ attributes }) => attributes["outcome"]);
  assert.deepEqual(outcomes, ["retried", "acked"]);
});

// Private

async function open(traces: Traces): Promise<AsyncDisposable & { tide: Tide; clock: ReturnType<typeof createMemory>["clock"] }> {
  const memory = createMemory({ autoAdvance: true });
  const tide = await memory.connect({ service: "test", telemetry: { traces } });
  return { tide, clock: memory.clock, [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose]() };
}

async function names(tide: Tide): Promise<(string | number)[][]> {
  const { items } = await tide.traces.list();
  return items.map(({ operation, status, spans }) => [operation, status, spans]);
}
