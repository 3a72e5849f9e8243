/** What a publish answers, and what is then in the topic. */
import assert from "node:assert/strict";
import { PublishUnknown } from "../../errors.ts";
import type { Message } from "../../message/message.ts";
import type { Tide } from "../../tide.ts";
import type { Contract } from "./world.ts";

export const PUBLISHING: Contract = {
  "a receipt names the entry that was stored": async (world) => {
    const tide = await world.connect({ service: "identity" });
    const receipt = await tide.publish("orders", { type: "order_placed", data: { id: 7, name: "Zoë 🌊" }, userId: "u1" });
    assert.equal(receipt.status, "stored");
    assert.equal(receipt.stream, `${world.namespace}:orders:events`);
    const [message] = await readAll(tide, "orders");
    assert.deepEqual([message?.entryId, message?.messageId], [receipt.entryId, receipt.messageId]);
    assert.deepEqual([message?.data, message?.service, message?.userId], [{ id: 7, name: "Zoë 🌊" }, "identity", "u1"]);
  },

  "messages of one lane keep the order in which they were published": async (world) => {
    const tide = await world.connect();
    const numbers = Array.from({ length: 700 }, (_, n) => n);
    const receipts = await Promise.all(numbers.map((n) => tide.publish("orders", { type: "n", data: n })));
    const messages = await readAll(tide, "orders");
    assert.deepEqual(
      messages.map(({ data }) => data),
      numbers,
    );
    assert.deepEqual(
      messages.map(({ entryId }) => entryId),
      receipts.map(({ entryId }) => entryId),
    );
  },

  "one bad message of publishMany is refused, and the others are stored": async (world) => {
    const tide = await world.connect();
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const results = await tide.publishMany("orders", [{ type: "a" }, { type: "b", data: cycle }, { type: "c" }]);
    assert.deepEqual(
      results.map(({ ok }) => ok),
      [true, false, true],
    );
    assert.deepEqual(
      (await readAll(tide, "orders")).map(({ type }) => type),
      ["a", "c"],
    );
  },

  "a publish whose answer got lost is repeated and stored once": async (world) => {
    const { tide, loseNextAnswer } = await world.connectLossy();
    loseNextAnswer();
    const receipts = await Promise.all([1, 2, 3].map((n) => tide.publish("orders", { type: "n", data: n })));
    const messages = await readAll(tide, "orders");
    assert.deepEqual(
      messages.map(({ data }) => data),
      [1, 2, 3],
    );
    assert.deepEqual(
      receipts.map(({ entryId }) => entryId),
      messages.map(({ entryId }) => entryId),
    );
  },

  "a publish without an answer in time is unknown, and its retry is answered with the one entry": async (world) => {
    const { tide, loseNextAnswer, accept } = await world.connectLossy({ publishTimeout: 60 });
    loseNextAnswer({ thenRefuse: true });
    const error = await tide.publish("orders", { type: "once" }).then(
      () => null,
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof PublishUnknown, `found ${String(error)}`);
    accept();
    const receipt = await answered(error);
    const messages = await readAll(tide, "orders");
    assert.deepEqual(
      messages.map(({ entryId }) => entryId),
      [receipt.entryId],
    );
  },
};

export async function readAll(tide: Tide, topic: string): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of tide.read(topic)) messages.push(message);
  return messages;
}

/** Asks until there is an answer: with so short a timeout a try may end before the connection is back. */
async function answered(doubt: PublishUnknown): Promise<{ entryId: string }> {
  for (let error = doubt; ;) {
    try {
      return await error.retry();
    } catch (caught) {
      assert.ok(caught instanceof PublishUnknown, `found ${String(caught)}`);
      error = caught;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
