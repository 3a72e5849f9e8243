import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "../message/encode.ts";
import type { OutgoingMessage } from "../message/message.ts";
import type { TopicSettings } from "../views.ts";
import { Batch, type Waiting } from "./batch.ts";

const LANES: TopicSettings = { lanes: true, wire: "compact" };

function waiting(message: OutgoingMessage): Waiting {
  const encoded = encode(message, { service: "s", maxPayload: 8 * 1_048_576 });
  return { message: encoded, counted: encoded.size, resolve: () => {}, reject: () => {} };
}

function batchOf(messages: readonly OutgoingMessage[], settings: TopicSettings = LANES): Batch {
  const batch = new Batch(0, "stored", settings);
  for (const message of messages) batch.add(waiting(message));
  batch.number = 7;
  return batch;
}

/** Bytes of data that make a message of exactly `size` bytes. */
function sized(size: number): OutgoingMessage {
  return { type: "x", data: "y".repeat(size - encode({ type: "x", data: "" }, { service: "s", maxPayload: 100 }).size) };
}

const MIB = 1_048_576;
const limits: [name: string, messages: OutgoingMessage[], taken: number][] = [
  ["256 small messages", Array.from({ length: 300 }, () => ({ type: "x" })), 256],
  ["messages of exactly one MiB together", [sized(MIB / 2), sized(MIB / 2), { type: "x" }], 2],
  ["not one byte more than a MiB", [sized(MIB / 2), sized(MIB / 2 + 1)], 1],
  ["a single message of any size", [sized(2 * MIB), { type: "x" }], 1],
  ["three-byte characters by their bytes", Array.from({ length: 5 }, () => ({ type: "x", data: "€".repeat(100_000) })), 3],
];
for (const [name, messages, taken] of limits) {
  test(`a batch takes ${name}`, () => {
    const batch = new Batch(0, "stored", LANES);
    assert.equal(messages.map((message) => batch.add(waiting(message))).filter(Boolean).length, taken);
    assert.equal(batch.items.length, taken);
  });
}

test("messages alike share a header; another lane, type, service or number of fields begins a new one", () => {
  const batch = batchOf([
    { type: "a", messageId: "1" },
    { type: "a", messageId: "2" },
    { type: "b", messageId: "3" },
    { type: "b", messageId: "4", priority: "low" },
    { type: "b", messageId: "5", priority: "low", userId: "u" },
    { type: "b", messageId: "6", priority: "low", userId: "u", service: "other" },
  ]);
  const runs = [
    ["3", "2", "2", "a", "s", "null", "1", "null", "2"],
    ["3", "1", "2", "b", "s", "null", "3"],
    ["4", "1", "2", "b", "s", "null", "4"],
    ["4", "1", "4", "b", "s", "null", "5", "user_id", "u"],
    ["4", "1", "4", "b", "other", "null", "6", "user_id", "u"],
  ];
  assert.deepEqual(batch.arguments(600), ["7", "600", ...runs.flat()]);
});

test("receipts count on from each lane's first id; without lanes all is in the topic's own stream", () => {
  const messages = (["low", "normal", "low"] as const).map((priority, n) => ({ type: "a", messageId: String(n), priority }));
  const streams = ["t:critical", "t:high", "t", "t:low"];
  const where = (batch: Batch, answer: string): string[] =>
    batch.receipts(answer, streams).map(({ entryId, stream, messageId }) => `${messageId} ${stream} ${entryId}`);
  assert.deepEqual(where(batchOf(messages), "4:50-9 3:51-0"), ["0 t:low 50-9", "1 t 51-0", "2 t:low 50-10"]);
  assert.deepEqual(where(batchOf(messages, { ...LANES, lanes: false }), "3:50-0"), ["0 t 50-0", "1 t 50-1", "2 t 50-2"]);
});
