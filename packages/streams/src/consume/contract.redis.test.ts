import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { connect, defineTopic, TidegateError, type Message, type Settlement, type Tide, type TopicContract } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe } from "../testing/events.ts";

/** An amount travels as text and is handed out as a number, by three libraries. */
const topics = {
  zod: defineTopic({ name: "zod", events: { paid: z.object({ amount: z.string().regex(/^\d+$/).transform(Number) }) } }),
  valibot: defineTopic({
    name: "valibot",
    events: { paid: v.object({ amount: v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)) }) },
  }),
  arktype: defineTopic({ name: "arktype", events: { paid: type({ amount: "string.integer.parse" }) } }),
} satisfies Record<string, TopicContract>;

describe("typed topics", () => {
  let redis: RedisServer;
  let tide: Tide;

  before(async () => {
    redis = await startRedis();
    tide = await connect({ url: redis.url, namespace: "typed" });
  });
  after(async () => {
    await tide.close();
    await redis.stop();
  });

  const stored = async (topic: string): Promise<readonly Message[]> => await Array.fromAsync(tide.read(topic));

  for (const [library, topic] of Object.entries(topics) as [string, (typeof topics)["zod"]][]) {
    test(`${library}: the input is stored, the handler gets the output`, async () => {
      const amounts = probe<number>();
      await using _ = await tide.consume(topic, ({ data }) => amounts.add(data.amount));
      await tide.publish(topic, { type: "paid", data: { amount: "42" } });
      assert.deepEqual(await amounts.reaches(1), [42]);
      assert.deepEqual((await stored(library)).at(-1)?.data, { amount: "42" });
    });

    test(`${library}: wrong data is refused at publish and nothing is stored`, async () => {
      const before = (await stored(library)).length;
      const wrong = { type: "paid", data: { amount: "many" } } as const;
      await assert.rejects(tide.publish(topic, wrong), { code: "INVALID_DATA", message: new RegExp(`^${library}/paid: data\\.amount: `) });
      await assert.rejects(tide.publish(topic as TopicContract, { type: "lost", data: {} }), { code: "UNKNOWN_TYPE" });
      assert.equal((await stored(library)).length, before);
    });

    test(`${library}: what a foreign producer got wrong is dead-lettered at once, unseen by the handler, with the issues`, async () => {
      const [seen, settled] = [probe<unknown>(), probe<Settlement>()];
      const group = `${library}-strict`;
      await using _ = await tide.consume(topic, { group, from: "now", retry: { baseDelay: 60_000 }, onSettled: settled.add }, seen.add);
      await tide.publish(library, { type: "paid", data: { amount: 5 } });
      await tide.publish(library, { type: "unnamed", data: {} });
      await tide.publish(topic, { type: "paid", data: { amount: "1" } });
      await settled.reaches(3);
      assert.deepEqual(settled.seen.map(({ outcome }) => outcome).toSorted(), ["acked", "dead_lettered", "dead_lettered"]);
      assert.equal(seen.seen.length, 1);
      const { items } = await tide.deadLetters.list({ topic: library, group });
      const letters = items.map(({ errorCode, errorMessage, attempts, message }) => ({ errorCode, errorMessage, attempts, message }));
      const [data, unnamed] = letters.toSorted((a, b) => a.errorCode.localeCompare(b.errorCode));
      assert.deepEqual([data?.errorCode, unnamed?.errorCode], ["INVALID_DATA", "UNKNOWN_TYPE"]);
      assert.match(data?.errorMessage ?? "", /data\.amount: /);
      assert.deepEqual([data?.attempts.length, data?.message?.data], [1, { amount: 5 }]);
    });
  }

  test("publishMany answers one result per message, and an asynchronous schema keeps their order", async () => {
    const check = async (n: number): Promise<boolean> => {
      // The first is checked last.
      for (let turns = n === 1 ? 20 : 0; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      return n >= 0;
    };
    const topic = defineTopic({ name: "many", events: { n: z.number().refine(check, "is negative") } });
    const results = await tide.publishMany(
      topic,
      [1, -2, 3, 4].map((data) => ({ type: "n", data }) as const),
    );
    assert.deepEqual(
      results.map((result) => (result.ok ? "stored" : (result.error as TidegateError).code)),
      ["stored", "INVALID_DATA", "stored", "stored"],
    );
    assert.deepEqual(
      (await stored("many")).map(({ data }) => data),
      [1, 3, 4],
    );
  });

  test("a schema that throws is a failed attempt, retried by the policy", async () => {
    let failing = true;
    const known = async (): Promise<boolean> => {
      if (failing) throw new Error("the directory is down");
      return await Promise.resolve(true);
    };
    // Not zod: it drops a promise of its own when an asynchronous check rejects, which ends the process.
    const shaky = v.pipeAsync(v.number(), v.checkAsync(known, "is unknown"));
    const topic = defineTopic({ name: "shaky", events: { n: shaky } });
    await assert.rejects(tide.publish(topic, { type: "n", data: 1 }), { code: "SCHEMA_FAILED" });
    await tide.publish("shaky", { type: "n", data: 1 });
    const settled = probe<Settlement>();
    const mend = (settlement: Settlement): void => {
      failing = false;
      settled.add(settlement);
    };
    await using _ = await tide.consume(topic, { retry: { baseDelay: 5, jitter: "none" }, onSettled: mend }, () => {});
    await settled.reaches(2);
    assert.deepEqual(
      settled.seen.map(({ outcome, error }) => [outcome, (error as TidegateError | undefined)?.code]),
      [
        ["retried", "SCHEMA_FAILED"],
        ["acked", undefined],
      ],
    );
  });

  test("a handler's own refused publish is an ordinary failure: it is retried", async () => {
    const settled = probe<Settlement>();
    await using _ = await tide.consume("relay", { retry: { baseDelay: 60_000 }, onSettled: settled.add }, async (_message, { publish }) => {
      await publish(topics.zod, { type: "paid", data: { amount: "not a number" } });
    });
    await tide.publish("relay", { type: "x" });
    const [first] = await settled.reaches(1);
    assert.deepEqual([first?.outcome, (first?.error as TidegateError | undefined)?.code], ["retried", "INVALID_DATA"]);
  });

  test("messages() of a typed topic gives out the output, and never what the contract refuses", async () => {
    const topic = defineTopic({ name: "held", events: { paid: z.object({ amount: z.string().transform(Number) }) } });
    await tide.publish("held", { type: "paid", data: { amount: 5 } });
    await tide.publish("held", { type: "unnamed" });
    await tide.publish(topic, { type: "paid", data: { amount: "7" } });
    const amounts: number[] = [];
    const settled = probe<Settlement>();
    for await (const message of tide.messages(topic, { onSettled: settled.add })) {
      amounts.push(message.data.amount);
      await message.ack();
      await settled.reaches(3);
      break;
    }
    assert.deepEqual(amounts, [7]);
    const { items } = await tide.deadLetters.list({ topic: "held" });
    assert.deepEqual(items.map(({ errorCode }) => errorCode).toSorted(), ["INVALID_DATA", "UNKNOWN_TYPE"]);
  });
});
