/** What one trace shows of messages: who published, who handled, what failed, what came of it. */
import assert from "node:assert/strict";
import type { Settlement } from "../../consuming.ts";
import type { SpanRecord, Trace } from "../../telemetry/telemetry.ts";
import type { Tide } from "../../tide.ts";
import { probe } from "../events.ts";
import type { Contract } from "./world.ts";

export const TRACES: Contract = {
  "a request, its message, the failed attempt, the retry and what the handler published are one trace with the right parents": async (
    world,
  ) => {
    const [tide, worker] = [await world.connect({ service: "shop" }), await world.connect({ service: "billing" })];
    const settled = probe<Settlement>();
    const retry = { baseDelay: 20, jitter: "none" } as const;
    await using _orders = await worker.consume("orders", { onSettled: settled.add, retry }, async (_, { attempt, publish }) => {
      if (attempt === 1) throw new Error("the till is stuck");
      await publish("bills", { type: "bill_written" });
    });
    await using _bills = await worker.consume("bills", { onSettled: settled.add }, () => worker.trace("print", () => {}));
    const traceId = await tide.trace("POST /orders", { route: "/orders" }, async (span) => {
      await tide.publish("orders", { type: "order_placed", priority: "high" });
      return span.traceId;
    });
    await settled.reaches(3);
    const { records, ...trace } = await stored(tide, worker, traceId);

    const tree = ["POST /orders", "publish orders", "handle orders", "handle orders", "publish bills", "handle bills", "print"];
    assert.deepEqual(
      records.map(({ name }) => name),
      tree,
    );
    const [root, published, first, second, bill, billed, print] = records as [SpanRecord, ...SpanRecord[]];
    assert.deepEqual(
      records.map(({ parentId }) => parentId),
      [null, root.spanId, published?.spanId, published?.spanId, second?.spanId, bill?.spanId, billed?.spanId],
    );
    assert.deepEqual(
      records.map(({ kind, service, status }) => [kind, service, status]),
      [
        ["internal", "shop", "ok"],
        ["producer", "shop", "ok"],
        ["consumer", "billing", "error"],
        ["consumer", "billing", "ok"],
        ["producer", "billing", "ok"],
        ["consumer", "billing", "ok"],
        ["internal", "billing", "ok"],
      ],
    );
    const [attempt, again] = [first?.attributes ?? {}, second?.attributes ?? {}];
    const { message, group } = settled.seen[0] as Settlement;
    const about = { topic: "orders", group, type: "order_placed", message_id: message.messageId, entry_id: message.entryId, crashes: 0 };
    assert.deepEqual({ ...attempt, consumer: "" }, { ...about, consumer: "", attempt: 1, retry_in_ms: 20, outcome: "retried" });
    assert.deepEqual({ ...again, consumer: "" }, { ...about, consumer: "", attempt: 2, outcome: "acked" });
    assert.equal(first?.error, "the till is stuck");
    assert.deepEqual([published?.attributes["priority"], published?.attributes["entry_id"]], ["high", message.entryId]);
    assert.ok(records.every(({ startedAt, endedAt }) => endedAt !== null && endedAt >= startedAt));
    assert.deepEqual([trace.operation, trace.component, trace.status, trace.spans, trace.dropped], ["POST /orders", "shop", "error", 7, 0]);
    assert.deepEqual(trace.components.toSorted(), ["billing", "shop"]);
    assert.ok(print);
  },

  "a message published outside of any trace carries none, and its handling makes no span": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    await using _ = await tide.consume("plain", { onSettled: settled.add }, () => tide.publish("further", { type: "y" }));
    await tide.publish("plain", { type: "x" });
    await settled.reaches(1);
    assert.equal(settled.seen[0]?.message.traceparent, null);
    assert.equal(tide.telemetry().spansWritten, 0);
  },

  "a message held by the iterator is a span until it is settled, and what runs in it belongs to it": async (world) => {
    const tide = await world.connect();
    const traceId = await tide.trace("root", async (span) => {
      await tide.publish("held", { type: "x" });
      return span.traceId;
    });
    for await (const message of tide.messages("held")) {
      const receipt = await message.run(() => tide.publish("other", { type: "y" }));
      assert.ok(receipt.entryId);
      await message.deadLetter(new Error("not good"));
      break;
    }
    const { records } = await stored(tide, tide, traceId);
    assert.deepEqual(
      records.map(({ name, parentId, status }) => [name, records.find(({ spanId }) => spanId === parentId)?.name ?? null, status]),
      [
        ["root", null, "ok"],
        ["publish held", "root", "ok"],
        ["handle held", "publish held", "error"],
        ["publish other", "handle held", "ok"],
      ],
    );
    assert.equal(records[2]?.attributes["outcome"], "dead_lettered");
    for await (const caused of tide.read("other")) {
      assert.equal(caused.traceparent?.slice(3, 35), traceId);
      break;
    }
  },

  "a replayed dead letter goes on in its own trace": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    let broken = true;
    await using _ = await tide.consume("fragile", { onSettled: settled.add, retry: { maxRetries: 0 } }, () => {
      if (broken) throw new Error("no");
    });
    const traceId = await tide.trace("root", async (span) => {
      await tide.publish("fragile", { type: "x" });
      return span.traceId;
    });
    await settled.reaches(1);
    broken = false;
    await tide.deadLetters.replay({ topic: "fragile" });
    await settled.reaches(2);
    const { records } = await stored(tide, tide, traceId);
    assert.deepEqual(
      records.map(({ name, attributes }) => [name, attributes["outcome"] ?? null]),
      [
        ["root", null],
        ["publish fragile", null],
        ["handle fragile", "dead_lettered"],
        ["replay fragile", "moved"],
        ["handle fragile", "acked"],
      ],
    );
  },
};

// Private

async function stored(one: Tide, other: Tide, traceId: string): Promise<Trace> {
  await Promise.all([one.flush(), other.flush()]);
  const trace = await one.traces.get(traceId);
  assert.ok(trace);
  return trace;
}
