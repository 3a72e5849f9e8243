/** What instrumentations do with OpenTelemetry's own API package, seen in our traces. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { afterEach, beforeEach, describe, test } from "node:test";
import { context, createContextKey, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { createMemory, type Memory } from "../../testing/memory/memory.ts";
import { probe } from "../../testing/events.ts";
import { currentContext } from "../context.ts";
import type { Settlement } from "../../consuming.ts";
import type { Tide } from "../../tide.ts";
import type { Trace } from "../telemetry.ts";
import { registerOpenTelemetry } from "./opentelemetry.ts";

describe("the OpenTelemetry bridge", () => {
  let memory: Memory;
  let tide: Tide;
  let unregister: () => void;

  beforeEach(async () => {
    memory = createMemory({ autoAdvance: true });
    tide = await memory.connect({ service: "shop" });
    unregister = registerOpenTelemetry(tide);
  });
  afterEach(async () => {
    unregister();
    await memory[Symbol.asyncDispose]();
  });

  test("spans of an instrumented library, ours, messages and their handlers are one trace", async () => {
    const library = trace.getTracer("some-http-client", "1.2.3");
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { onSettled: settled.add }, async () => {
      await library.startActiveSpan("SELECT", { kind: SpanKind.CLIENT }, async (span) => {
        await Promise.resolve();
        span.setAttribute("db.rows", 3).end();
      });
    });
    let traceId = "";
    await tide.trace("GET /orders", async (ours) => {
      traceId = ours.traceId;
      assert.equal(trace.getActiveSpan()?.spanContext().spanId, ours.spanId, "our span is the active one");
      await library.startActiveSpan("POST /pay", async (span) => {
        assert.equal(currentContext()?.span?.spanId, span.spanContext().spanId, "theirs is ours");
        await tide.publish("orders", { type: "x" });
        span.end();
      });
      assert.equal(trace.getActiveSpan()?.spanContext().spanId, ours.spanId);
    });
    await settled.reaches(1);
    const { records } = await stored(traceId);
    assert.deepEqual(
      records.map(({ name, kind, spanId, parentId }) => [name, kind, records.find((one) => one.spanId === parentId)?.name, spanId.length]),
      [
        ["GET /orders", "internal", undefined, 16],
        ["POST /pay", "internal", "GET /orders", 16],
        ["publish orders", "producer", "POST /pay", 16],
        ["handle orders", "consumer", "publish orders", 16],
        ["SELECT", "client", "handle orders", 16],
      ],
    );
    assert.deepEqual(records.at(-1)?.attributes, { "otel.scope.name": "some-http-client", "db.rows": 3 });
  });

  test("everything a span can be told is kept: names, status, exceptions, events, links, lists, times", async () => {
    const tracer = trace.getTracer("t");
    const start = Date.now() - 5_000;
    const linked = { traceId: "c".repeat(32), spanId: "d".repeat(16), traceFlags: 1 };
    const span = tracer.startSpan("GET", { startTime: start, links: [{ context: linked }], attributes: { list: ["a", "b"] } });
    assert.equal(span.isRecording(), true);
    span.updateName("GET /orders/{id}").setAttributes({ ok: true, missing: undefined });
    span.addEvent("sent", { bytes: 7 }, start + 10).addEvent("moment", new Date(start + 20));
    span.recordException(new TypeError("odd"), [Math.floor(start / 1_000), (start % 1_000) * 1_000_000]);
    span.setStatus({ code: SpanStatusCode.ERROR, message: "went wrong" });
    span.end(start + 1_500);
    span.setAttribute("late", 1).setStatus({ code: SpanStatusCode.OK });
    assert.equal(span.isRecording(), false);
    const [got] = (await stored(span.spanContext().traceId)).records;
    assert.deepEqual([got?.name, got?.status, got?.error, got?.startedAt], ["GET /orders/{id}", "error", "went wrong", start]);
    assert.ok(Math.abs((got?.endedAt ?? 0) - start - 1_500) < 0.01);
    assert.deepEqual(got?.attributes, { list: '["a","b"]', "otel.scope.name": "t", ok: true });
    const events = got.events.map(({ name, at }) => [name, at - start]);
    assert.deepEqual([events[0]?.[0], ...events.slice(1)], ["link", ["sent", 10], ["moment", 20], ["exception", 0]]);
    assert.deepEqual(got.events[0]?.attributes, { trace_id: linked.traceId, span_id: linked.spanId });
  });

  test("W3C headers in and out; a malformed one begins a new trace", async () => {
    const parent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const incoming = propagation.extract(ROOT_CONTEXT, { traceparent: parent });
    const [headers, traceId] = await context.with(incoming, () =>
      trace.getTracer("t").startActiveSpan("server", { kind: SpanKind.SERVER }, async (span) => {
        await Promise.resolve();
        const outgoing: Record<string, string> = {};
        propagation.inject(context.active(), outgoing);
        span.end();
        return [outgoing, span.spanContext().traceId] as const;
      }),
    );
    assert.equal(traceId, "a".repeat(32));
    assert.match(headers["traceparent"] ?? "", new RegExp(`^00-${traceId}-(?!b{16})[0-9a-f]{16}-01$`));
    const [record] = (await stored(traceId)).records;
    assert.deepEqual([record?.parentId, record?.kind], ["b".repeat(16), "server"]);
    for (const bad of ["nonsense", parent.toUpperCase(), `${parent}-x`]) {
      const none = propagation.extract(ROOT_CONTEXT, { traceparent: bad });
      assert.equal(trace.getSpanContext(none), undefined, bad);
    }
    assert.equal(trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent: [parent, parent] })), undefined, "two are none");
  });

  test("a message's correlation survives contexts, values in contexts survive our spans, and a root span leaves the trace", async () => {
    const key = createContextKey("tenant");
    const tracer = trace.getTracer("t");
    await tide.trace("outer", async (outer) => {
      await context.with(context.active().setValue(key, "a"), async () => {
        await tide.trace("inner", () => {
          assert.equal(context.active().getValue(key), "a");
          assert.equal(trace.getActiveSpan()?.spanContext().traceId, outer.traceId);
        });
      });
      assert.equal(context.active().getValue(key), undefined);
      const root = tracer.startSpan("own", { root: true });
      assert.notEqual(root.spanContext().traceId, outer.traceId);
      root.end();
      context.with(ROOT_CONTEXT, () => assert.equal(currentContext()?.span, undefined));
    });
  });

  test("functions and emitters bound to a context run in it, and their listeners can be removed", async () => {
    const span = trace.getTracer("t").startSpan("bound");
    const within = trace.setSpan(ROOT_CONTEXT, span);
    const active = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;
    const emitter = context.bind(within, new EventEmitter());
    const seen: (string | undefined)[] = [];
    const listener = (): void => void seen.push(active());
    emitter.on("x", listener).once("x", listener);
    emitter.emit("x");
    emitter.emit("x");
    emitter.off("x", listener);
    emitter.emit("x");
    assert.deepEqual(
      seen,
      [1, 2, 3].map(() => span.spanContext().spanId),
    );
    assert.equal(emitter.listenerCount("x"), 0);
    const waits = once(emitter, "y");
    emitter.emit("y", 7);
    assert.deepEqual(await waits, [7]);
    assert.equal(context.bind(within, active)(), span.spanContext().spanId);
    assert.equal(active(), undefined);
    span.end();
  });

  test("what asks not to be traced is not, a second SDK is refused, and after taking it back nothing is made", async () => {
    const tracer = trace.getTracer("t");
    const quiet = ROOT_CONTEXT.setValue(createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING"), true);
    assert.equal(tracer.startSpan("exporter's own", {}, quiet).isRecording(), false);
    assert.throws(() => registerOpenTelemetry(tide), { code: "INVALID_CONFIG" });
    assert.equal(tracer.startSpan("still ours").isRecording(), true, "the failed one took nothing away");
    unregister();
    assert.equal(tracer.startSpan("no more").isRecording(), false);
    await tide.trace("ours goes on", () => assert.equal(trace.getActiveSpan(), undefined));
    unregister = registerOpenTelemetry(tide);
    assert.equal(trace.getTracer("t").startSpan("again").isRecording(), true);
  });

  async function stored(traceId: string): Promise<Trace> {
    await tide.flush();
    const found = await tide.traces.get(traceId);
    assert.ok(found);
    return found;
  }
});
