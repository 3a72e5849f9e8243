import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamSummary } from "../contract.ts";
import { ratesBetween } from "./sampler.ts";

test("rates are what was added and what the groups answered, per second", () => {
  const before = { at: 0, streams: { a: stream(100, { lag: 10, pending: 5, retrying: 0 }) } };
  const now = { at: 2000, streams: { a: stream(120, { lag: 10, pending: 5, retrying: 6 }) } };
  assert.deepEqual(ratesBetween(before, now), { a: { published: 10, consumed: 7 } });
});

test("a replay, a seek or a deleted topic is never a negative rate", () => {
  const before = { at: 0, streams: { a: stream(100, { lag: 0, pending: 0, retrying: 0 }) } };
  const now = { at: 1000, streams: { a: stream(50, { lag: 50, pending: 0, retrying: 0 }) } };
  assert.deepEqual(ratesBetween(before, now), { a: { published: 0, consumed: 0 } });
});

test("what is seen for the first time, or after a long pause, has no rate yet", () => {
  const now = { at: 60_000, streams: { a: stream(100, { lag: 0, pending: 0, retrying: 0 }) } };
  const none = { a: { published: 0, consumed: 0 } };
  assert.deepEqual(ratesBetween(null, now), none);
  assert.deepEqual(ratesBetween({ at: 59_000, streams: {} }, now), none);
  assert.deepEqual(ratesBetween({ at: 0, streams: { a: stream(1, { lag: 0, pending: 0, retrying: 0 }) } }, now), none);
});

function stream(added: number, left: { lag: number; pending: number; retrying: number }): StreamSummary {
  const group = { topic: "a", group: "g", consumers: [], lagSeconds: 0, missingLanes: [], oldestPendingIdle: null, ...left };
  return { stream: "ns:a:events", length: added, entries_added: added, first_entry: null, last_entry: null, groups: [group] };
}
