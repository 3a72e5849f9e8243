import assert from "node:assert/strict";
import { test } from "node:test";
import { Keys } from "../keys.ts";
import { PRIORITIES } from "../message/message.ts";
import { probe } from "../testing/events.ts";
import { Coalescer } from "./coalescer.ts";
import type { Source } from "./delivery.ts";
import { sourcesOf } from "./source.ts";

const atOnce = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const [one, two] = sourcesOf(new Keys("ns"), new Map([["t", PRIORITIES]]), "g") as [Source, Source];

test("what arrives while a call is under way travels in the next, in order and at most as much as fits", async () => {
  const calls: number[][] = [];
  const coalescer = new Coalescer<number>({
    rest: atOnce,
    fits: (queue) => Math.min(3, queue.length),
    send: async (_, items) => {
      calls.push([...items]);
      if (calls.length === 1) for (const item of [5, 6]) coalescer.add(one, item);
    },
    again: () => true,
  });
  for (const item of [1, 2, 3, 4]) coalescer.add(one, item);
  await coalescer.drain();
  coalescer.add(one, 7);
  await coalescer.drain();
  assert.deepEqual(calls, [[1, 2, 3], [4, 5, 6], [7]]);
});

test("sources do not wait for each other", async () => {
  const gate = Promise.withResolvers<void>();
  const sent = probe<string>();
  const coalescer = new Coalescer<string>({
    rest: atOnce,
    fits: (queue) => queue.length,
    send: async (source, items) => {
      sent.add(items.join());
      if (source === one) await gate.promise;
    },
    again: () => true,
  });
  coalescer.add(one, "a");
  coalescer.add(two, "b");
  assert.deepEqual(await sent.reaches(2), ["a", "b"]);
  gate.resolve();
  await coalescer.drain();
});

test("a failed call is repeated with the same items until it is answered, or as long as it is worth it", async () => {
  const calls: string[] = [];
  const coalescer = new Coalescer<string>({
    rest: atOnce,
    fits: (queue) => queue.length,
    send: async (_, items) => {
      calls.push(items.join());
      if (calls.length < 3 || items.includes("hopeless")) throw new Error("no");
    },
    again: (_, __, items) => !items.includes("hopeless"),
  });
  coalescer.add(one, "a");
  await coalescer.drain();
  coalescer.add(one, "hopeless");
  await coalescer.drain();
  assert.deepEqual(calls, ["a", "a", "a", "hopeless"]);
});

test("abandoned, it ends while the server is still away", async () => {
  const failing = probe<number>();
  const coalescer = new Coalescer<string>({
    rest: atOnce,
    fits: (queue) => queue.length,
    send: async () => {
      failing.add(1);
      throw new Error("away");
    },
    again: () => true,
  });
  coalescer.add(one, "a");
  await failing.reaches(2);
  coalescer.abandon();
  await coalescer.drain();
});
