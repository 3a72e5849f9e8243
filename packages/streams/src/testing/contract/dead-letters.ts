/** Dead letters: what they keep, and their way back. */
import assert from "node:assert/strict";
import type { Settlement } from "../../consuming.ts";
import { Unrecoverable } from "../../errors.ts";
import type { Message } from "../../message/message.ts";
import { probe, until } from "../events.ts";
import type { Contract } from "./world.ts";

export const DEAD_LETTERS: Contract = {
  "a message out of attempts is a dead letter with every one of them": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { group: "g", retry: { maxRetries: 1, baseDelay: 5 }, onSettled: settled.add }, () => {
      throw Object.assign(new Error("sink is down"), { code: "SINK_DOWN" });
    });
    const receipt = await tide.publish("orders", { type: "order", data: { id: 7 }, userId: "u" });
    await settled.reaches(2);
    const { items, total } = await tide.deadLetters.list({ topic: "orders" });
    const [letter] = items;
    assert.deepEqual([total, letter?.group, letter?.errorCode, letter?.attempts.length], [1, "g", "SINK_DOWN", 2]);
    assert.deepEqual([letter?.originalId, letter?.message?.messageId], [receipt.entryId, receipt.messageId]);
    assert.deepEqual([letter?.message?.data, letter?.message?.userId], [{ id: 7 }, "u"]);
    assert.equal((await tide.pending("orders", "g")).count, 0);
  },

  "a replay goes to the failing group only, and two replays at once move a letter once": async (world) => {
    const tide = await world.connect();
    const [settled, other] = [probe<Settlement>(), probe<Message>()];
    let broken = true;
    await using _other = await tide.consume("orders", { group: "other" }, (message) => other.add(message));
    await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, () => {
      if (broken) throw new Unrecoverable("broken");
    });
    const receipt = await tide.publish("orders", { type: "n" });
    await settled.reaches(1);
    broken = false;
    const replays = await Promise.all([tide.deadLetters.replay({ topic: "orders" }), tide.deadLetters.replay({ topic: "orders" })]);
    assert.equal(replays[0].replayed + replays[1].replayed, 1);
    await settled.reaches(2);
    assert.deepEqual([settled.seen[1]?.outcome, settled.seen[1]?.message.messageId], ["acked", receipt.messageId]);
    assert.deepEqual([other.seen.length, await tide.deadLetters.count()], [1, 0]);
  },

  "a discarded letter is gone and comes to nobody": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, ({ type }) => {
      throw new Unrecoverable(type);
    });
    await tide.publishMany("orders", [{ type: "a" }, { type: "b" }]);
    await settled.reaches(2);
    assert.equal((await tide.deadLetters.discard({ eventType: "a" })).discarded, 1);
    const { items } = await tide.deadLetters.list();
    assert.deepEqual(
      items.map(({ message }) => message?.type),
      ["b"],
    );
  },

  "an entry that is no message goes to the dead letters and stops nobody": async (world) => {
    const tide = await world.connect();
    const handled = probe<Message>();
    await using _ = await tide.consume("orders", { group: "g" }, (message) => handled.add(message));
    await world.call("XADD", `${world.namespace}:orders:events`, "*", "event_type", "broken", "data", "{not json");
    await tide.publish("orders", { type: "good" });
    await handled.reaches(1);
    await until("the other one is dead", async () => (await tide.deadLetters.count()) === 1);
    const { items } = await tide.deadLetters.list();
    assert.deepEqual([items[0]?.errorCode, items[0]?.message, items[0]?.raw["data"]], ["UNDECODABLE", null, "{not json"]);
    assert.equal(handled.seen[0]?.type, "good");
  },
};
