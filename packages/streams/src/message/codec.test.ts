import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decode, encode } from "./codec.ts";
import { PRIORITIES, type OutgoingMessage } from "./message.ts";

const PLACE = { topic: "t", stream: "ns:t:events", entryId: "1763730000000-0", lane: "normal" } as const;
const DEFAULTS = { service: "s", maxPayload: 1_048_576 };

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const message = fc.record(
  {
    type: text,
    data: fc.jsonValue(),
    priority: fc.constantFrom(...PRIORITIES),
    userId: text,
    correlationId: text,
    causationId: text,
    maxRetries: fc.nat(1000),
    timestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    service: text,
  },
  { requiredKeys: ["type", "data"] },
);

function fieldsOf(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.flatMap((value, index) => (index % 2 === 0 ? [[value, list[index + 1] ?? ""]] : [])));
}

test("what is encoded is decoded as it was, whatever it is", () => {
  fc.assert(
    fc.property(message, (given) => {
      const sent = given as OutgoingMessage;
      const encoded = encode(sent, DEFAULTS);
      const got = decode(fieldsOf(encoded.fields), { ...PLACE, lane: encoded.priority });
      assert.deepEqual(got.data, JSON.parse(JSON.stringify(sent.data)));
      assert.deepEqual([got.type, got.service, got.priority], [sent.type, sent.service ?? "s", sent.priority ?? "normal"]);
      assert.deepEqual(
        [got.userId, got.causationId, got.maxRetries],
        [sent.userId ?? null, sent.causationId ?? null, sent.maxRetries ?? null],
      );
      assert.equal(got.correlationId, sent.correlationId ?? got.messageId);
      if (sent.timestamp !== undefined) assert.equal(got.timestamp, sent.timestamp);
    }),
  );
});

test("a plain message has four fields: what equals its default is not written", () => {
  assert.deepEqual(Object.keys(fieldsOf(encode({ type: "x" }, DEFAULTS).fields)), ["event_type", "service", "data", "message_id"]);
});

test("names without meaning to us are kept as extra", () => {
  assert.deepEqual(decode({ event_type: "x", data: "1", shard: "7" }, PLACE).extra, { shard: "7" });
});

const rubbish: [name: string, fields: Record<string, string>][] = [
  ["no type", { data: "{}" }],
  ["data that is no JSON", { event_type: "x", data: "{" }],
  ["an unknown priority", { event_type: "x", priority: "urgent" }],
  ["a timestamp that is no number", { event_type: "x", timestamp: "yesterday" }],
];
for (const [name, fields] of rubbish) {
  test(`${name} is UNDECODABLE`, () => {
    assert.throws(() => decode(fields, PLACE), { code: "UNDECODABLE" });
  });
}
