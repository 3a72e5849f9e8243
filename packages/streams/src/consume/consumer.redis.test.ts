import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, RetryAfter, Unrecoverable, type Message, type Notice, type Settlement, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe, until } from "../testing/events.ts";

describe("consume", () => {
  let redis: RedisServer;
  let tide: Tide;
  const notices: Notice[] = [];
  const raw = { client: null as ReturnType<typeof createClient> | null };
  const redisCall = (...args: string[]): Promise<unknown> => (raw.client as NonNullable<typeof raw.client>).sendCommand(args);

  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "con", onNotice: (notice) => notices.push(notice) });
    raw.client = createClient({ url: redis.url });
    await raw.client.connect();
  });
  after(async () => {
    await tide.close();
    raw.client?.destroy();
    await redis.stop();
  });

  test("handles, acknowledges and leaves nothing pending", async () => {
    const settled = probe<Settlement>();
    await using consumer = await tide.consume("plain", { concurrency: 5, onSettled: settled.add }, () => {});
    await tide.publishMany(
      "plain",
      Array.from({ length: 500 }, (_, n) => ({ type: "n", data: n })),
    );
    await settled.reaches(500);
    const [group] = await tide.groups.list("plain");
    assert.deepEqual([group?.group, group?.lag, group?.pending, group?.missingLanes], ["plain_processors", 0, 0, []]);
    assert.equal(consumer.stats().acked, 500);
  });

  test("two groups each get everything; two consumers of one group share", async () => {
    const [a, b, shared] = [probe<unknown>(), probe<unknown>(), probe<unknown>()];
    await using _a = await tide.consume("fan", { group: "a" }, (message) => a.add(message.data));
    await using _b = await tide.consume("fan", { group: "b" }, (message) => b.add(message.data));
    await using _c = await tide.consume("fan", { group: "c" }, (message) => shared.add(message.data));
    await using _d = await tide.consume("fan", { group: "c" }, (message) => shared.add(message.data));
    await tide.publishMany(
      "fan",
      Array.from({ length: 200 }, (_, n) => ({ type: "n", data: n })),
    );
    await Promise.all([a.reaches(200), b.reaches(200), shared.reaches(200)]);
    assert.equal(new Set(shared.seen).size, 200);
  });

  test("a failed message waits in its group's own store, comes back with its history, and other groups never see it again", async () => {
    const attempts = probe<{ attempt: number; history: number; entryId: string }>();
    const other = probe<Message>();
    const settled = probe<Settlement>();
    const receipt = await tide.publish("retry", { type: "flaky", priority: "high" });
    await using _other = await tide.consume("retry", { group: "other" }, (message) => other.add(message));
    await using _failing = await tide.consume(
      "retry",
      { group: "failing", retry: { baseDelay: 20 }, onSettled: settled.add },
      (message, context) => {
        attempts.add({ attempt: context.attempt, history: context.attempts.length, entryId: message.entryId });
        if (context.attempt < 3) throw new Error(`no ${context.attempt}`);
      },
    );
    await settled.reaches(3);
    assert.deepEqual(
      attempts.seen,
      [1, 2, 3].map((attempt) => ({ attempt, history: attempt - 1, entryId: receipt.entryId })),
    );
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      ["retried", "retried", "acked"],
    );
    assert.equal(other.seen.length, 1);
    assert.equal((await tide.streamInfo("retry")).length, 1, "a retry is never added to the topic");
    assert.equal(await redisCall("XLEN", "con:retry:retry:failing:events"), 0, "a settled retry leaves its stream");
  });

  test("RetryAfter sets the delay, and the waiting retry can be seen", async () => {
    await tide.publish("after", { type: "x" });
    const settled = probe<Settlement>();
    await using _ = await tide.consume("after", { onSettled: settled.add }, () => {
      throw new RetryAfter(60_000, "later please");
    });
    await settled.reaches(1);
    const pending = await tide.pending("after", "after_processors");
    assert.equal(pending.retryCount, 1);
    assert.equal(pending.retries[0]?.lastError, "later please");
    assert.ok((pending.retries[0]?.dueAt ?? 0) > Date.now() + 50_000);
  });

  test("exhausted: a dead letter with every attempt, replayed to the failing group only, once", async () => {
    const settled = probe<Settlement>();
    const other = probe<Message>();
    let broken = true;
    await using _other = await tide.consume("dead", { group: "other" }, (message) => other.add(message));
    await using _ = await tide.consume("dead", { group: "failing", retry: { maxRetries: 1, baseDelay: 5 }, onSettled: settled.add }, () => {
      if (broken) throw Object.assign(new Error("sink is down"), { code: "SINK_DOWN" });
    });
    const receipt = await tide.publish("dead", { type: "order", data: { id: 7 }, userId: "u" });
    await settled.reaches(2);
    const { items } = await tide.deadLetters.list({ topic: "dead" });
    assert.equal(items.length, 1);
    const [letter] = items;
    assert.deepEqual(
      [letter?.group, letter?.errorCode, letter?.originalId, letter?.attempts.length],
      ["failing", "SINK_DOWN", receipt.entryId, 2],
    );
    assert.deepEqual([letter?.message?.messageId, letter?.message?.data], [receipt.messageId, { id: 7 }]);
    broken = false;
    const replays = await Promise.all([tide.deadLetters.replay({ topic: "dead" }), tide.deadLetters.replay({ topic: "dead" })]);
    assert.equal(replays[0].replayed + replays[1].replayed, 1);
    await settled.reaches(3);
    assert.equal(settled.seen[2]?.outcome, "acked");
    assert.equal(settled.seen[2]?.message.messageId, receipt.messageId);
    assert.equal(other.seen.length, 1);
    assert.equal((await tide.deadLetters.list({ topic: "dead" })).items.length, 0);
  });

  test("Unrecoverable dead-letters at once; a message's own max_retries wins", async () => {
    const settled = probe<Settlement>();
    await using _ = await tide.consume("fatal", { onSettled: settled.add }, (message) => {
      if (message.type === "hopeless") throw new Unrecoverable("never");
      throw new Error("once");
    });
    await tide.publishMany("fatal", [{ type: "hopeless" }, { type: "no_retry", maxRetries: 0 }]);
    await settled.reaches(2);
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      ["dead_lettered", "dead_lettered"],
    );
    const groups = await tide.deadLetters.groups({ topic: "fatal" });
    assert.deepEqual(
      groups.map(({ eventType, count }) => [eventType, count]).toSorted((a, b) => String(a).localeCompare(String(b))),
      [
        ["hopeless", 1],
        ["no_retry", 1],
      ],
    );
    assert.equal((await tide.deadLetters.discard({ topic: "fatal" })).discarded, 2);
  });

  test("foreign entries: the earlier Python format is read, markers are skipped, rubbish dies with its bytes and stops nobody", async () => {
    const key = "con:foreign:events";
    await redisCall("XADD", key, "*", "event_type", "stream_initialized", "service", "x", "timestamp", "1");
    await redisCall(
      "XADD",
      key,
      "*",
      "id",
      "",
      "stream",
      "identity",
      "event_type",
      "user_created",
      "service",
      "py",
      "data",
      '{"a":1}',
      "priority",
      "high",
      "timestamp",
      "1700000000.5",
      "retry_count",
      "0",
      "max_retries",
      "3",
      "correlation_id",
      "c-1",
      "user_id",
      "",
    );
    await redisCall("XADD", key, "*", "nonsense", "1", "group", "mine");
    await redisCall("XADD", key, "*", "event_type", "broken", "data", "{not json");
    await redisCall("XADD", key, "*", "event_type", "last");
    const got = probe<Message>();
    await using _ = await tide.consume("foreign", got.add);
    const [python, last] = await got.reaches(2);
    assert.deepEqual(
      [python?.type, python?.priority, python?.timestamp, python?.correlationId, python?.userId, python?.data],
      ["user_created", "high", 1_700_000_000_500, "c-1", null, { a: 1 }],
    );
    assert.equal(last?.messageId, `${key}/${last?.entryId ?? ""}`);
    await until("both dead", async () => (await tide.deadLetters.list({ topic: "foreign" })).items.length === 2);
    const { items } = await tide.deadLetters.list({ topic: "foreign" });
    assert.deepEqual(
      items.map(({ errorCode }) => errorCode),
      ["UNDECODABLE", "UNDECODABLE"],
    );
    assert.equal(items.find(({ raw: fields }) => fields["nonsense"] === "1")?.raw["original.group"], "mine");
  });

  test("correlation, causation and trace travel from a handler to what it publishes", async () => {
    const chained = probe<Message>();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await using _first = await tide.consume("flow", async () => {
      await Promise.resolve();
      await tide.publish("flow2", { type: "effect" });
    });
    await using _second = await tide.consume("flow2", chained.add);
    const cause = await tide.publish("flow", { type: "cause", correlationId: "req-1", traceparent });
    const [effect] = await chained.reaches(1);
    assert.deepEqual([effect?.correlationId, effect?.causationId], ["req-1", cause.messageId]);
    assert.match(effect?.traceparent ?? "", /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  });

  test("a handler over its time fails the attempt and its signal fires", async () => {
    const aborted = probe<string>();
    const settled = probe<Settlement>();
    await using _ = await tide.consume("slow", { timeout: 30, retry: { maxRetries: 0 }, onSettled: settled.add }, (_, context) => {
      context.signal.addEventListener("abort", () => aborted.add((context.signal.reason as { code: string }).code));
      return new Promise(() => {});
    });
    await tide.publish("slow", { type: "x" });
    await settled.reaches(1);
    assert.deepEqual(aborted.seen, ["HANDLER_TIMEOUT"]);
    assert.equal((await tide.deadLetters.list({ topic: "slow" })).items[0]?.errorCode, "HANDLER_TIMEOUT");
  });

  test("a long handler keeps its lease by heartbeats", async () => {
    const [starts, settled] = [probe<number>(), probe<Settlement>()];
    const done = Promise.withResolvers<void>();
    const options = { group: "g", lease: 300, onSettled: settled.add };
    const handler = async (): Promise<void> => (starts.add(1), await done.promise);
    await using _a = await tide.consume("long", options, handler);
    await using _b = await tide.consume("long", options, handler);
    await tide.publish("long", { type: "x" });
    await starts.reaches(1);
    const begun = performance.now();
    await until("three leases pass", async () => performance.now() - begun > 900);
    done.resolve();
    await settled.reaches(1);
    assert.deepEqual([starts.seen.length, settled.seen[0]?.outcome], [1, "acked"]);
  });

  test("a lease taken by somebody else: the signal fires, the late ack is refused, the message is handled by the other", async () => {
    const settled = probe<Settlement>();
    const lost = probe<unknown>();
    const release = Promise.withResolvers<void>();
    let first = true;
    await using _ = await tide.consume("thief", { group: "g", lease: 200, onSettled: settled.add }, async (_, context) => {
      if (!first) return;
      first = false;
      context.signal.addEventListener("abort", () => lost.add(1));
      await release.promise;
    });
    const { entryId } = await tide.publish("thief", { type: "x" });
    await until("it is pending", async () => (await tide.pending("thief", "g")).entries[0]?.entryId === entryId);
    await redisCall("XCLAIM", "con:thief:events", "g", "thief", "0", entryId);
    await lost.reaches(1);
    release.resolve();
    await settled.reaches(2);
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      ["lost", "acked"],
    );
  });

  test("a message that killed three consumers is dead-lettered unseen", async () => {
    const { entryId } = await tide.publish("killer", { type: "x" });
    await tide.groups.create("killer", "g");
    await redisCall("XREADGROUP", "GROUP", "g", "corpse", "STREAMS", "con:killer:events", ">");
    await redisCall("XCLAIM", "con:killer:events", "g", "corpse", "0", entryId, "TIME", "0", "RETRYCOUNT", "3");
    let ran = false;
    await using _ = await tide.consume("killer", { group: "g", lease: 200 }, () => void (ran = true));
    await until("it is dead", async () => (await tide.deadLetters.list({ topic: "killer" })).items.length === 1);
    assert.equal(ran, false);
    assert.equal((await tide.deadLetters.list({ topic: "killer" })).items[0]?.errorCode, "CRASHED");
  });

  test("stop waits for handlers, hands unstarted messages back uncounted, and leaves no consumer", async () => {
    await tide.publishMany(
      "drain",
      Array.from({ length: 50 }, (_, n) => ({ type: "n", data: n })),
    );
    const started = probe<unknown>();
    const gate = Promise.withResolvers<void>();
    const consumer = await tide.consume("drain", { group: "g", concurrency: 2, batch: 32 }, async (message) => {
      started.add(message.data);
      await gate.promise;
    });
    await started.reaches(2);
    const stopped = consumer.stop();
    gate.resolve();
    await stopped;
    await consumer.closed;
    assert.equal(started.seen.length, 2);
    assert.deepEqual((await tide.groups.list("drain"))[0]?.consumers, []);
    const rest = probe<{ data: unknown; crashes: number }>();
    await using _ = await tide.consume("drain", { group: "g", concurrency: 10 }, (message, { crashes }) =>
      rest.add({ data: message.data, crashes }),
    );
    await rest.reaches(48);
    assert.ok(rest.seen.every(({ crashes }) => crashes === 0));
    assert.equal(new Set([...rest.seen.map(({ data }) => data), ...started.seen]).size, 50);
  });

  test("stop past its deadline aborts handlers and hands their messages back", async () => {
    await tide.publish("stuck", { type: "x" });
    const started = probe<number>();
    const consumer = await tide.consume("stuck", { group: "g" }, (_, { signal }) => {
      started.add(1);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopping"))));
    });
    await started.reaches(1);
    await consumer.stop({ deadline: 20 });
    const again = probe<number>();
    await using _ = await tide.consume("stuck", { group: "g" }, (_, { attempt }) => again.add(attempt));
    assert.deepEqual(await again.reaches(1), [1], "being stopped is not a failed attempt");
  });

  test("a lost group resumes at its last known position: nothing is skipped", async () => {
    const got = probe<unknown>();
    await using _ = await tide.consume("lostgroup", { group: "g" }, (message) => got.add(message.data));
    await tide.publishMany(
      "lostgroup",
      [1, 2, 3].map((data) => ({ type: "n", data })),
    );
    await got.reaches(3);
    await until("acked", async () => (await tide.groups.list("lostgroup"))[0]?.pending === 0);
    await redisCall("XGROUP", "DESTROY", "con:lostgroup:events", "g");
    await tide.publishMany(
      "lostgroup",
      [4, 5].map((data) => ({ type: "n", data })),
    );
    await got.reaches(5);
    assert.deepEqual(got.seen, [1, 2, 3, 4, 5]);
    assert.ok(notices.some(({ code }) => code === "group_recovered"));
  });

  test("after FLUSHALL it goes on with what is published then", async () => {
    await using own = await startRedis();
    await using there = await connect({ url: own.url, namespace: "flush" });
    const got = probe<unknown>();
    await using _ = await there.consume("t", (message) => got.add(message.data));
    await there.publish("t", { type: "n", data: 1 });
    await got.reaches(1);
    const client = createClient({ url: own.url });
    await client.connect();
    await client.sendCommand(["FLUSHALL"]);
    await there.publish("t", { type: "n", data: 2 });
    assert.deepEqual(await got.reaches(2), [1, 2]);
    client.destroy();
  });

  test("groups.seek replays from the beginning and drops waiting retries", async () => {
    const got = probe<unknown>();
    let failing = true;
    await using _ = await tide.consume("seek", { group: "g", retry: { baseDelay: 60_000 } }, (message) => {
      got.add(message.data);
      if (failing && message.data === 2) throw new Error("later");
    });
    await tide.publishMany(
      "seek",
      [1, 2, 3].map((data) => ({ type: "n", data })),
    );
    await got.reaches(3);
    await until("one waits", async () => (await tide.groups.list("seek"))[0]?.retrying === 1);
    failing = false;
    await tide.groups.seek("seek", "g", "beginning");
    await got.reaches(6);
    assert.deepEqual(got.seen.slice(3), [1, 2, 3]);
    assert.equal((await tide.groups.list("seek"))[0]?.retrying, 0);
  });

  test("from: now and Date begin a new group there, and do not move an existing one", async () => {
    await tide.publish("from", { type: "n", data: "old" });
    const got = probe<unknown>();
    await using _ = await tide.consume("from", { group: "g", from: "now" }, (message) => got.add(message.data));
    await tide.publish("from", { type: "n", data: "new" });
    assert.deepEqual(await got.reaches(1), ["new"]);
    assert.deepEqual(await tide.groups.create("from", "g", "beginning"), { created: false });
  });

  test("a backlog of low messages does not hold up a critical one", async () => {
    await tide.publishMany(
      "lanes",
      Array.from({ length: 5_000 }, (_, n) => ({ type: "low", data: n, priority: "low" }) as const),
    );
    const order: string[] = [];
    const critical = probe<number>();
    await using _ = await tide.consume("lanes", { concurrency: 2, batch: 32 }, async (message) => {
      order.push(message.priority);
      if (order.length === 100) void tide.publish("lanes", { type: "now", priority: "critical" });
      if (message.priority === "critical") critical.add(order.length);
      await new Promise((resolve) => setImmediate(resolve));
    });
    const [position] = await critical.reaches(1);
    assert.ok((position ?? Infinity) < 1_000, `handled as number ${position}`);
  });

  test("consumers resume by themselves when Redis was killed", async () => {
    await using own = await startRedis();
    await using there = await connect({ url: own.url, namespace: "kill" });
    const got = probe<unknown>();
    await using _ = await there.consume("t", { lease: 500 }, (message) => got.add(message.data));
    await there.publish("t", { type: "n", data: 1 });
    await got.reaches(1);
    await own.kill("SIGKILL");
    await own.start();
    await there.publish("t", { type: "n", data: 2 });
    await until("the second arrives", async () => got.seen.includes(2));
  });

  test("wrong topics, groups and positions are refused by name", async () => {
    await assert.rejects(
      tide.consume("Bad", () => {}),
      { code: "INVALID_TOPIC" },
    );
    await assert.rejects(
      tide.consume("ok", { group: "Bad" }, () => {}),
      { code: "INVALID_GROUP" },
    );
    await assert.rejects(
      tide.consume("ok", { from: "yesterday" }, () => {}),
      { code: "INVALID_POSITION" },
    );
    await assert.rejects(tide.streamInfo("nothing"), { code: "UNKNOWN_TOPIC" });
    await assert.rejects(tide.pending("nothing", "g"), { code: "UNKNOWN_TOPIC" });
    await assert.rejects(tide.pending("plain", "nobody"), { code: "UNKNOWN_GROUP" });
  });
});

describe("messages", () => {
  test("ack, retry and dead-letter by hand; break hands the rest back uncounted", async () => {
    await using redis = await startRedis();
    await using tide = await connect({ url: redis.url, namespace: "it" });
    await tide.publishMany(
      "t",
      ["ack", "retry", "dead", "left"].map((type) => ({ type })),
    );
    const verdicts: [string, boolean][] = [];
    for await (const message of tide.messages("t", { group: "g", prefetch: 10 })) {
      if (message.type === "left") break;
      const act = { ack: () => message.ack(), retry: () => message.retry({ delay: 60_000 }), dead: () => message.deadLetter("no") }[
        message.type
      ];
      verdicts.push([message.type, (await act?.()) ?? false]);
    }
    assert.deepEqual(verdicts, [
      ["ack", true],
      ["retry", true],
      ["dead", true],
    ]);
    assert.equal((await tide.groups.list("t"))[0]?.retrying, 1);
    assert.equal(await tide.deadLetters.count(), 1);
    await using again = tide.messages("t", { group: "g" });
    const { value } = await again.next();
    assert.deepEqual([value?.type, value?.attempt], ["left", 1]);
    assert.equal(await value?.ack(), true);
  });
});
