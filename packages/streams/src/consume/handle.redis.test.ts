import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, type Settlement, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe } from "../testing/events.ts";

describe("handlers", () => {
  let redis: RedisServer;
  let tide: Tide;

  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "han" });
  });
  after(async () => {
    await tide.close();
    await redis.stop();
  });

  test("over its time: the signal fires, the attempt counts as HANDLER_TIMEOUT, and a late return acknowledges nothing", async () => {
    const [signals, settled] = [probe<string>(), probe<Settlement>()];
    const late = Promise.withResolvers<void>();
    const returned = Promise.withResolvers<void>();
    await using consumer = await tide.consume(
      "late",
      { timeout: 30, retry: { baseDelay: 60_000, jitter: "none" }, onSettled: settled.add },
      async (_, { signal }) => {
        signal.addEventListener("abort", () => signals.add((signal.reason as { code: string }).code));
        await late.promise; // Ignores its signal.
        returned.resolve();
      },
    );
    await tide.publish("late", { type: "x" });
    await settled.reaches(1);
    assert.deepEqual([signals.seen, settled.seen[0]?.outcome], [["HANDLER_TIMEOUT"], "retried"]);
    late.resolve();
    await returned.promise;
    // A marker settled after it: an ack of the late return would have come before.
    await tide.publish("late", { type: "marker" });
    await settled.reaches(2);
    const { retryCount, retries, entries } = await tide.pending("late", "late_processors");
    assert.deepEqual([retryCount, retries[0]?.failures, entries.length], [1, 1, 0]);
    const { acked, retried, lost } = consumer.stats();
    assert.deepEqual({ acked, retried, lost }, { acked: 1, retried: 1, lost: 0 });
  });

  test("a handler that throws late, after its time, ends nothing", async () => {
    const settled = probe<Settlement>();
    const late = Promise.withResolvers<never>();
    await using _ = await tide.consume("later", { timeout: 10, retry: { maxRetries: 0 }, onSettled: settled.add }, () => late.promise);
    await tide.publish("later", { type: "x" });
    const [first] = await settled.reaches(1);
    late.reject(new Error("nobody waits for this any more"));
    assert.equal(first?.outcome, "dead_lettered");
    const { items } = await tide.deadLetters.list({ topic: "later" });
    assert.deepEqual(
      items.map(({ errorCode, attempts }) => [errorCode, attempts.length]),
      [["HANDLER_TIMEOUT", 1]],
    );
  });

  test("whatever is thrown is a failed attempt: a cycle, a BigInt, nothing at all", async () => {
    const settled = probe<Settlement>();
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const things: unknown[] = [cycle, 5n, undefined, null, Symbol("s"), Object.assign(new Error(), { message: 5 })];
    await using consumer = await tide.consume("thrown", { retry: { maxRetries: 0 }, onSettled: settled.add }, ({ data }) => {
      throw things[data as number];
    });
    await tide.publishMany(
      "thrown",
      things.map((_, data) => ({ type: "x", data })),
    );
    await settled.reaches(things.length);
    assert.equal(consumer.stats().deadLettered, things.length);
  });

  test("a wrong retry policy is refused by consume() and messages(), by its path", async () => {
    const retry = { byError: [{ error: Error }, { error: "X", maxDelay: Number.NaN }] };
    const refusal = { code: "INVALID_CONFIG", message: /^retry\.byError\[1\]\.maxDelay must be .* found NaN/ };
    await assert.rejects(
      tide.consume("wrong", { retry }, () => {}),
      refusal,
    );
    assert.throws(() => tide.messages("wrong", { retry }), refusal);
  });

  test("rules by error decide over real deliveries", async () => {
    const settled = probe<Settlement>();
    class Busy extends Error {}
    const retry = { maxRetries: 0, byError: [{ error: Busy, maxRetries: 1, backoff: "fixed" as const, baseDelay: 1 }] };
    await using _ = await tide.consume("rules", { retry, onSettled: settled.add }, ({ type }) => {
      throw type === "busy" ? new Busy("busy") : new Error("other");
    });
    await tide.publishMany("rules", [{ type: "busy" }, { type: "other" }]);
    await settled.reaches(3);
    const outcomes = Map.groupBy(settled.seen, ({ message }) => message.type);
    assert.deepEqual(
      outcomes.get("busy")?.map(({ outcome }) => outcome),
      ["retried", "dead_lettered"],
    );
    assert.deepEqual(
      outcomes.get("other")?.map(({ outcome }) => outcome),
      ["dead_lettered"],
    );
  });
});
