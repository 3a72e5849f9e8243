import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEntry } from "tidegate/contract";
import { LogFollow } from "./log-follow.ts";

const logs = (...ids: string[]) => ({
  type: "logs" as const,
  items: ids.map((id) => ({ id, at: Number.parseInt(id, 10), eventType: null }) as LogEntry),
  skipped: 0,
});
const ids = (follow: LogFollow) => follow.tail.rows.value.map((row) => row.id);

test("rows stay until every reason to hold them is gone", () => {
  const follow = new LogFollow();
  follow.push(logs("1-0"));
  follow.hold("pointer");
  follow.hold("selected");
  follow.push(logs("2-0", "3-0"));
  follow.release("pointer");
  assert.deepEqual(ids(follow), ["1-0"]);
  assert.equal(follow.tail.waiting.value, 2);
  follow.release("selected");
  assert.deepEqual(ids(follow), ["3-0", "2-0", "1-0"]);
});

test("resuming by hand ends all reasons, and one that was not there ends nothing", () => {
  const follow = new LogFollow();
  follow.hold("asked");
  follow.hold("scrolled");
  follow.push(logs("1-0"));
  follow.release("pointer");
  assert.deepEqual(ids(follow), []);
  follow.resume();
  assert.deepEqual(ids(follow), ["1-0"]);
});
