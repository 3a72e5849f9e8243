import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, type Message, type Settlement, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe, until } from "../testing/events.ts";

describe("groups", () => {
  let redis: RedisServer;
  let tide: Tide;
  let raw: ReturnType<typeof createClient>;
  const call = (...args: string[]): Promise<unknown> => raw.sendCommand(args);

  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "gr" });
    raw = createClient({ url: redis.url, RESP: 2 });
    await raw.connect();
  });
  after(async () => {
    await tide.close();
    raw.destroy();
    await redis.stop();
  });

  const publish = async (topic: string, from: number, to: number): Promise<string[]> => {
    const messages = Array.from({ length: to - from + 1 }, (_, at) => ({ type: "n", data: from + at }));
    const results = await tide.publishMany(topic, messages);
    return results.map((result) => (result.ok ? (result.receipt.entryId ?? "") : assert.fail(String(result.error))));
  };
  const idle = async (topic: string): Promise<void> =>
    await until(`${topic} is done`, async () => {
      const [group] = await tide.groups.list(topic);
      return group !== undefined && group.lag + group.pending + group.retrying === 0;
    });

  test("seek moves stream, deliveries under way and retries together; the late ack of a running consumer is refused", async () => {
    const ids = await publish("seek", 0, 9);
    const got = probe<number>();
    const settled = probe<Settlement>();
    const gate = Promise.withResolvers<void>();
    let failing = true;
    await using _ = await tide.consume(
      "seek",
      { concurrency: 1, retry: { baseDelay: 60_000, jitter: "none" }, onSettled: settled.add },
      async (message) => {
        got.add(message.data as number);
        if (failing && message.data === 1) throw new Error("later");
        if (got.seen.filter((n) => n === 6).length === 1 && message.data === 6) await gate.promise;
      },
    );
    await got.reaches(7);
    await until("0 to 5 are settled", async () => settled.seen.length >= 6);
    failing = false;
    const under = (await tide.pending("seek", "seek_processors")).count;
    const result = await tide.groups.seek("seek", "seek_processors", ids[3] ?? "");
    assert.deepEqual(result, { released: under, dropped: 1 }, "6 and what was fetched behind it; and the retry of 1");
    gate.resolve();
    await until("its late ack was refused", async () => settled.seen.some((one) => one.outcome === "lost" && one.message.data === 6));
    await until("4 to 9 came again", async () => [4, 5, 6, 7, 8, 9].every((n) => got.seen.slice(7).includes(n)));
    await idle("seek");
    const acked = settled.seen.filter(({ outcome }) => outcome === "acked").map(({ message }) => message.data);
    assert.equal(acked.filter((n) => n === 6).length, 1, "acknowledged by its second delivery only");
    assert.equal(acked.filter((n) => n === 3).length, 1, "the id itself lies behind the position");
    assert.equal(acked.filter((n) => n === 1).length, 0, "its retry was dropped");
  });

  test("a consumer that reads without pause is fenced as well: what it held before cannot settle what it got since", async () => {
    await publish("busy", 0, 9_999);
    const times = new Map<number, number>();
    const outcomes = probe<string>();
    const [gate, settled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const onSettled = ({ message, outcome }: Settlement): void => {
      if (message.data !== 6) return;
      outcomes.add(outcome);
      settled.resolve();
    };
    await using _ = await tide.consume("busy", { concurrency: 4, onSettled }, async (message) => {
      const number = message.data as number;
      times.set(number, (times.get(number) ?? 0) + 1);
      if (number === 6) await (times.get(6) === 1 ? gate.promise : settled.promise);
      await new Promise((resolve) => setImmediate(resolve));
    });
    await until("it is under way", async () => times.size > 500);
    await tide.groups.reset("busy", "busy_processors");
    await until("it began anew", async () => (times.get(50) ?? 0) > 1);
    gate.resolve();
    await outcomes.reaches(2);
    await idle("busy");
    assert.deepEqual([outcomes.seen, times.get(6), times.size], [["lost", "acked"], 2, 10_000]);
  });

  test("seek to a date begins with that millisecond; to now skips; reset begins anew with fresh attempts", async () => {
    for (let at = 1; at <= 5; at++) await call("XADD", "gr:date:events", `${at}000-0`, "event_type", "n", "data", String(at));
    await tide.groups.create("date", "g", "now");
    const lag = async (): Promise<number> => (await tide.groups.list("date"))[0]?.lag ?? -1;
    assert.equal(await lag(), 0);
    await tide.groups.seek("date", "g", new Date(3_000));
    assert.equal(await lag(), 3);
    await tide.groups.seek("date", "g", "now");
    assert.equal(await lag(), 0);
    assert.deepEqual(await tide.groups.reset("date", "g"), { released: 0, dropped: 0 });
    assert.equal(await lag(), 5);
    assert.equal(await call("HGET", "gr:date:position:g", "gr:date:events"), "0", "and so does a later recovery");
    await assert.rejects(tide.groups.seek("date", "g", "soon"), { code: "INVALID_POSITION" });
    await assert.rejects(tide.groups.seek("date", "nobody", "now"), { code: "UNKNOWN_GROUP" });
    await assert.rejects(tide.groups.reset("nothing", "g"), { code: "UNKNOWN_TOPIC" });
  });

  test("seek forward keeps retries from coming back, backward delivers everything again", async () => {
    await publish("twice", 0, 3);
    const settled = probe<Settlement>();
    let failing = true;
    await using _ = await tide.consume("twice", { retry: { baseDelay: 60_000, jitter: "none" }, onSettled: settled.add }, () => {
      if (failing) throw new Error("no");
    });
    await settled.reaches(4);
    failing = false;
    assert.deepEqual(await tide.groups.seek("twice", "twice_processors", "now"), { released: 0, dropped: 4 });
    await publish("twice", 4, 4);
    await settled.reaches(5);
    assert.equal(settled.seen[4]?.message.data, 4);
    await tide.groups.reset("twice", "twice_processors");
    // A read that Redis answers in the very moment of the seek belongs to the group as it was: it is fenced and read once more.
    const again = (): unknown[] => settled.seen.slice(5).flatMap(({ message, outcome }) => (outcome === "acked" ? [message.data] : []));
    await until("everything is acknowledged again", async () => again().length === 5);
    assert.deepEqual(again(), [0, 1, 2, 3, 4]);
  });

  test("two consumers of one group: neither settles what it held before a seek", async () => {
    await publish("pair", 0, 9);
    const held: { data: unknown; release: () => void }[] = [];
    const outcomes: string[] = [];
    let holding = true;
    const onSettled = ({ message, outcome }: Settlement): void => void outcomes.push(`${String(message.data)} ${outcome}`);
    const handler = async (message: Message): Promise<void> => {
      if (holding) await new Promise<void>((release) => held.push({ data: message.data, release }));
    };
    const options = { concurrency: 1, batch: 2, onSettled } as const;
    await using _one = await tide.consume("pair", options, handler);
    await using _two = await tide.consume("pair", options, handler);
    await until("each holds one", async () => held.length === 2);
    await tide.groups.reset("pair", "pair_processors");
    holding = false;
    const before = held.map(({ data }) => `${String(data)} lost`);
    for (const { release } of held) release();
    await until("all are acknowledged", async () => outcomes.filter((outcome) => outcome.endsWith("acked")).length >= 10);
    await idle("pair");
    assert.ok(
      before.every((lost) => outcomes.includes(lost)),
      "both late answers were refused",
    );
    const acked = outcomes.filter((outcome) => outcome.endsWith("acked"));
    assert.equal(new Set(acked).size, 10);
    assert.equal(acked.length, 10, "and nothing was acknowledged twice");
  });

  test("create is idempotent; remove takes everything of the group and nothing of the messages", async () => {
    await publish("made", 0, 3);
    assert.deepEqual(await tide.groups.create("made", "g", "now"), { created: true });
    assert.deepEqual(await tide.groups.create("made", "g", "beginning"), { created: false });
    assert.equal((await tide.groups.list("made"))[0]?.lag, 0, "it stays where it is");
    await tide.groups.release("made", "g");
    assert.ok(Number(await call("HGET", "gr:made:groups", "g")) < 0);
    assert.deepEqual(await tide.groups.remove("made", "g"), { removed: true });
    assert.deepEqual(await tide.groups.list("made"), []);
    assert.deepEqual(await call("KEYS", "gr:made:retry:*"), []);
    assert.deepEqual(await call("EXISTS", "gr:made:groups", "gr:made:position:g"), 0);
    assert.equal((await tide.streamInfo("made")).length, 4);
    await assert.rejects(tide.groups.remove("made", "g"), { code: "UNKNOWN_GROUP" });
  });

  test("a topic without lanes has one: nothing is missing, and seek, retries and views use that one alone", async () => {
    await tide.configure("flat", { lanes: false });
    await tide.publish("flat", { type: "n", data: 1, priority: "critical" });
    const got = probe<Message>();
    await using _ = await tide.consume("flat", (message) => got.add(message));
    await got.reaches(1);
    await idle("flat");
    await tide.groups.reset("flat", "flat_processors");
    await got.reaches(2);
    await idle("flat");
    const [group] = await tide.groups.list("flat");
    assert.deepEqual(group?.missingLanes, []);
    assert.deepEqual(
      (await tide.streamInfo("flat")).lanes.map(({ priority }) => priority),
      ["normal"],
    );
    assert.deepEqual(((await call("KEYS", "gr:flat:events*")) as string[]).toSorted(), ["gr:flat:events"]);
  });

  test("lanes: true creates the groups on the new lanes before anything is published there, foreign ones excepted", async () => {
    await tide.configure("grown", { lanes: false });
    await publish("grown", 0, 0);
    await tide.groups.create("grown", "ours", "now");
    await call("XGROUP", "CREATE", "gr:grown:events", "theirs", "0");
    await tide.configure("grown", { lanes: true });
    await tide.publish("grown", { type: "n", data: 1, priority: "high" });
    const groups = await tide.groups.list("grown");
    const facts = groups.map(({ group, lag, missingLanes }) => [group, lag, missingLanes.length]);
    assert.deepEqual(facts, [
      ["ours", 1, 0],
      ["theirs", 1, 3],
    ]);
    const got = probe<Message>();
    await using _ = await tide.consume("grown", { group: "ours" }, (message) => got.add(message));
    await got.reaches(1);
    assert.equal(got.seen[0]?.data, 1);
    await assert.rejects(tide.configure("grown", { lanes: false }), { code: "TOPIC_IN_USE" });
  });

  test("read goes both ways from ids and times, over all lanes, and ends where the topic ended when it began", async () => {
    for (let at = 1; at <= 9; at++)
      await call("XADD", at % 2 === 0 ? "gr:read:events:low" : "gr:read:events", `${at}000-0`, "event_type", "n", "data", String(at));
    const read = async (options: Parameters<Tide["read"]>[1]): Promise<unknown[]> =>
      (await Array.fromAsync(tide.read("read", options))).map(({ data }) => data);
    assert.deepEqual(await read({}), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(await read({ from: new Date(3_000), to: "6000-0" }), [3, 4, 5, 6]);
    assert.deepEqual(await read({ from: "3000-0", to: new Date(6_999), reverse: true }), [6, 5, 4, 3]);
    assert.deepEqual(await read({ from: new Date(7_001), limit: 1 }), [8]);
    assert.deepEqual(await read({ reverse: true, limit: 2 }), [9, 8]);
    const seen: unknown[] = [];
    for await (const message of tide.read("read")) {
      seen.push(message.data);
      await call("XADD", "gr:read:events", "*", "event_type", "n", "data", "0");
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("topics names what has a lane, and removing one leaves nothing but its dead letters", async () => {
    await tide.publish("leaving", { type: "n", priority: "low" });
    await tide.groups.create("leaving", "g");
    assert.ok((await tide.topics()).includes("leaving"));
    assert.equal(await tide.removeTopic("leaving"), true);
    assert.ok(!(await tide.topics()).includes("leaving"));
    const left = ((await call("KEYS", "gr:leaving:*")) as string[]).filter((key) => !key.includes(":producers:"));
    assert.deepEqual(left, ["gr:leaving:removed"]);
    assert.equal(await tide.removeTopic("leaving"), false);
  });
});
