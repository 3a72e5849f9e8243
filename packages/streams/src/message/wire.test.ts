import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decode } from "./decode.ts";
import { encode, fieldsOf, withEveryField, withPriority, type Encoded } from "./encode.ts";
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

/** As Redis gives them back. */
function stored(message: Encoded): Record<string, string> {
  const list = fieldsOf(message);
  return Object.fromEntries(list.flatMap((value, index) => (index % 2 === 0 ? [[value, list[index + 1] ?? ""]] : [])));
}

test("what is encoded is decoded as it was, whatever it is", () => {
  fc.assert(
    fc.property(message, (given) => {
      const sent = given as OutgoingMessage;
      const encoded = encode(sent, DEFAULTS);
      const got = decode(stored(encoded), { ...PLACE, lane: encoded.priority });
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
  assert.deepEqual(Object.keys(stored(encode({ type: "x" }, DEFAULTS))), ["event_type", "service", "data", "message_id"]);
});

test("any JSON value comes back as it was, also under keys such as __proto__", () => {
  const key = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("__proto__", "constructor", "toString", "\\ud800", ""));
  const value = fc.oneof(fc.jsonValue({ stringUnit: "grapheme" }), fc.constant("\\ud800"));
  const tree = fc.array(fc.tuple(key, value)).map((pairs) => JSON.parse(`{${pairs.map(asMember).join(",")}}`) as unknown);
  fc.assert(
    fc.property(tree, (data) => {
      const got = decode(stored(encode({ type: "x", data }, DEFAULTS)), PLACE).data;
      assert.equal(JSON.stringify(got), JSON.stringify(data));
      assert.equal(Object.getPrototypeOf(got), Object.prototype);
    }),
  );
});

function asMember([key, value]: [string, unknown]): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}

const room: Record<string, unknown> = {};
const cycle = { list: [room] };
room["home"] = cycle;
const failing = {
  toJSON(): never {
    throw new Error("no price yet");
  },
};
const getter = {
  get total(): number {
    throw new Error("not summed");
  },
};
const refused: [name: string, data: unknown, message: RegExp][] = [
  ["a BigInt deep inside", { items: [1, 2, 3, { price: 10n }] }, /^data\.items\[3\]\.price is a BigInt;/],
  ["a BigInt object", { id: Object(1n) as unknown }, /^data\.id is a BigInt;/],
  ["a BigInt at the root", 1n, /^data is a BigInt;/],
  ["a cycle", cycle, /^data\.list\[0\]\.home refers back to data;/],
  ["a cycle of lists", (() => [[0]].map((list: unknown[]) => (list.push(list), list)))(), /^data\[0\]\[1\] refers back to data\[0\];/],
  ["a lone surrogate in a text", { user: { name: "ab\ud800" } }, /^data\.user\.name has a lone surrogate/],
  ["a lone low surrogate", ["\udfff"], /^data\[0\] has a lone surrogate/],
  ["a lone surrogate behind a backslash", { a: "\\", b: "\\\ud83d" }, /^data\.b has a lone surrogate/],
  ["a lone surrogate in a key", { ok: { "x\udc00y": 1 } }, /^data\.ok\["x\\udc00y"\] has a key with a lone surrogate/],
  ["a lone surrogate from toJSON", { at: { toJSON: () => "\ud800" } }, /^data\.at has a lone surrogate/],
  ["a function at the root", () => 1, /^data is a function;/],
  ["a symbol at the root", Symbol("x"), /^data is a symbol;/],
  ["a toJSON that throws", { order: { cost: failing } }, /^data\.order\.cost\.toJSON\(\) threw: no price yet;/],
  ["a getter that throws", { sums: getter }, /^data\.sums\.total cannot be read: not summed;/],
  ["a name that needs quotes", { "unit price": { "1": 1n } }, /^data\["unit price"\]\["1"\] is a BigInt;/],
];
for (const [name, data, message] of refused) {
  test(`${name} is refused by its path`, () => {
    assert.throws(() => encode({ type: "x", data }, DEFAULTS), { code: "INVALID_MESSAGE", message });
  });
}

test("data nested too deeply is refused, and not by a full stack", () => {
  const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 1);
  assert.throws(() => encode({ type: "x", data: deep }, DEFAULTS), { code: "INVALID_MESSAGE" });
});

