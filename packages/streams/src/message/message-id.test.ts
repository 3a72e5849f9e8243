import assert from "node:assert/strict";
import { test } from "node:test";
import { newMessageId } from "./message-id.ts";

const UUID_V7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

test("ids are UUIDv7 of the present millisecond, all different and in order of time", () => {
  const start = Date.now();
  const ids = Array.from({ length: 20_000 }, newMessageId);
  const end = Date.now();
  const times = ids.map((id) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
  for (const id of ids) assert.match(id, UUID_V7);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok(times.every((time) => time >= start && time <= end));
});
