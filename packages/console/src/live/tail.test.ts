import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "tidegate/contract";
import { compareIds, messageTail, type Tail } from "./tail.ts";

const message = (entryId: string, stream = "t:a:events") => ({ entryId, stream }) as Message;
const ids = (tail: Tail<Message>) => tail.rows.value.map((row) => row.entryId);

test("ids compare as numbers, not as text", () => {
  assert.ok(compareIds("9-0", "10-0") < 0);
  assert.ok(compareIds("10-2", "10-10") < 0);
});

test("a tail shows each entry once, newest first, and tells lanes apart", () => {
  const tail = messageTail();
  tail.push([message("1-0"), message("3-0")]);
  tail.push([message("3-0"), message("2-0"), message("3-0", "t:a:events:high")]);
  assert.deepEqual(ids(tail), ["3-0", "3-0", "2-0", "1-0"]);
});

test("a paused tail keeps its rows, counts what waits, and shows it on resume", () => {
  const tail = messageTail();
  tail.push([message("1-0")]);
  tail.pause();
  tail.push([message("2-0"), message("1-0")]);
  assert.deepEqual(ids(tail), ["1-0"]);
  assert.equal(tail.waiting.value, 1);
  tail.resume();
  assert.deepEqual(ids(tail), ["2-0", "1-0"]);
  assert.equal(tail.waiting.value, 0);
});

test("a tail keeps at most 500 rows, the newest", () => {
  const tail = messageTail();
  tail.push(Array.from({ length: 700 }, (_, i) => message(`${i + 1}-0`)));
  assert.equal(tail.rows.value.length, 500);
  assert.equal(ids(tail)[0], "700-0");
});
