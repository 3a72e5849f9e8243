import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, PublishUnknown, TidegateError, type Receipt, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { CuttingProxy } from "../testing/cutting-proxy.ts";

describe("publish", () => {
  let redis: RedisServer;
  let tide: Tide;
  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "pub", service: "tester" });
  });
  after(async () => {
    await tide.close();
    await redis.stop();
  });

  test("stores the message and says where", async () => {
    const receipt = await tide.publish("identity", { type: "user_created", data: { id: 1 }, priority: "high", userId: "u1" });
    assert.equal(receipt.status, "stored");
    assert.equal(receipt.stream, "pub:identity:events:high");
    const [message] = await Array.fromAsync(tide.read("identity"));
    assert.equal(message?.entryId, receipt.entryId);
    assert.equal(message?.messageId, receipt.messageId);
    assert.deepEqual(
      [message?.type, message?.data, message?.priority, message?.userId, message?.service],
      ["user_created", { id: 1 }, "high", "u1", "tester"],
    );
    assert.equal(message?.correlationId, message?.messageId);
  });

  test("gives every message of a large burst its own true entry id, over all lanes", async () => {
    const lanes = ["critical", "high", "normal", "low"] as const;
    const sent = Array.from({ length: 1_500 }, (_, n) => ({ type: "burst", data: n, priority: lanes[n % 4] ?? "normal" }) as const);
    const results = await tide.publishMany("burst", sent);
    const receipts = new Map(results.map((result) => [result.ok ? result.receipt.messageId : "", result.ok ? result.receipt : null]));
    const stored = await Array.fromAsync(tide.read("burst"));
    assert.equal(stored.length, 1_500);
    for (const message of stored) assert.equal(receipts.get(message.messageId)?.entryId, message.entryId);
    const normal = stored.filter((message) => message.priority === "normal").map((message) => message.data as number);
    assert.deepEqual(
      normal,
      normal.toSorted((a, b) => a - b),
      "order within a lane is the order of publishing",
    );
  });

  test("what the server remembers of a producer goes away by itself", async () => {
    await tide.publish("brief", { type: "x" });
    const client = createClient({ url: redis.url });
    await client.connect();
    const keys = await client.keys("pub:brief:producers:*");
    assert.equal(keys.length, 1);
    const ttl = await client.ttl(keys[0] ?? "");
    client.destroy();
    assert.ok(ttl > 0 && ttl <= 600, `expires in ${ttl} s`);
  });

  const refused: [name: string, topic: string, message: object, code: string][] = [
    ["a topic with capitals", "Identity", { type: "x" }, "INVALID_TOPIC"],
    ["a reserved topic", "dead_letter", { type: "x" }, "INVALID_TOPIC"],
    ["a message that is none", "identity", null as never, "INVALID_MESSAGE"],
    ["an empty type", "identity", { type: "" }, "INVALID_MESSAGE"],
    ["an unknown priority", "identity", { type: "x", priority: "urgent" }, "INVALID_MESSAGE"],
    ["a BigInt", "identity", { type: "x", data: { n: 1n } }, "INVALID_MESSAGE"],
    ["a lone surrogate in the data", "identity", { type: "x", data: ["\ud800"] }, "INVALID_MESSAGE"],
    ["a lone surrogate in the user id", "identity", { type: "x", userId: "\ud800" }, "INVALID_MESSAGE"],
    ["a function", "identity", { type: "x", data: () => 1 }, "INVALID_MESSAGE"],
    ["more than a MiB", "identity", { type: "x", data: "x".repeat(1_048_577) }, "PAYLOAD_TOO_LARGE"],
    ["more than a MiB of three-byte characters", "identity", { type: "x", data: "€".repeat(400_000) }, "PAYLOAD_TOO_LARGE"],
  ];
  for (const [name, topic, message, code] of refused) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(tide.publish(topic, message as never), (error: TidegateError) => error.code === code);
    });
  }

  test("a cycle is refused and stores nothing", async () => {
    const data: Record<string, unknown> = {};
    data["self"] = data;
    await assert.rejects(tide.publish("cycle", { type: "x", data }), { code: "INVALID_MESSAGE" });
    await assert.rejects(tide.streamInfo("cycle"), { code: "UNKNOWN_TOPIC" });
  });

  test("a lost answer is asked for again, nothing is stored twice, and the order stays", async () => {
    await using proxy = await CuttingProxy.start(redis.port);
    await using through = await connect({ url: proxy.url, namespace: "cut" });
    proxy.cutNextReply();
    const receipts = await Promise.all(Array.from({ length: 1_500 }, (_, n) => through.publish("t", { type: "n", data: n })));
    const stored = await Array.fromAsync(through.read("t"));
    assert.equal(proxy.cuts, 1);
    assert.deepEqual(
      stored.map(({ data }) => data),
      receipts.map((_, n) => n),
    );
    assert.deepEqual(
      stored.map(({ entryId }) => entryId),
      receipts.map(({ entryId }) => entryId),
    );
  });

  test("PublishUnknown when the answer never comes, and retry() brings the receipt of the one stored message", async () => {
    await using proxy = await CuttingProxy.start(redis.port);
    await using through = await connect({ url: proxy.url, namespace: "unknown", publishTimeout: 400 });
    proxy.cutNextReply({ thenRefuse: true });
    const error = await through.publish("t", { type: "once" }).then(
      () => null,
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof PublishUnknown, String(error));
    proxy.accept();
    const receipt = await retryUntilAnswered(error);
    const stored = await Array.fromAsync(through.read("t"));
    assert.deepEqual(
      stored.map(({ entryId }) => entryId),
      [receipt.entryId],
    );
  });

  test("retry() still knows the answer after hundreds of later publishes", async () => {
    await using proxy = await CuttingProxy.start(redis.port);
    await using through = await connect({ url: proxy.url, namespace: "later", publishTimeout: 400 });
    await through.publish("t", { type: "before" });
    proxy.cutNextReply({ thenRefuse: true });
    const error = await through.publish("t", { type: "once" }).catch((caught: unknown) => caught);
    assert.ok(error instanceof PublishUnknown, String(error));
    proxy.accept();
    await retryUntilStored(() => through.publish("t", { type: "after" }));
    for (let n = 0; n < 200; n++) await through.publish("t", { type: "after" });
    const receipt = await error.retry<Receipt>();
    const stored = await Array.fromAsync(through.read("t"));
    assert.deepEqual(
      stored.filter(({ type }) => type === "once").map(({ entryId }) => entryId),
      [receipt.entryId],
    );
  });

  test("while Redis is down: REDIS_UNREACHABLE in time, nothing stored, and it goes on by itself afterwards", async () => {
    const own = await startRedis();
    const there = await connect({ url: own.url, namespace: "down", publishTimeout: 300 });
    await own.kill("SIGKILL");
    await assert.rejects(
      there.publish("t", { type: "lost" }),
      (error: TidegateError) => error.code === "REDIS_UNREACHABLE" || error.code === "PUBLISH_UNKNOWN",
    );
    await own.start();
    await retryUntilStored(() => there.publish("t", { type: "again" }));
    await there.close();
    await own.stop();
  });

  test("a full buffer is BACKPRESSURE, and free again when the publishes are answered", async () => {
    await using small = await connect({ url: redis.url, namespace: "bp", maxBuffered: 500 });
    const results = await small.publishMany(
      "t",
      Array.from({ length: 20 }, () => ({ type: "x", data: "y".repeat(40) })),
    );
    assert.ok(results.some((result) => !result.ok && (result.error as TidegateError).code === "BACKPRESSURE"));
    assert.ok(results.some((result) => result.ok));
    const fitting = results.filter((result) => result.ok).length;
    const again = await small.publishMany(
      "t",
      Array.from({ length: fitting }, () => ({ type: "x", data: "y".repeat(40) })),
    );
    assert.ok(
      again.every((result) => result.ok),
      `${fitting} fit again`,
    );
  });
});

