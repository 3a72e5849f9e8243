import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualClock } from "../testing/memory/virtual-clock.ts";
import { Window, type WindowOptions } from "./window.ts";

describe("Window", () => {
  it("sends after its time, together and in order", async () => {
    const { window, clock, sent } = make();
    for (const item of [1, 2, 3]) window.add(item, 1);
    assert.deepEqual(sent, []);
    await clock.advance(100);
    assert.deepEqual(sent, [[1, 2, 3]]);
  });

  it("sends at once what fills a batch, and what is left in its time", async () => {
    const { window, clock, sent } = make();
    for (let item = 1; item <= 11; item++) window.add(item, 1);
    await clock.advance(1);
    assert.deepEqual(sent, [
      [1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10],
    ]);
    await clock.advance(100);
    assert.deepEqual(sent.at(-1), [11]);
  });

  it("goes on with what came while a batch was under way, though nothing more is added", async () => {
    const first = Promise.withResolvers<void>();
    const { window, clock, sent } = make({ send: (batch, number) => (number === 1 ? first.promise : void sent.push([...batch])) });
    window.add(1, 1);
    await clock.advance(100);
    window.add(2, 1);
    first.resolve();
    await clock.advance(100);
    assert.deepEqual(sent, [[2]]);
  });

  it("sends a batch that did not arrive again, under its number and before the others", async () => {
    const tries: [number, number[]][] = [];
    const { window, clock } = make({
      send: (batch, number) => {
        tries.push([number, [...batch]]);
        if (tries.length < 3) throw new Error("lost");
      },
    });
    window.add(1, 1);
    await clock.advance(100);
    window.add(2, 1);
    await clock.advance(5_000);
    assert.deepEqual(tries, [
      [1, [1]],
      [1, [1]],
      [1, [1]],
      [2, [2]],
    ]);
  });

  it("drops what does not fit, by count and by bytes, and never more than that", async () => {
    const { window, clock, sent, dropped } = make({ capacity: 3, capacityBytes: 10 });
    for (const [item, bytes] of [
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 1],
      [5, 1],
    ] as const)
      window.add(item, bytes);
    assert.deepEqual(dropped, [3, 5]);
    await clock.advance(100);
    assert.deepEqual(sent, [[1, 2, 4]]);
    assert.equal(window.add(6, 10), true);
  });

  it("flushes everything added before, not what is added after", async () => {
    const { window, clock, sent } = make();
    for (let item = 1; item <= 7; item++) window.add(item, 1);
    let flushed = false;
    void window.flush().then(() => (flushed = true));
    await clock.advance(1);
    assert.equal(flushed, true);
    assert.deepEqual(sent.flat(), [1, 2, 3, 4, 5, 6, 7]);
  });

  it("gives up at the limit when closing, and says what was left", async () => {
    const { window, clock, dropped } = make({
      send: () => {
        throw new Error("nobody there");
      },
    });
    for (let item = 1; item <= 7; item++) window.add(item, 1);
    const closing = window.close(1_000);
    await clock.advance(1_000);
    await closing;
    assert.deepEqual(dropped, [1, 2, 3, 4, 5, 6, 7]);
    assert.equal(window.add(8, 1), false);
    assert.equal(window.size, 0);
  });
});

type Given = Partial<Omit<WindowOptions<number>, "send">> & {
  send?: (batch: readonly number[], number: number, oldest: number) => unknown;
};

function make(given: Given = {}) {
  const clock = new VirtualClock();
  const sent: number[][] = [];
  const dropped: number[] = [];
  const window = new Window<number>({
    clock,
    every: 100,
    most: 5,
    capacity: 100,
    capacityBytes: 1_000,
    onDropped: (item) => dropped.push(item),
    ...given,
    send: async (batch, number, oldest) => void (await (given.send ?? ((items) => sent.push([...items])))(batch, number, oldest)),
  });
  return { window, clock, sent, dropped };
}

describe("Window with two under way", () => {
  it("sends the next while one is under way, and goes again in their order", async () => {
    const tries: string[] = [];
    const first = Promise.withResolvers<void>();
    const { window, clock } = make({
      inFlight: 2,
      send: (batch, number, oldest) => {
        tries.push(`${number}/${oldest}: ${batch.join(" ")}`);
        if (number === 1) return first.promise;
        if (oldest === 1) throw new Error("too early");
      },
    });
    for (let item = 1; item <= 12; item++) window.add(item, 1);
    await clock.advance(1);
    assert.deepEqual(tries, ["1/1: 1 2 3 4 5", "2/1: 6 7 8 9 10"]);
    first.resolve();
    await clock.advance(200);
    assert.deepEqual(tries.slice(2), ["2/2: 6 7 8 9 10", "3/3: 11 12"]);
    assert.equal(window.size, 0);
  });
});
