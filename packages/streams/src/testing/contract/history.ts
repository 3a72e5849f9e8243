/** What can be told of a message afterwards, and what is counted. */
import assert from "node:assert/strict";
import type { Settlement } from "../../consuming.ts";
import { RetryAfter, Unrecoverable } from "../../errors.ts";
import type { MessageHistory } from "../../history.ts";
import type { Message } from "../../message/message.ts";
import { record } from "../../redis/shapes.ts";
import type { Tide } from "../../tide.ts";
import { probe, until } from "../events.ts";
import type { Contract } from "./world.ts";

export const HISTORY: Contract = {
  "a message's history tells who published, delivered, failed, retried and acknowledged it, and when": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    const options = { group: "g", name: "worker", retry: { baseDelay: 20, maxRetries: 3 }, onSettled: settled.add };
    await using _ = await tide.consume("orders", options, (_message, { attempt }) => {
      if (attempt < 3) throw Object.assign(new Error(`no ${attempt}`), { code: "SINK_DOWN" });
    });
    const { messageId } = await tide.publish("orders", { type: "n", priority: "high" });
    await settled.reaches(3);
    const history = await told(tide, messageId);
    assert.deepEqual(
      history.entries.map(({ act, group, attempt, error, code }) => [act, group, attempt, error, code]),
      [
        ["published", null, null, null, null],
        ["delivered", "g", 1, null, null],
        ["retried", "g", 1, "no 1", "SINK_DOWN"],
        ["delivered", "g", 2, null, null],
        ["retried", "g", 2, "no 2", "SINK_DOWN"],
        ["delivered", "g", 3, null, null],
        ["acknowledged", "g", 3, null, null],
      ],
    );
    const [published, ...later] = history.entries;
    assert.equal(published?.by, "contract");
    for (const { by } of later) assert.match(by ?? "", /^worker\./);
    assert.deepEqual([history.groups, history.complete, history.message?.messageId], [{ g: "acknowledged" }, true, messageId]);
    const [first, second] = history.entries.filter(({ act }) => act === "retried");
    // Of a moment within a millisecond `at` has its beginning, `dueAt` its end.
    assert.ok(
      first?.dueAt !== null && first !== undefined && first.dueAt >= first.at && (second?.at ?? 0) + 1 >= first.dueAt,
      "it came when it was due",
    );
  },

  "each group's part of it is its own": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    await tide.groups.create("orders", "late");
    await using _good = await tide.consume("orders", { group: "good", onSettled: settled.add }, () => {});
    await using _bad = await tide.consume("orders", { group: "bad", onSettled: settled.add }, () => {
      throw new RetryAfter(3_600_000, "tomorrow");
    });
    const { messageId } = await tide.publish("orders", { type: "n" });
    await settled.reaches(2);
    const history = await told(tide, messageId);
    assert.deepEqual(history.groups, { good: "acknowledged", bad: "waiting_retry", late: "not_delivered" });
    assert.equal(history.entries.filter(({ act }) => act === "retried").length, 1);
  },

  "a message in work is said to be, and by whom": async (world) => {
    const tide = await world.connect();
    const begun = probe<Message>();
    const gate = Promise.withResolvers<void>();
    await using _ = await tide.consume("orders", { group: "g", name: "slow" }, async (message) => {
      begun.add(message);
      await gate.promise;
    });
    const { messageId } = await tide.publish("orders", { type: "n" });
    await begun.reaches(1);
    const history = await told(tide, messageId, "orders");
    gate.resolve();
    assert.deepEqual(history.groups, { g: "pending" });
    assert.deepEqual(
      history.entries.map(({ act, attempt }) => [act, attempt]),
      [
        ["published", null],
        ["delivered", 1],
      ],
    );
    assert.match(history.entries[1]?.by ?? "", /^slow\./);
  },

  "a dead letter's history goes on over its replay, also when its entry has been trimmed": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    let broken = true;
    await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, () => {
      if (broken) throw new Unrecoverable("broken");
    });
    const { messageId, stream } = await tide.publish("orders", { type: "n" });
    await settled.reaches(1);
    await world.call("XTRIM", stream, "MAXLEN", "0");
    const dead = await told(tide, messageId);
    assert.deepEqual([dead.groups, dead.message], [{ g: "dead_lettered" }, null]);
    assert.deepEqual([dead.entries.at(-1)?.act, dead.entries.at(-1)?.error], ["dead_lettered", "broken"]);
    broken = false;
    await tide.deadLetters.replay({ topic: "orders" });
    await settled.reaches(2);
    const replayed = await told(tide, `${stream}/${dead.entryId}`);
    assert.deepEqual(
      replayed.entries.map(({ act, by }) => (act === "replayed" ? `${act} by ${by}` : act)),
      ["published", "delivered", "dead_lettered", "replayed by contract", "delivered", "acknowledged"],
    );
    assert.deepEqual(replayed.groups, { g: "acknowledged" });
  },

  "a discarded letter's message says so": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, () => {
      throw new Unrecoverable("broken");
    });
    const { messageId } = await tide.publish("orders", { type: "n" });
    const { messageId: other } = await tide.publish("orders", { type: "other" });
    await settled.reaches(2);
    await tide.deadLetters.discard({ eventType: "n" });
    const history = await told(tide, messageId);
    assert.deepEqual(
      [history.entries.at(-1)?.act, history.entries.at(-1)?.by, history.groups],
      ["discarded", "contract", { g: "discarded" }],
    );
    assert.deepEqual((await told(tide, other)).groups, { g: "dead_lettered" });
  },

  "a takeover from a silent consumer is told": async (world) => {
    const tide = await world.connect();
    await tide.groups.create("orders", "g");
    const { messageId, stream } = await tide.publish("orders", { type: "n" });
    await world.call("XREADGROUP", "GROUP", "g", "ghost", "STREAMS", stream, ">");
    await using consumer = await tide.consume("orders", { group: "g", name: "heir", lease: 200 }, () => {});
    await until("it is acknowledged", async () => consumer.stats().acked === 1);
    const history = await told(tide, messageId);
    assert.deepEqual(
      history.entries.map(({ act }) => act),
      ["published", "taken_over", "acknowledged"],
    );
    assert.match(history.entries[1]?.by ?? "", /^heir\./);
  },

  "an acknowledgement that came too late is neither told nor counted": async (world) => {
    const tide = await world.connect();
    const [begun, settled] = [probe<Message>(), probe<Settlement>()];
    const gate = Promise.withResolvers<void>();
    await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, async (message) => {
      begun.add(message);
      await gate.promise;
    });
    const receipts = [await tide.publish("orders", { type: "a" }), await tide.publish("orders", { type: "b" })] as const;
    await begun.reaches(2);
    await world.call("XCLAIM", receipts[0].stream, "g", "intruder", "0", receipts[0].entryId);
    gate.resolve();
    await settled.reaches(2);
    assert.equal(await world.call("HGET", `${world.namespace}:orders:counts`, "acked:g"), "1");
    const [late, good] = [await told(tide, receipts[0].messageId), await told(tide, receipts[1].messageId)];
    assert.deepEqual([late.groups, good.groups], [{ g: "pending" }, { g: "acknowledged" }]);
    assert.deepEqual(
      late.entries.map(({ act, by }) => (by === "intruder" ? `${act} to the intruder` : act)),
      ["published", "delivered to the intruder"],
    );
  },

  "a group that is moved past a message skips it, and one that is moved back gets it again": async (world) => {
    const tide = await world.connect();
    await tide.groups.create("orders", "g");
    await tide.groups.create("orders", "done");
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { group: "done", onSettled: settled.add }, () => {});
    const { messageId } = await tide.publish("orders", { type: "n" });
    await settled.reaches(1);
    await tide.groups.seek("orders", "g", "now");
    await tide.groups.seek("orders", "done", "now");
    const skipped = await told(tide, messageId);
    assert.deepEqual(skipped.groups, { done: "acknowledged", g: "skipped" });
    const moves = skipped.entries.filter(({ act }) => act === "moved");
    assert.deepEqual(
      moves.map(({ group, by, position }) => [group, by, position]),
      [["g", "contract", "$"]],
      "a move past what is done with is not told",
    );
    await tide.groups.reset("orders", "g");
    assert.deepEqual((await told(tide, messageId)).groups, { done: "acknowledged", g: "not_delivered" });
  },

  "a message handed back unhandled is nobody's until somebody takes it": async (world) => {
    const tide = await world.connect();
    const held = tide.messages("orders", { group: "g", prefetch: 1 });
    const { messageId } = await tide.publish("orders", { type: "n" });
    await held.next();
    await held[Symbol.asyncDispose]();
    const free = await told(tide, messageId);
    assert.deepEqual([free.groups, free.entries.at(-1)?.act], [{ g: "not_delivered" }, "released"]);
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, () => {});
    await settled.reaches(1);
    const { groups, entries } = await told(tide, messageId);
    assert.deepEqual(groups, { g: "acknowledged" });
    assert.deepEqual(
      entries.map(({ act }) => act),
      ["published", "delivered", "released", "taken_over", "acknowledged"],
    );
  },

  "the counters of a topic are exact": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    const options = { group: "g", retry: { baseDelay: 1, maxRetries: 1 }, onSettled: settled.add };
    await using _ = await tide.consume("orders", options, ({ type }, { attempt }) => {
      if (type === "dead" || (type === "once" && attempt === 1)) throw new Error(type);
    });
    const types = Array.from({ length: 300 }, (_, at) => (at % 10 === 0 ? "dead" : at % 10 === 1 ? "once" : "good"));
    await tide.publishMany(
      "orders",
      types.map((type) => ({ type })),
    );
    await settled.reaches(360);
    await tide.deadLetters.discard({ topic: "orders" });
    const counts = record(await world.call("HGETALL", `${world.namespace}:orders:counts`));
    assert.deepEqual(counts, { "acked:g": "270", "retried:g": "60", "dead:g": "30", discarded: "30" });
    await until("the topic is gone", () => tide.removeTopic("orders"));
    assert.equal(await world.call("EXISTS", `${world.namespace}:orders:counts`, `${world.namespace}:orders:history`), 0);
  },

  "of what never was there is no history": async (world) => {
    const tide = await world.connect();
    const { stream } = await tide.publish("orders", { type: "n" });
    for (const id of ["01932b7c-0000-7000-8000-000000000000", "no id at all", "7-7", `${stream}/7-7`, "elsewhere/7-7"])
      assert.equal(await tide.history(id), null, id);
  },
};

async function told(tide: Tide, id: string, topic?: string): Promise<MessageHistory> {
  const history = await tide.history(id, topic === undefined ? {} : { topic });
  assert.ok(history !== null, `there is a history of ${id}`);
  return history;
}