describe("connect", () => {
  test("wrong addresses, passwords and servers are told apart", async () => {
    const http = createServer((socket) =>
      socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).on("error", () => {}),
    ).listen(0, "127.0.0.1");
    using _ = { [Symbol.dispose]: () => void http.close() };
    await once(http, "listening");
    const httpPort = (http.address() as { port: number }).port;
    await using locked = await startRedis({ args: ["--requirepass", "right"] });
    await using evicting = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    const cases: [options: { url: string; password?: string }, code: string][] = [
      [{ url: "redis://127.0.0.1:1" }, "REDIS_UNREACHABLE"],
      [{ url: "http://127.0.0.1:6379" }, "INVALID_CONFIG"],
      [{ url: locked.url }, "AUTH_FAILED"],
      [{ url: locked.url, password: "wrong" }, "AUTH_FAILED"],
      [{ url: evicting.url }, "EVICTING_REDIS"],
      [{ url: `redis://127.0.0.1:${httpPort}` }, "NOT_REDIS"],
    ];
    for (const [options, code] of cases) {
      await assert.rejects(connect({ ...options, connectTimeout: 1_500, namespace: "x" }), (error: TidegateError) => {
        assert.equal(error.code, code, `${options.url}: ${error.message}`);
        assert.ok(!error.message.includes("wrong"), "a password is never shown");
        return true;
      });
    }
  });
});

async function retryUntilAnswered(first: PublishUnknown): Promise<Receipt> {
  for (let error = first; ;) {
    const answer = await error.retry<Receipt>().catch((caught: unknown) => caught);
    if (!(answer instanceof Error)) return answer as Receipt;
    assert.ok(answer instanceof PublishUnknown, `the doubt remains until there is an answer, found ${answer.name}: ${answer.message}`);
    error = answer;
  }
}

async function retryUntilStored(publish: () => Promise<Receipt>): Promise<Receipt> {
  for (let tries = 0; ; tries++) {
    try {
      return await publish();
    } catch (error) {
      if (tries > 50) throw error;
    }
  }
}
