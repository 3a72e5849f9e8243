/** Who owns a delivery: fences, claims after silence, crash counts, and the hand-back of a consumer that stops. */
import assert from "node:assert/strict";
import type { HandlerContext, Settlement } from "../../consuming.ts";
import type { Message } from "../../message/message.ts";
import { probe, until } from "../events.ts";
import type { Contract, World } from "./world.ts";

const SHORT = 200;

export const LEASES: Contract = {
  "a consumer whose lease went to another one cannot acknowledge any more": async (world) => {
    const tide = await world.connect();
    const [begun, settled] = [probe<Message>(), probe<Settlement>()];
    const gate = Promise.withResolvers<void>();
    await using consumer = await tide.consume("orders", { group: "g", onSettled: settled.add }, async (message) => {
      begun.add(message);
      await gate.promise;
    });
    const { entryId, stream } = await tide.publish("orders", { type: "n" });
    await begun.reaches(1);
    await world.call("XCLAIM", stream, "g", "intruder", "0", entryId);
    gate.resolve();
    await settled.reaches(1);
    assert.deepEqual([settled.seen[0]?.outcome, consumer.stats().lost], ["lost", 1]);
    const pending = await tide.pending("orders", "g");
    assert.deepEqual(
      pending.entries.map((entry) => [entry.entryId, entry.consumer]),
      [[entryId, "intruder"]],
    );
  },

  "the signal of a handler fires when its lease is lost": async (world) => {
    const tide = await world.connect();
    const begun = probe<HandlerContext>();
    const aborted = probe<unknown>();
    await using _ = await tide.consume("orders", { group: "g", lease: SHORT }, async (_message, context) => {
      begun.add(context);
      await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => (aborted.add(context.signal.reason), resolve())));
    });
    const { entryId, stream } = await tide.publish("orders", { type: "n" });
    await begun.reaches(1);
    await world.call("XCLAIM", stream, "g", "intruder", "0", entryId);
    await aborted.reaches(1);
  },

  "a message is not taken from a consumer that is alive, however long its handler works": async (world) => {
    const tide = await world.connect();
    const [handled, settled] = [probe<Message>(), probe<Settlement>()];
    const gate = Promise.withResolvers<void>();
    const options = { group: "g", lease: SHORT, onSettled: settled.add };
    const work = async (message: Message): Promise<void> => {
      handled.add(message);
      await gate.promise;
    };
    await using _a = await tide.consume("orders", options, work);
    await using _b = await tide.consume("orders", options, work);
    await tide.publish("orders", { type: "n" });
    await handled.reaches(1);
    await silentFor(world, 5 * SHORT);
    gate.resolve();
    await settled.reaches(1);
    assert.deepEqual([handled.seen.length, settled.seen[0]?.outcome], [1, "acked"]);
  },

  "what a silent consumer held is taken over after its lease": async (world) => {
    const tide = await world.connect();
    const { entryId } = await abandoned(world, tide, "1");
    const handled = probe<HandlerContext>();
    await using consumer = await tide.consume("orders", { group: "g", lease: SHORT }, (message, context) => {
      assert.equal(message.entryId, entryId);
      handled.add(context);
    });
    await handled.reaches(1);
    assert.deepEqual([handled.seen[0]?.crashes, handled.seen[0]?.attempt], [1, 1]);
    await until("it is acknowledged", async () => consumer.stats().acked === 1);
    assert.equal((await tide.pending("orders", "g")).count, 0);
  },

  "a message that outlived too many of its consumers is dead-lettered unseen": async (world) => {
    const tide = await world.connect();
    await abandoned(world, tide, "3");
    const settled = probe<Settlement>();
    let calls = 0;
    await using _ = await tide.consume("orders", { group: "g", lease: SHORT, maxCrashes: 3, onSettled: settled.add }, () => void calls++);
    await until("there is a dead letter", async () => (await tide.deadLetters.count()) === 1);
    const { items } = await tide.deadLetters.list();
    assert.deepEqual([items[0]?.errorCode, calls], ["CRASHED", 0]);
  },

  "a consumer that stops hands unstarted messages back, and no delivery is counted": async (world) => {
    const tide = await world.connect();
    const begun = probe<Message>();
    const gate = Promise.withResolvers<void>();
    const stopping = await tide.consume("orders", { group: "g", concurrency: 1 }, async (message) => {
      begun.add(message);
      await gate.promise;
    });
    await tide.publishMany(
      "orders",
      Array.from({ length: 6 }, (_, n) => ({ type: "n", data: n })),
    );
    await begun.reaches(1);
    await until("all are read", async () => (await tide.pending("orders", "g")).count === 6);
    const stopped = stopping.stop();
    gate.resolve();
    await stopped;
    const taken = probe<{ data: unknown; crashes: number }>();
    const options = { group: "g", lease: 60_000 };
    await using _ = await tide.consume("orders", options, ({ data }, { crashes }) => taken.add({ data, crashes }));
    await taken.reaches(5);
    assert.deepEqual(new Set(taken.seen.map(({ data }) => data)), new Set([1, 2, 3, 4, 5]));
    assert.deepEqual(new Set(taken.seen.map(({ crashes }) => crashes)), new Set([0]));
  },
};

/** A message that somebody read so many times and never answered, with nobody's heartbeat. */
async function abandoned(world: World, tide: Awaited<ReturnType<World["connect"]>>, deliveries: string): Promise<{ entryId: string }> {
  await tide.groups.create("orders", "g");
  const receipt = await tide.publish("orders", { type: "n" });
  await world.call("XREADGROUP", "GROUP", "g", "ghost", "STREAMS", receipt.stream, ">");
  await world.call("XCLAIM", receipt.stream, "g", "ghost", "0", receipt.entryId, "RETRYCOUNT", deliveries, "JUSTID");
  return receipt;
}

/** Waits by the server's own clock, whatever that is here. */
async function silentFor(world: World, ms: number): Promise<void> {
  const now = async (): Promise<number> => {
    const [seconds, micros] = (await world.call("TIME")) as string[];
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  };
  const end = (await now()) + ms;
  await until("time has passed", async () => (await now()) >= end);
}
