/** What happens to a message whose handler failed. */
import assert from "node:assert/strict";
import type { HandlerContext, Settlement } from "../../consuming.ts";
import { RetryAfter, Unrecoverable } from "../../errors.ts";
import type { Message } from "../../message/message.ts";
import { probe } from "../events.ts";
import type { Contract } from "./world.ts";

export const RETRIES: Contract = {
  "a failed message comes back to its own group only, with its history and under the same id": async (world) => {
    const tide = await world.connect();
    const [attempts, other, settled] = [probe<Message & { context: HandlerContext }>(), probe<Message>(), probe<Settlement>()];
    const receipt = await tide.publish("orders", { type: "flaky", data: 1, priority: "high" });
    await using _other = await tide.consume("orders", { group: "other" }, (message) => other.add(message));
    const options = { group: "failing", retry: { baseDelay: 20, maxRetries: 3 }, onSettled: settled.add };
    await using _failing = await tide.consume("orders", options, (message, context) => {
      attempts.add({ ...message, context });
      if (context.attempt < 3) throw new Error(`no ${context.attempt}`);
    });
    await settled.reaches(3);
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      ["retried", "retried", "acked"],
    );
    assert.deepEqual(
      attempts.seen.map(({ messageId, entryId, priority }) => [messageId, entryId, priority]),
      [1, 2, 3].map(() => [receipt.messageId, receipt.entryId, "high"]),
    );
    assert.deepEqual(
      attempts.seen[2]?.context.attempts.map(({ error }) => error),
      ["no 1", "no 2"],
    );
    assert.equal(other.seen.length, 1);
    assert.equal((await tide.streamInfo("orders")).length, 1, "a retry is not added to the topic");
  },

  "a retry comes no earlier than its handler asked for": async (world) => {
    const tide = await world.connect();
    const times = probe<number>();
    await using _ = await tide.consume("orders", { group: "g" }, async (_message, { attempt }) => {
      const [seconds, micros] = (await world.call("TIME")) as string[];
      times.add(Number(seconds) * 1_000 + Number(micros) / 1_000);
      if (attempt === 1) throw new RetryAfter(400, "later please");
    });
    await tide.publish("orders", { type: "n" });
    await times.reaches(2);
    const waited = (times.seen[1] ?? 0) - (times.seen[0] ?? 0);
    assert.ok(waited >= 395, `it came after ${waited} ms`);
  },

  "a waiting retry is neither pending nor lag, and can be seen": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { group: "g", onSettled: settled.add }, () => {
      throw new RetryAfter(3_600_000, "tomorrow");
    });
    const { entryId } = await tide.publish("orders", { type: "n" });
    await settled.reaches(1);
    const pending = await tide.pending("orders", "g");
    assert.deepEqual([pending.count, pending.retryCount], [0, 1]);
    assert.deepEqual([pending.retries[0]?.entryId, pending.retries[0]?.lastError], [entryId, "tomorrow"]);
    const [group] = await tide.groups.list("orders");
    assert.deepEqual([group?.lag, group?.pending, group?.retrying], [0, 0, 1]);
  },

  "an unrecoverable error is not retried, and a message's own limit wins": async (world) => {
    const tide = await world.connect();
    const settled = probe<Settlement>();
    await using _ = await tide.consume("orders", { onSettled: settled.add }, ({ type }) => {
      if (type === "hopeless") throw new Unrecoverable("never");
      throw new Error("once");
    });
    await tide.publishMany("orders", [{ type: "hopeless" }, { type: "no_retry", maxRetries: 0 }]);
    await settled.reaches(2);
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      ["dead_lettered", "dead_lettered"],
    );
  },
};
