import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../clock.ts";
import { PublishUnknown } from "../errors.ts";
import { encode } from "../message/encode.ts";
import type { Receipt } from "../publishing.ts";
import type { Link } from "../redis/link.ts";
import { unreachable } from "../redis/replies.ts";
import { Scripts } from "../redis/scripts.ts";
import { Batch } from "./batch.ts";
import { Sender } from "./sender.ts";

/** Goes on by what is waited for, at once. */
class JumpingClock implements Clock {
  time = 0;
  now(): number {
    return this.time;
  }
  wall(): number {
    return this.time;
  }
  after(ms: number, act: () => void): () => void {
    this.time += ms;
    queueMicrotask(act);
    return () => {};
  }
}

/** Every answer is lost. */
function mute(): { link: Link; calls: string[][] } {
  const calls: string[][] = [];
  const call = (args: string[]): Promise<never> => {
    calls.push(args);
    return Promise.reject(unreachable("nowhere:1", new Error("cut"), true));
  };
  const link: Link = { address: "nowhere:1", up: true, fault: null, call, ask: call, whenUp: async () => {}, reset() {}, close() {} };
  return { link, calls };
}

async function unknownOf(sender: Sender, clock: Clock): Promise<PublishUnknown> {
  const batch = new Batch(clock.now(), "stored", { lanes: true, wire: "compact" });
  const message = encode({ type: "x" }, { service: "s", maxPayload: 1_000 });
  const answer = Promise.withResolvers<Receipt>();
  batch.add({ message, counted: 0, resolve: answer.resolve, reject: answer.reject });
  batch.number = sender.nextNumber();
  await sender.send(batch, Promise.resolve());
  const error = await answer.promise.catch((caught: unknown) => caught);
  assert.ok(error instanceof PublishUnknown, String(error));
  return error;
}

test("a batch is never sent again once the server may have dropped its answer", async () => {
  const clock = new JumpingClock();
  const { link, calls } = mute();
  const sender = new Sender({ link, scripts: new Scripts(), clock, publishTimeout: 1_000 }, ["a", "b", "c", "d", "p"]);
  const error = await unknownOf(sender, clock);
  clock.time = 500_000;
  await assert.rejects(error.retry(), PublishUnknown);
  const asked = calls.length;
  clock.time = 600_000;
  await assert.rejects(error.retry(), PublishUnknown);
  assert.equal(calls.length, asked);
});

test("numbers leave out the places of answers in doubt until these are forgotten", async () => {
  const clock = new JumpingClock();
  const sender = new Sender({ link: mute().link, scripts: new Scripts(), clock, publishTimeout: 1_000 }, ["a", "b", "c", "d", "p"]);
  await unknownOf(sender, clock);
  const places = (): Set<number> => new Set(Array.from({ length: 200 }, () => sender.nextNumber() % 64));
  assert.ok(!places().has(1));
  clock.time = 600_000;
  assert.ok(places().has(1));
});

test("however many answers are in doubt, numbers go on", async () => {
  const clock = new JumpingClock();
  const sender = new Sender({ link: mute().link, scripts: new Scripts(), clock, publishTimeout: 1 }, ["a", "b", "c", "d", "p"]);
  for (let n = 0; n < 100; n++) await unknownOf(sender, clock);
  assert.ok(sender.nextNumber() > 100);
});
