/** Typing mistakes find their word; strangers find none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

const TOPICS = ["identity", "assets", "automation", "ai"];

for (const [typed, meant] of [
  ["identiy", "identity"],
  ["asset", "assets"],
  ["idnetity", "identity"],
  ["a", "ai"],
  ["payments", undefined],
  ["", undefined],
] as const) {
  test(`"${typed}" is taken for ${meant ?? "nothing"}`, () => assert.equal(nearest(typed, TOPICS), meant));
}