const accepted: [name: string, data: unknown][] = [
  ["a text that only looks like an escape", "\\ud800 and \\\\udfff"],
  ["whole surrogate pairs", { "\u{1f600}": "\u{1f600}" }],
  ["the same object twice beside itself", (() => ((one) => [one, one])({ a: 1 }))()],
];
for (const [name, data] of accepted) {
  test(`${name} is no reason to refuse`, () => {
    assert.deepEqual(decode(stored(encode({ type: "x", data }, DEFAULTS)), PLACE).data, data);
  });
}

const wrong: [name: string, message: object][] = [
  ["a type that is no text", { type: 1 }],
  ["a type of 257 bytes", { type: `${"é".repeat(128)}x` }],
  ["an empty message id", { type: "x", messageId: "" }],
  ["a service with a lone surrogate", { type: "x", service: "\ud800" }],
  ["a timestamp that is no number", { type: "x", timestamp: Number.NaN }],
  ["a negative timestamp", { type: "x", timestamp: -1 }],
  ["a user id that is no text", { type: "x", userId: 7 }],
  ["more retries than a thousand", { type: "x", maxRetries: 1001 }],
];
for (const [name, message] of wrong) {
  test(`${name} is INVALID_MESSAGE`, () => {
    assert.throws(() => encode(message as OutgoingMessage, DEFAULTS), { code: "INVALID_MESSAGE" });
  });
}

test("the size is that of all fields in bytes, and the limit is inclusive", () => {
  const message = { type: "é", data: "€".repeat(100), userId: "u" };
  const { size, ...encoded } = encode(message, DEFAULTS);
  assert.equal(size, Buffer.byteLength(fieldsOf({ ...encoded, size }).join("")));
  assert.equal(encode(message, { ...DEFAULTS, maxPayload: size }).size, size);
  assert.throws(() => encode(message, { ...DEFAULTS, maxPayload: size - 1 }), { code: "PAYLOAD_TOO_LARGE" });
});

test("where every field is written, the earlier Python format finds all of its own, and we read the same message", () => {
  const given = { type: "x", data: [1], priority: "high", maxRetries: 5 } as const;
  const encoded = encode(given, DEFAULTS);
  const full = withEveryField(encoded, { topic: "t", now: 1_763_730_000_250, maxRetries: 3 });
  const { data, message_id: id, ...rest } = stored(full);
  assert.deepEqual(rest, {
    event_type: "x",
    service: "s",
    id: "",
    stream: "t",
    priority: "high",
    timestamp: "1763730000.25",
    retry_count: "0",
    max_retries: "5",
    correlation_id: id,
    user_id: "",
  });
  assert.equal(data, "[1]");
  assert.equal(full.size, Buffer.byteLength(fieldsOf(full).join("")));
  const got = decode(stored(full), PLACE);
  assert.deepEqual({ ...got }, { ...decode(stored(encoded), { ...PLACE, lane: "high" }), timestamp: 1_763_730_000_250 });
});

test("what a message says itself is not written twice where every field is written", () => {
  const encoded = encode({ type: "x", userId: "u", correlationId: "c", timestamp: 1_000 }, DEFAULTS);
  const names = fieldsOf(withEveryField(encoded, { topic: "t", now: 5, maxRetries: 3 })).filter((_, index) => index % 2 === 0);
  assert.equal(new Set(names).size, names.length);
  assert.equal(stored(withEveryField(encoded, { topic: "t", now: 5, maxRetries: 3 }))["timestamp"], "1");
});

test("without lanes an entry says its priority unless it is normal", () => {
  assert.equal(stored(withPriority(encode({ type: "x", priority: "low" }, DEFAULTS)))["priority"], "low");
  assert.equal(stored(withPriority(encode({ type: "x" }, DEFAULTS)))["priority"], undefined);
});

test("names without meaning to us are kept as extra", () => {
  assert.deepEqual(decode({ event_type: "x", data: "1", shard: "7" }, PLACE).extra, { shard: "7" });
});

test("a field called __proto__ is kept as extra", () => {
  const fields = JSON.parse('{"event_type":"x","__proto__":"kept"}') as Record<string, string>;
  assert.deepEqual(Object.entries(decode(fields, PLACE).extra), [["__proto__", "kept"]]);
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
