import assert from "node:assert/strict";
import { test } from "node:test";
import { Keys } from "../keys.ts";
import { PRIORITIES, type Priority } from "../message/message.ts";
import { Delivery, type Source } from "./delivery.ts";
import { sourcesOf } from "./source.ts";
import { Turns } from "./turns.ts";

type Weights = Partial<Record<Priority, number>>;

function lanes(weights: Weights = {}): Record<Priority, Source> & { all: Source[]; retries: Source } {
  const all = sourcesOf(new Keys("ns"), new Map([["t", PRIORITIES]]), "g", weights);
  const [critical, high, normal, low, retries] = all as [Source, Source, Source, Source, Source];
  return { critical, high, normal, low, retries, all };
}

function fill(source: Source, count: number, since = 0): void {
  for (let n = 0; n < count; n++) source.buffer.push(new Delivery(source, `${n}-0`, "c", 1, {}, since));
}

function take(turns: Turns, count: number, now = 0): (Priority | undefined)[] {
  return Array.from({ length: count }, () => turns.next(now)?.source.lane);
}

function shares(taken: readonly (Priority | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const lane of taken) counts[lane ?? "none"] = (counts[lane ?? "none"] ?? 0) + 1;
  return counts;
}

test("with all lanes waiting, handlers are shared 8 : 4 : 2 : 1, and nobody waits for ever", () => {
  const { critical, high, normal, low, all } = lanes();
  for (const source of [critical, high, normal, low]) fill(source, 1_500);
  assert.deepEqual(shares(take(new Turns(all, 0), 1_500)), { critical: 800, high: 400, normal: 200, low: 100 });
});

test("own weights are own shares", () => {
  const { critical, low, all } = lanes({ critical: 3, low: 1 });
  for (const source of [critical, low]) fill(source, 400);
  assert.deepEqual(shares(take(new Turns(all, 0), 400)), { critical: 300, low: 100 });
});

test("a critical message that arrives late is the next", () => {
  const { critical, low, all } = lanes();
  const turns = new Turns(all, 0);
  fill(low, 100);
  take(turns, 50);
  fill(critical, 1);
  assert.deepEqual(take(turns, 2), ["critical", "low"]);
});

test("a lane of weight 0 is taken when nobody else waits, or when it has aged", () => {
  const { normal, low, all } = lanes({ low: 0 });
  const turns = new Turns(all, 100);
  fill(normal, 50);
  fill(low, 2);
  assert.deepEqual(shares(take(turns, 40, 100)), { normal: 40 });
  assert.deepEqual(take(turns, 1, 101), ["normal"], "the normal ones are as old, and come first");
  normal.buffer.length = 0;
  fill(normal, 50, 101);
  assert.deepEqual(take(turns, 3, 150), ["low", "low", "normal"]);
});

test("what has aged is next, the oldest first", () => {
  const { high, normal, low, all } = lanes();
  fill(high, 10, 1_000);
  fill(normal, 1, 20);
  fill(low, 1, 10);
  assert.deepEqual(take(new Turns(all, 100), 3, 1_000), ["low", "normal", "high"]);
});

test("no two aged ones in a row pass a waiting critical message", () => {
  const { critical, low, all } = lanes();
  fill(critical, 3, 1_000);
  fill(low, 10, 0);
  assert.deepEqual(take(new Turns(all, 100), 7, 1_000), ["low", "critical", "low", "critical", "low", "critical", "low"]);
});

test("asked for critical ones only, others are left, and retries are none of them", () => {
  const { critical, low, retries, all } = lanes();
  const turns = new Turns(all, 100);
  fill(low, 3);
  fill(retries, 3);
  fill(critical, 1, 900);
  assert.equal(turns.next(1_000, true)?.source.lane, "critical");
  assert.equal(turns.next(1_000, true), undefined);
});

test("nothing waiting, nothing taken", () => {
  assert.equal(new Turns(lanes().all, 0).next(0), undefined);
});
