/** Counted in handler starts, not in time: what matters is how many others go first. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, type Message, type Priority, type Tide } from "../index.ts";
import { probe } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";

describe("priorities", () => {
  let redis: RedisServer;
  let tide: Tide;

  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "pri" });
  });
  after(async () => {
    await tide.close();
    await redis.stop();
  });

  async function fill(topic: string, priority: Priority, count: number): Promise<void> {
    for (let done = 0; done < count; done += 10_000) {
      const size = Math.min(10_000, count - done);
      const results = await tide.publishMany(
        topic,
        Array.from({ length: size }, (_, n) => ({ type: priority, data: done + n, priority })),
      );
      assert.ok(results.every(({ ok }) => ok));
    }
  }

  const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

  test("100,000 low messages waiting do not delay a critical one", async () => {
    await fill("flood", "low", 100_000);
    let starts = 0;
    const published: Promise<number>[] = [];
    const critical = probe<number>();
    await using _ = await tide.consume("flood", { concurrency: 4, reserve: 0, batch: 128 }, async (message) => {
      const place = ++starts;
      if (message.priority === "critical") return critical.add(place);
      if (place % 200 === 0 && published.length < 5)
        published.push(tide.publish("flood", { type: "now", priority: "critical" }).then(() => starts));
      await tick();
    });
    const handled = await critical.reaches(5);
    for (const [index, at] of (await Promise.all(published)).entries()) {
      const passed = (handled[index] ?? Infinity) - at;
      assert.ok(passed <= 40, `${passed} starts lay between the storing of a critical message and its own`);
    }
  });

  test("endless critical messages do not starve low ones", async () => {
    await fill("endless", "low", 20);
    await fill("endless", "critical", 500);
    let critical = 0;
    const low = probe<number>();
    await using _ = await tide.consume("endless", { concurrency: 4, batch: 128, ageing: 0 }, async (message) => {
      if (message.priority === "low") return low.add(critical);
      critical++;
      // Each one handled brings the next: they never run dry.
      await tide.publish("endless", { type: "more", priority: "critical" });
    });
    const seen = await low.reaches(20);
    assert.ok((seen.at(-1) ?? Infinity) < 20 * 8 * 3, `20 low ones needed ${seen.at(-1)} critical ones to pass`);
  });

  test("a lane without any share is not starved either: ageing takes it", async () => {
    await fill("aged", "low", 5);
    await fill("aged", "high", 100);
    const low = probe<Message>();
    await using _ = await tide.consume("aged", { concurrency: 2, batch: 16, weights: { low: 0 }, ageing: 50 }, async (message) => {
      if (message.priority === "low") return low.add(message);
      await tick();
      await tide.publish("aged", { type: "more", priority: "high" });
    });
    await low.reaches(5);
  });

  test("long low handlers in every unreserved slot do not block a critical one", async () => {
    await fill("slots", "low", 50);
    const [low, critical] = [probe<number>(), probe<number>()];
    const gate = Promise.withResolvers<void>();
    await using _ = await tide.consume("slots", { concurrency: 4, reserve: 1 }, async (message) => {
      if (message.priority === "critical") return critical.add(low.seen.length);
      low.add(1);
      await gate.promise;
    });
    try {
      await low.reaches(3);
      await tide.publish("slots", { type: "now", priority: "critical" });
      assert.deepEqual(await critical.reaches(1), [3], "three slots are taken, the fourth was kept free");
    } finally {
      gate.resolve();
    }
  });

  test("a topic without lanes is read from its own stream, whatever priority its messages name", async () => {
    await tide.configure("flat", { lanes: false });
    const got = probe<string>();
    await using _ = await tide.consume("flat", (message) => got.add(message.type));
    await tide.publishMany("flat", [{ type: "a", priority: "low" }, { type: "b", priority: "critical" }, { type: "c" }]);
    assert.deepEqual(await got.reaches(3), ["a", "b", "c"]);
  });
});
