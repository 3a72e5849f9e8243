/** A test of a consumer without a server: a lost answer, a killed process and an hour of retries, in a few seconds. */
import assert from "node:assert/strict";
import { createMemory } from "@tidegate/streams/testing";

await using memory = createMemory();
const shop = await memory.connect({ namespace: "test", service: "shop" });
const [first, second] = [await memory.connect({ namespace: "test" }), await memory.connect({ namespace: "test" })];

// The server stores the order and the answer is lost; the library asks again, and it is stored once.
memory.faults.loseAnswer("publish");
const publishing = shop.publish("orders", { type: "order_placed", data: { order: 1 } });
await memory.clock.until(async () => (await memory.call("XLEN", "test:orders:events")) === 1);
await memory.clock.advance(1_000);
await publishing;
assert.equal(await memory.call("XLEN", "test:orders:events"), 1);
console.log("stored once");

// One worker dies with the order in hand; the other takes it over when the lease is over.
const begun = Promise.withResolvers<void>();
await first.consume("orders", { group: "mails", lease: 30_000 }, () => {
  begun.resolve();
  return new Promise(() => {});
});
await begun.promise;
memory.faults.kill(first);

let attempts = 0;
const since = memory.clock.now();
await second.consume("orders", { group: "mails", lease: 30_000, retry: { maxRetries: 9, delay: () => 600_000 } }, () => {
  attempts += 1;
  if (attempts === 1) console.log("taken over within", Math.ceil((memory.clock.now() - since) / 60_000), "minute");
  if (attempts < 7) throw new Error("the mail server is down");
});

// Six failures, ten minutes apart.
await memory.clock.until(() => attempts === 7, 7_200_000);
console.log("attempts:", attempts, "in about", Math.round((memory.clock.now() - since) / 600_000) * 10, "minutes");
assert.equal(await shop.deadLetters.count(), 0);
