/** `tide.messages()`: messages held by the caller until it says what becomes of them. */
import assert from "node:assert/strict";
import { until } from "../events.ts";
import type { Contract } from "./world.ts";

export const HOLDING: Contract = {
  "a held message is acknowledged, retried or dead-lettered as the caller says": async (world) => {
    const tide = await world.connect();
    await tide.publishMany("orders", [{ type: "ack" }, { type: "retry" }, { type: "dead" }]);
    const seen: string[] = [];
    for await (const message of tide.messages("orders", { group: "g" })) {
      seen.push(`${message.type} ${message.attempt}`);
      if (message.type === "retry" && message.attempt === 1) assert.equal(await message.retry({ delay: 10 }), true);
      else if (message.type === "dead") assert.equal(await message.deadLetter("no use"), true);
      else assert.equal(await message.ack(), true);
      if (seen.length === 4) break;
    }
    assert.deepEqual(seen.toSorted(), ["ack 1", "dead 1", "retry 1", "retry 2"]);
    assert.deepEqual([(await tide.pending("orders", "g")).count, await tide.deadLetters.count()], [0, 1]);
  },

  "leaving the loop hands everything back at once, and no attempt is counted": async (world) => {
    const tide = await world.connect();
    await tide.publishMany(
      "orders",
      [1, 2, 3].map((data) => ({ type: "n", data })),
    );
    for await (const _ of tide.messages("orders", { group: "g", lease: 60_000 })) break;
    const again: [unknown, number][] = [];
    for await (const message of tide.messages("orders", { group: "g", lease: 60_000 })) {
      again.push([message.data, message.attempt]);
      await message.ack();
      if (again.length === 3) break;
    }
    assert.deepEqual(
      again.toSorted(([a], [b]) => Number(a) - Number(b)),
      [1, 2, 3].map((data) => [data, 1]),
    );
  },

  "settling a held message answers false once its lease is lost": async (world) => {
    const tide = await world.connect();
    const { entryId, stream } = await tide.publish("orders", { type: "n" });
    for await (const message of tide.messages("orders", { group: "g" })) {
      await world.call("XCLAIM", stream, "g", "intruder", "0", entryId);
      assert.equal(await message.ack(), false);
      break;
    }
    await until("it is the intruder's", async () => (await tide.pending("orders", "g")).entries[0]?.consumer === "intruder");
  },
};
