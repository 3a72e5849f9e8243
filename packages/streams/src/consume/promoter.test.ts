import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../clock.ts";
import { probe } from "../testing/events.ts";
import type { GroupStore } from "./group-store.ts";
import { Promoter } from "./promoter.ts";

/** Time that stands still until it is told to go on. */
class StillClock implements Clock {
  readonly #timers = new Set<{ at: number; act: () => void }>();
  #now = 0;

  wall(): number {
    return this.#now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + ms, act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  go(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.act();
    }
  }
}

/** Lets everything happen that waits for no time. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function promoting(answers: { more: boolean; nextIn: number }[]): { clock: StillClock; calls: number[]; promoter: Promoter } {
  const clock = new StillClock();
  const calls = probe<number>();
  const store = {
    promote: async () => {
      calls.add(clock.now());
      return answers.shift() ?? { more: false, nextIn: -1 };
    },
  };
  const promoter = new Promoter({ store: store as unknown as GroupStore, topic: "t", clock, notice: () => {} });
  return { clock, calls: calls.seen, promoter };
}

test("a stored retry is promoted when it is due, not at the next look", async () => {
  const { clock, calls, promoter } = promoting([]);
  promoter.start();
  await breathe();
  promoter.due(40);
  promoter.due(70);
  for (let n = 0; n < 10; n++) {
    clock.go(10);
    await breathe();
  }
  clock.go(1_000);
  await promoter.stop();
  assert.equal(calls[0], 0);
  assert.ok(calls.includes(40), `looked at ${calls.join()}`);
  assert.ok(calls.length <= 4, `looked at ${calls.join()}`);
});

test("what others stored is found when the server says it is due, and while there is more it goes on", async () => {
  const { clock, calls, promoter } = promoting([
    { more: false, nextIn: 30 },
    { more: true, nextIn: 0 },
  ]);
  promoter.start();
  await breathe();
  clock.go(30);
  await breathe();
  clock.go(0);
  await breathe();
  await promoter.stop();
  assert.deepEqual(calls, [0, 30, 30]);
});
