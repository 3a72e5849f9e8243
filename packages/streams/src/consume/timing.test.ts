/** What happens when, to the millisecond: on the server in memory, whose time passes only when it is told to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeldMessage, RetryPolicy } from "../consuming.ts";
import { RetryAfter } from "../errors.ts";
import { createMemory } from "../testing/memory/memory.ts";
import type { Notice } from "../tide.ts";

/** Virtual milliseconds between the attempts of a handler that always throws; a promoter may look up to a second late. */
async function gaps(retry: RetryPolicy, thrown: () => Error = () => new Error("no")): Promise<number[]> {
  await using memory = createMemory();
  const tide = await memory.connect({ namespace: "timing" });
  const times: number[] = [];
  await tide.consume("t", { retry }, () => {
    times.push(memory.clock.now());
    throw thrown();
  });
  await tide.publish("t", { type: "x" });
  await memory.clock.until(async () => (await tide.deadLetters.count()) === 1, 86_400_000);
  return times.slice(1).map((time, at) => time - (times[at] ?? 0));
}

function assertClose(found: readonly number[], expected: readonly number[]): void {
  assert.equal(found.length, expected.length, found.join(", "));
  for (const [at, least] of expected.entries()) {
    const gap = found[at] ?? 0;
    assert.ok(gap >= least && gap <= least + 1_000, `gap ${at} is ${gap} ms, expected ${least}`);
  }
}

test("retries wait 1, 2 and 4 s by default, without jitter exactly", async () => {
  assertClose(await gaps({ jitter: "none" }), [1_000, 2_000, 4_000]);
});

test("fixed, capped, by function and by the error itself", async () => {
  assertClose(await gaps({ jitter: "none", backoff: "fixed", baseDelay: 30_000, maxRetries: 2 }), [30_000, 30_000]);
  assertClose(await gaps({ jitter: "none", baseDelay: 50_000, maxRetries: 2 }), [50_000, 60_000]);
  assertClose(await gaps({ delay: ({ failures }) => failures * 10_000 }), [10_000, 20_000, 30_000]);
  assertClose(await gaps({ maxRetries: 1 }, () => new RetryAfter(600_000)), [600_000]);
});

test("a held message is named once, `warnAfter` after it was given out; one that waits to be asked for is not", async () => {
  await using memory = createMemory();
  const held: { notice: Notice; at: number }[] = [];
  const onNotice = (notice: Notice): void => void (notice.code === "message_held" && held.push({ notice, at: memory.clock.now() }));
  const tide = await memory.connect({ namespace: "timing", onNotice });
  await tide.publishMany("t", [{ type: "first" }, { type: "second" }, { type: "third" }]);
  const messages = tide.messages("t", { warnAfter: 60_000 });
  const first = (await messages.next()).value as HeldMessage;
  const second = (await messages.next()).value as HeldMessage;
  const since = memory.clock.now();
  await memory.clock.advance(59_999);
  assert.equal(held.length, 0);
  await second.ack();
  await memory.clock.advance(600_000);
  assert.equal(held.length, 1);
  assert.deepEqual(held[0]?.notice.detail, { messageId: first.messageId, ms: 60_000 });
  assert.equal(held[0]?.at, since + 60_000);
  assert.equal(await first.ack(), true, "ten minutes later it is still ours");
});
