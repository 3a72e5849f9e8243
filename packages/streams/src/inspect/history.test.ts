/** Counters and history when processes die and answers get lost, in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record } from "../redis/shapes.ts";
import { until } from "../testing/events.ts";
import { createMemory } from "../testing/memory/memory.ts";

const MANY = 150;

test("what was acknowledged is counted exactly, whenever consumers are killed and however often answers are lost", async () => {
  await using memory = createMemory({ autoAdvance: true });
  const tide = await memory.connect({ namespace: "exact" });
  await tide.publishMany(
    "orders",
    Array.from({ length: MANY }, (_, n) => ({ type: "n", data: n })),
  );
  const acked = async (): Promise<number> => Number(await memory.call("HGET", "exact:orders:counts", "acked:g"));
  for (let round = 1; round <= 2; round++) {
    const mortal = await memory.connect({ namespace: "exact" });
    let handled = 0;
    await mortal.consume("orders", { group: "g", concurrency: 20, lease: 500 }, async () => {
      await new Promise<void>((resolve) => memory.clock.after(5, resolve));
      if (++handled === 20) memory.faults.loseAnswer("ack");
      if (handled === 40) memory.faults.kill(mortal);
    });
    await until("it is dead", async () => handled >= 40 || (await acked()) === MANY);
  }
  await using _ = await tide.consume("orders", { group: "g", lease: 500 }, () => {});
  await until("all are acknowledged", async () => (await acked()) >= MANY);
  const [group] = await tide.groups.list("orders");
  assert.deepEqual([group?.lag, group?.pending], [0, 0]);
  assert.deepEqual(record(await memory.call("HGETALL", "exact:orders:counts"))["acked:g"], String(MANY));
  for await (const { messageId, data } of tide.read("orders")) {
    if (Number(data) % 10 > 0) continue;
    const history = await tide.history(messageId);
    assert.equal(history?.entries.filter(({ act }) => act === "acknowledged").length, 1, messageId);
  }
});
