/** What a stranger's message may do to a terminal: nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, counted, duration, printable } from "./output.ts";

test("control characters become visible escapes", () => {
  assert.equal(printable("\u001b[2J\u0007a\nb\u009b31m\u202eevil\u2028"), "\\e[2J\\u0007a\\nb\\u009b31m\\u202eevil\\u2028");
});

test("letters, emoji and allowed line ends stay", () => {
  assert.equal(printable("Zoë 🌊\n{}", "\n"), "Zoë 🌊\n{}");
});

test("durations use the largest unit that fits", () => {
  assert.deepEqual([0, 999, 1000, 61_000, 7_200_000, 200_000_000].map(duration), ["0 ms", "999 ms", "1 s", "1 min", "2 h", "2 d"]);
});

test("times are told relative to now", () => {
  assert.deepEqual([ago(1000, 4000), ago(9000, 4000)], ["3 s ago", "in 5 s"]);
});

test("counts agree with their noun", () => {
  assert.deepEqual([counted(1, "message"), counted(1200, "message")], ["1 message", "1,200 messages"]);
});
