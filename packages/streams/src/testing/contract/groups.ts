/** Who gets which messages, where a group stands, and what retention may remove. */
import assert from "node:assert/strict";
import type { Message } from "../../message/message.ts";
import { probe, until } from "../events.ts";
import { readAll } from "./publishing.ts";
import type { Contract } from "./world.ts";

const numbers = (count: number): { type: string; data: number }[] => Array.from({ length: count }, (_, n) => ({ type: "n", data: n }));

export const GROUPS: Contract = {
  "every group gets every message, and the consumers of one group share them": async (world) => {
    const tide = await world.connect();
    const [alone, shared] = [probe<unknown>(), probe<unknown>()];
    await using _a = await tide.consume("orders", { group: "a" }, ({ data }) => alone.add(data));
    await using _b = await tide.consume("orders", { group: "b" }, ({ data }) => shared.add(data));
    await using _c = await tide.consume("orders", { group: "b" }, ({ data }) => shared.add(data));
    await tide.publishMany("orders", numbers(300));
    await Promise.all([alone.reaches(300), shared.reaches(300)]);
    assert.equal(new Set(alone.seen).size, 300);
    assert.equal(new Set(shared.seen).size, 300);
  },

  "handled messages are acknowledged and nothing stays pending": async (world) => {
    const tide = await world.connect();
    const handled = probe<unknown>();
    await using consumer = await tide.consume("orders", { concurrency: 8 }, ({ data }) => handled.add(data));
    await tide.publishMany("orders", numbers(200));
    await until("everything is acknowledged", async () => consumer.stats().acked === 200);
    const [group] = await tide.groups.list("orders");
    assert.deepEqual([group?.group, group?.lag, group?.pending, group?.retrying], ["orders_processors", 0, 0, 0]);
  },

  "a new group starts where it is told, and an existing one goes on where it was": async (world) => {
    const tide = await world.connect();
    await tide.publish("orders", { type: "n", data: "before" });
    const first = probe<unknown>();
    const consumer = await tide.consume("orders", { group: "late", from: "now" }, ({ data }) => first.add(data));
    await tide.publish("orders", { type: "n", data: "while" });
    await first.reaches(1);
    await consumer.stop();
    await tide.publish("orders", { type: "n", data: "after" });
    const second = probe<unknown>();
    await using _ = await tide.consume("orders", { group: "late", from: "beginning" }, ({ data }) => second.add(data));
    await second.reaches(1);
    assert.deepEqual([first.seen, second.seen], [["while"], ["after"]]);
  },

  "a reset delivers everything again": async (world) => {
    const tide = await world.connect();
    const handled = probe<unknown>();
    await using consumer = await tide.consume("orders", { group: "g" }, ({ data }) => handled.add(data));
    await tide.publishMany("orders", numbers(5));
    await until("all five are acknowledged", async () => consumer.stats().acked === 5);
    await tide.groups.reset("orders", "g");
    await handled.reaches(10);
    assert.deepEqual(new Set(handled.seen.slice(5)), new Set([0, 1, 2, 3, 4]));
  },

  "a seek fences the consumers that are at work": async (world) => {
    const tide = await world.connect();
    const { handler, begun, release } = held();
    await using consumer = await tide.consume("orders", { group: "g", concurrency: 1 }, handler);
    await tide.publish("orders", { type: "n", data: 1 });
    await begun.reaches(1);
    await tide.groups.seek("orders", "g", "now");
    release();
    await until("the late acknowledgement is refused", async () => consumer.stats().lost === 1);
    const [group] = await tide.groups.list("orders");
    assert.deepEqual([group?.lag, group?.pending], [0, 0]);
  },

  "a group that was destroyed goes on at what it had not acknowledged": async (world) => {
    const tide = await world.connect();
    const handled = probe<unknown>();
    await using consumer = await tide.consume("orders", { group: "g" }, ({ data }) => handled.add(data));
    await tide.publishMany("orders", numbers(3));
    await until("all three are acknowledged", async () => consumer.stats().acked === 3);
    await world.call("XGROUP", "DESTROY", `${world.namespace}:orders:events`, "g");
    await tide.publish("orders", { type: "n", data: 99 });
    await handled.reaches(4);
    assert.deepEqual(handled.seen, [0, 1, 2, 99]);
  },

  "a topic that was deleted under its consumer is consumed again": async (world) => {
    const tide = await world.connect();
    const handled = probe<unknown>();
    await using _ = await tide.consume("orders", { group: "g" }, ({ data }) => handled.add(data));
    await tide.publish("orders", { type: "n", data: "old" });
    await handled.reaches(1);
    await world.call("DEL", `${world.namespace}:orders:events`);
    await tide.publish("orders", { type: "n", data: "new" });
    await handled.reaches(2);
    assert.deepEqual(handled.seen, ["old", "new"]);
  },

  "retention keeps what a group has not acknowledged, and trims the rest": async (world) => {
    const tide = await world.connect({ retention: { maxLength: 10 } });
    await tide.groups.create("orders", "slow");
    await tide.publishMany("orders", numbers(60));
    const { namespace } = world;
    await world.call("XREADGROUP", "GROUP", "slow", "me", "COUNT", "30", "STREAMS", `${namespace}:orders:events`, ">");
    const messages = await readAll(tide, "orders");
    await world.call("XACK", `${namespace}:orders:events`, "slow", ...messages.slice(0, 20).map(({ entryId }) => entryId));
    await until("the acknowledged ones are gone", async () => (await tide.streamInfo("orders")).length === 40);
    assert.deepEqual((await readAll(tide, "orders"))[0]?.data, 20);
    await world.call("XACK", `${namespace}:orders:events`, "slow", ...messages.slice(20, 30).map(({ entryId }) => entryId));
    await until("the floor follows", async () => (await tide.streamInfo("orders")).length === 30);
  },

  "a critical message overtakes a backlog of low ones, and those are not starved": async (world) => {
    const tide = await world.connect();
    await tide.publishMany(
      "orders",
      numbers(300).map((message) => ({ ...message, priority: "low" as const })),
    );
    const handled = probe<Message>();
    const { handler, begun, release } = held();
    await using consumer = await tide.consume("orders", { concurrency: 1, batch: 16 }, async (message) => {
      handled.add(message);
      await handler(message);
    });
    await begun.reaches(1);
    await until("its buffer is full", async () => consumer.stats().buffered === 15);
    await tide.publish("orders", { type: "n", data: "urgent", priority: "critical" });
    await until("the critical one has arrived as well", async () => consumer.stats().buffered === 16);
    release();
    await handled.reaches(301);
    const place = handled.seen.findIndex(({ priority }) => priority === "critical");
    assert.ok(place > 0 && place <= 3, `the critical one came at place ${place}`);
    assert.equal(new Set(handled.seen.map(({ messageId }) => messageId)).size, 301);
  },
};

/** Handlers that wait until they are told to go on. */
function held(): { handler: (message: Message) => Promise<void>; begun: ReturnType<typeof probe<Message>>; release: () => void } {
  const begun = probe<Message>();
  const gate = Promise.withResolvers<void>();
  const handler = async (message: Message): Promise<void> => {
    begun.add(message);
    await gate.promise;
  };
  return { handler, begun, release: gate.resolve };
}
