import assert from "node:assert/strict";
import { test } from "node:test";
import { Keys } from "../keys.ts";
import { PRIORITIES, type Priority } from "../message/message.ts";
import { sourcesOf } from "./source.ts";

test("a topic is read from its lanes and the group's retry stream; one without lanes from its own stream alone", () => {
  const lanes = new Map<string, readonly Priority[]>([
    ["a", PRIORITIES],
    ["b", ["normal"]],
  ]);
  assert.deepEqual(
    sourcesOf(new Keys("ns"), lanes, "g").map(({ key }) => key),
    [
      "ns:a:events:critical",
      "ns:a:events:high",
      "ns:a:events",
      "ns:a:events:low",
      "ns:a:retry:g:events",
      "ns:b:events",
      "ns:b:retry:g:events",
    ],
  );
});

test("weights can be set lane by lane, and a wrong one is refused by name", () => {
  const topic = new Map([["t", PRIORITIES]]);
  const weights = sourcesOf(new Keys("ns"), topic, "g", { low: 5, critical: 0 }).map(({ weight }) => weight);
  assert.deepEqual(weights, [0, 4, 2, 5, 2]);
  assert.throws(() => sourcesOf(new Keys("ns"), topic, "g", { high: -1 }), { code: "INVALID_CONFIG", message: /weights\.high/ });
});
