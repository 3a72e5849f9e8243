import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, type HeldMessage, type Notice, type Settlement, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe, until } from "../testing/events.ts";

describe("messages", () => {
  let redis: RedisServer;
  let tide: Tide;
  /** Another connection, as another process would have. */
  let other: Tide;
  let notices = probe<Notice>();
  let count = 0;
  let topic = "";

  before(async () => {
    redis = await startRedis();
    const onNotice = (notice: Notice): void => notices.add(notice);
    tide = await connect({ url: redis.url, namespace: "msg", onNotice });
    other = await connect({ url: redis.url, namespace: "msg" });
  });
  after(async () => {
    await Promise.all([tide.close(), other.close()]);
    await redis.stop();
  });
  beforeEach(() => {
    topic = `t${count++}`;
    notices = probe<Notice>();
  });

  const publish = async (many: number): Promise<void> =>
    void (await tide.publishMany(
      topic,
      Array.from({ length: many }, (_, n) => ({ type: "n", data: n })),
    ));
  const held = (): Notice[] => notices.seen.filter(({ code }) => code === "message_held");
  const pending = async (): Promise<number> => (await tide.pending(topic, "g")).entries.length;

  /** Everything the group still has comes back on another connection, at its first attempt. */
  async function assertHandedBack(many: number): Promise<void> {
    await using again = other.messages(topic, { group: "g" });
    const back: (readonly [unknown, number])[] = [];
    for await (const message of again) {
      back.push([message.data, message.attempt]);
      assert.equal(await message.ack(), true);
      if (back.length === many) break;
    }
    assert.deepEqual(
      back.toSorted(([a], [b]) => Number(a) - Number(b)),
      Array.from({ length: many }, (_, n) => [n, 1] as const),
    );
  }

  test("break hands unsettled messages back at once, no attempt counted", async () => {
    await publish(5);
    let seen = 0;
    for await (const _ of tide.messages(topic, { group: "g", lease: 60_000 })) if (++seen === 3) break;
    await assertHandedBack(5);
  });

  test("so does a throw inside the loop", async () => {
    await publish(3);
    const loop = async (): Promise<void> => {
      for await (const _ of tide.messages(topic, { group: "g", lease: 60_000 })) throw new Error("mine");
    };
    await assert.rejects(loop(), { message: "mine" });
    await assertHandedBack(3);
  });

  test("so does leaving the scope of an `await using`; what is settled stays settled", async () => {
    await publish(4);
    {
      await using messages = tide.messages(topic, { group: "g", lease: 60_000 });
      const taken: HeldMessage[] = [];
      while (taken.length < 4) taken.push((await messages.next()).value as HeldMessage);
      assert.equal(await taken.find(({ data }) => data === 3)?.ack(), true);
    }
    await assertHandedBack(3);
  });

  test("after the end nothing is given out and nothing is opened again", async () => {
    await publish(1);
    const messages = tide.messages(topic, { group: "g" });
    await messages.return?.();
    assert.deepEqual(await messages.next(), { done: true, value: undefined });
    assert.deepEqual(await tide.groups.list(topic), []);
  });

  test("a message that was handed back can no longer be settled", async () => {
    await publish(1);
    const messages = tide.messages(topic, { group: "g" });
    const message = (await messages.next()).value as HeldMessage;
    await messages.return?.();
    assert.deepEqual([await message.ack(), await message.retry(), await message.deadLetter("no")], [false, false, false]);
    assert.equal(message.signal.aborted, true);
    await assertHandedBack(1);
  });

  test("settling twice is harmless and answers the same", async () => {
    await publish(1);
    const settled = probe<Settlement>();
    await using messages = tide.messages(topic, { group: "g", onSettled: settled.add });
    const message = (await messages.next()).value as HeldMessage;
    const answers = await Promise.all([message.ack(), message.ack(), message.deadLetter("too late"), message.retry()]);
    assert.deepEqual([...answers, await message.ack()], [true, true, true, true, true]);
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      ["acked"],
    );
    assert.equal(await other.deadLetters.list({ topic }).then(({ items }) => items.length), 0);
  });

  test("ack answers false when the lease was lost, and the signal fires", async () => {
    await publish(1);
    const client = createClient({ url: redis.url });
    await client.connect();
    try {
      await using messages = tide.messages(topic, { group: "g", lease: 60_000 });
      const message = (await messages.next()).value as HeldMessage;
      await client.sendCommand(["XCLAIM", message.stream, "g", "somebody", "0", message.entryId]);
      assert.equal(await message.ack(), false);
      assert.equal(await message.ack(), false);
      assert.equal(message.signal.aborted, true);
      assert.equal(await pending(), 1, "it is the other's now");
    } finally {
      client.destroy();
    }
  });

  test("never more than `prefetch` unsettled messages are given out, and all of them are", async () => {
    await publish(30);
    await using messages = tide.messages(topic, { group: "g", prefetch: 5 });
    const unsettled = new Set<HeldMessage>();
    for (let given = 0; given < 30; given++) {
      const waiting = messages.next();
      if (unsettled.size === 5) {
        // Two round trips of another command: what could be given out would have been by now.
        const first = await Promise.race([waiting.then(() => "given"), tide.streamInfo(topic).then(() => "none")]);
        assert.equal(first, "none");
        const [oldest] = unsettled as Set<HeldMessage> & Iterable<HeldMessage>;
        unsettled.delete(oldest as HeldMessage);
        assert.equal(await oldest?.ack(), true);
      }
      unsettled.add((await waiting).value as HeldMessage);
      assert.ok(unsettled.size <= 5);
    }
    assert.equal(unsettled.size, 5);
  });

  test("retry with a delay of one's own, its reason in the history; the policy still says how often", async () => {
    await publish(1);
    await using messages = tide.messages(topic, { group: "g", retry: { maxRetries: 1, baseDelay: 60_000 } });
    const first = (await messages.next()).value as HeldMessage;
    await assert.rejects(first.retry({ delay: -1 }), { code: "INVALID_CONFIG" });
    assert.equal(await first.retry({ delay: 0, reason: "not yet" }), true);
    const second = (await messages.next()).value as HeldMessage;
    assert.equal(second.attempt, 2);
    assert.equal(await second.retry({ delay: 0, reason: "still not" }), true);
    const { items } = await tide.deadLetters.list({ topic });
    assert.deepEqual(
      items[0]?.attempts.map(({ error }) => error),
      ["not yet", "still not"],
    );
  });

  test("deadLetter keeps the reason's code and stack", async () => {
    await publish(2);
    await using messages = tide.messages(topic, { group: "g" });
    await ((await messages.next()).value as HeldMessage).deadLetter("no such customer");
    await ((await messages.next()).value as HeldMessage).deadLetter(Object.assign(new Error("gone"), { code: "GONE" }));
    const { items } = await tide.deadLetters.list({ topic });
    const codes = items.map(({ errorCode, errorMessage }) => `${errorCode}: ${errorMessage}`).toSorted();
    assert.deepEqual(codes, ["GONE: gone", "UNRECOVERABLE: no such customer"]);
    assert.match(items.find(({ errorCode }) => errorCode === "GONE")?.errorStack ?? "", /messages\.redis\.test/);
  });

  test("a message held for longer than `warnAfter` is named, once; a settled one is not", async () => {
    await publish(2);
    await using messages = tide.messages(topic, { group: "g", warnAfter: 40 });
    const settled = (await messages.next()).value as HeldMessage;
    await settled.ack();
    const message = (await messages.next()).value as HeldMessage;
    await until("the notice", async () => await Promise.resolve(held().length > 0));
    assert.deepEqual(held()[0]?.detail, { messageId: message.messageId, ms: 40 });
    // Longer than a second warning would take, measured by what Redis itself waits.
    await message.retry({ delay: 100 });
    const again = (await messages.next()).value as HeldMessage;
    await again.ack();
    assert.deepEqual(
      held().map(({ detail }) => detail?.["messageId"]),
      [message.messageId],
    );
  });

  test("`warnAfter: 0` never warns, and a wrong one is refused", async () => {
    assert.throws(() => tide.messages(topic, { warnAfter: -1 }), { code: "INVALID_CONFIG" });
    await publish(1);
    await using messages = tide.messages(topic, { group: "g", warnAfter: 0 });
    const message = (await messages.next()).value as HeldMessage;
    await message.retry({ delay: 50 });
    await ((await messages.next()).value as HeldMessage).ack();
    assert.deepEqual(held(), []);
  });
});
