/** The bounds of what is asked, which a real Redis is too quick to show. */
import assert from "node:assert/strict";
import { it, mock } from "node:test";
import type { Reply, Store } from "@tidegate/streams";
import { GatewayKeys } from "../keys.ts";
import { Challenges } from "./challenges.ts";

const TOKEN = "a-token-that-a-ca-would-give";

it("at most fifty questions are under way, each for at most two seconds; it asks nobody while there is nobody", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const asked: PromiseWithResolvers<Reply>[] = [];
    const call = (): Promise<Reply> => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)?.promise ?? Promise.reject(new Error("none"));
    };
    const store = { up: true, call } as unknown as Store & { up: boolean };
    const challenges = new Challenges(new GatewayKeys("edge", ""));
    assert.equal(challenges.token(TOKEN), null);
    challenges.connected(store);
    assert.equal(challenges.token("short"), null);
    const answers = Array.from({ length: 50 }, () => challenges.token(TOKEN));
    assert.deepEqual(
      [answers.includes(null), challenges.token(TOKEN), challenges.alpn("app.example"), asked.length],
      [false, null, null, 50],
    );
    asked[0]?.resolve("the answer");
    assert.equal(await answers[0], "the answer");
    asked[1]?.reject(new Error("Redis is gone"));
    assert.equal(await answers[1], null);
    mock.timers.tick(2_000);
    assert.deepEqual(new Set(await Promise.all(answers.slice(2).map(async (one) => await one))), new Set([null]));
    // What Redis has not answered is still under way there.
    assert.deepEqual(
      [challenges.token(TOKEN) === null, challenges.alpn("a.example") === null, challenges.token(TOKEN)],
      [false, false, null],
    );
    store.up = false;
    for (const one of asked) one.resolve(null);
    await Promise.resolve();
    assert.equal(challenges.token(TOKEN), null);
  } finally {
    mock.timers.reset();
  }
});
