import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProcessorStatus } from "../contract.ts";
import { ProcessorSet } from "./processor-set.ts";

const GOOD = { group: "g", holder: "one", lag: 0, lag_seconds: 0, processed: 5, lost: 0 } as const;

test("processor set: healthy while streams are read and little waits", async () => {
  const { set } = world({ ...GOOD, stream: "a" }, { ...GOOD, stream: "b", lag: 90_000, lag_seconds: 29 });
  assert.deepEqual(await set.health(), { healthy: true });
});

test("processor set: unhealthy when the oldest entry waits for longer than 30 s; it says which stream", async () => {
  const { set } = world({ ...GOOD, stream: "a" }, { ...GOOD, stream: "b", lag: 12, lag_seconds: 31.4 });
  assert.deepEqual(await set.health(), { healthy: false, detail: "12 entries behind in b, the oldest for 31 s" });
});

test("processor set: a stream nobody reads is unhealthy once a take-over had its time, and well again when somebody does", async () => {
  const { set, statuses, clock } = world({ ...GOOD, stream: "a" }, { ...GOOD, stream: "b", holder: null });
  assert.deepEqual(await set.health(), { healthy: true });
  clock.now += 14_000;
  assert.deepEqual(await set.health(), { healthy: true });
  clock.now += 3_000;
  assert.deepEqual(await set.health(), { healthy: false, detail: "nobody reads b" });
  statuses[1] = { ...GOOD, stream: "b" };
  clock.now += 3_000;
  assert.deepEqual(await set.health(), { healthy: true });
});

test("processor set: while Redis does not answer it is another component that is ill, and the next question is asked anew", async () => {
  const { set, statuses } = world({ ...GOOD, stream: "a" });
  statuses[0] = new Error("down");
  assert.deepEqual(await set.health(), { healthy: true, detail: "waits for Redis" });
  await assert.rejects(set.statuses());
  statuses[0] = { ...GOOD, stream: "a" };
  assert.equal((await set.statuses()).length, 1);
});

test("processor set: all who ask within two seconds share one look", async () => {
  const { set, clock, asked } = world({ ...GOOD, stream: "a" });
  await Promise.all([set.statuses(), set.health(), set.statuses()]);
  assert.equal(asked(), 1);
  clock.now += 2_001;
  await set.statuses();
  assert.equal(asked(), 2);
});

// Private

function world(...given: ProcessorStatus[]): {
  set: ProcessorSet;
  statuses: (ProcessorStatus | Error)[];
  clock: { now: number };
  asked: () => number;
} {
  const statuses: (ProcessorStatus | Error)[] = [...given];
  const clock = { now: 0 };
  let asked = 0;
  const processors = given.map((_, index) => ({
    start() {},
    stop: () => Promise.resolve(),
    status(): Promise<ProcessorStatus> {
      asked++;
      const status = statuses[index];
      return status === undefined || status instanceof Error ? Promise.reject(status ?? new Error("none")) : Promise.resolve(status);
    },
  }));
  return { set: new ProcessorSet(processors, () => clock.now), statuses, clock, asked: () => asked };
}
