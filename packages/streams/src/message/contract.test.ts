import assert from "node:assert/strict";
import { test } from "node:test";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { TidegateError } from "../errors.ts";
import type { HeldMessage } from "../consuming.ts";
import type { Tide } from "../tide.ts";
import { checkIncoming, checkOutgoing, defineTopic, type MessageOf, type TopicContract } from "./contract.ts";
import type { Message } from "./message.ts";

/** The same contract in three libraries: an amount as text that becomes a number, and a time. */
const CONTRACTS: Readonly<Record<string, TopicContract>> = {
  zod: defineTopic({
    name: "orders",
    events: {
      order_placed: z.object({ amount: z.string().regex(/^\d+$/).transform(Number), lines: z.array(z.object({ sku: z.string() })) }),
    },
  }),
  valibot: defineTopic({
    name: "orders",
    events: {
      order_placed: v.object({
        amount: v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)),
        lines: v.array(v.object({ sku: v.string() })),
      }),
    },
  }),
  arktype: defineTopic({
    name: "orders",
    events: { order_placed: type({ amount: "string.integer.parse", lines: type({ sku: "string" }).array() }) },
  }),
};

const GOOD = { amount: "42", lines: [{ sku: "a" }] };
const read = (data: unknown, of = "order_placed"): Message => ({ topic: "orders", type: of, data, messageId: "m" }) as unknown as Message;
const custom = (validate: StandardSchemaV1["~standard"]["validate"]): TopicContract =>
  defineTopic({ name: "custom", events: { x: { "~standard": { version: 1, vendor: "test", validate } } } });

for (const [library, contract] of Object.entries(CONTRACTS)) {
  test(`${library}: what is stored is the input, what the handler gets is the output`, async () => {
    const outgoing = await checkOutgoing(contract, { type: "order_placed", data: GOOD, userId: "u" });
    assert.deepEqual(outgoing, { type: "order_placed", data: GOOD, userId: "u" });
    const incoming = await checkIncoming(contract, read(outgoing.data));
    assert.ok(!(incoming instanceof Error));
    assert.deepEqual(incoming.data, { amount: 42, lines: [{ sku: "a" }] });
    assert.equal(incoming.messageId, "m");
  });

  test(`${library}: wrong data is INVALID_DATA at both ends and names the field`, async () => {
    const data = { amount: "42", lines: [{ sku: "a" }, { sku: 5 }] };
    const message = /^orders\/order_placed: data\.lines\.1\.sku: .+/;
    await assert.rejects(checkOutgoing(contract, { type: "order_placed", data }), { code: "INVALID_DATA", message });
    const refusal = await checkIncoming(contract, read(data));
    assert.ok(refusal instanceof TidegateError && refusal.code === "INVALID_DATA");
    assert.match(refusal.message, message);
  });

  test(`${library}: a type the contract does not name is UNKNOWN_TYPE, also one every object has`, async () => {
    for (const name of ["order_lost", "constructor", "__proto__"]) {
      await assert.rejects(checkOutgoing(contract, { type: name, data: GOOD }), { code: "UNKNOWN_TYPE" });
      const refusal = await checkIncoming(contract, read(GOOD, name));
      assert.ok(refusal instanceof TidegateError && refusal.code === "UNKNOWN_TYPE" && /order_placed/.test(refusal.hint ?? ""));
    }
  });
}

test("publishing checks the form JSON carries: a Date is a text there", async () => {
  const dates = defineTopic({ name: "dates", events: { raw: z.object({ at: z.date() }), iso: z.object({ at: z.coerce.date() }) } });
  const at = new Date(0);
  await assert.rejects(checkOutgoing(dates, { type: "raw", data: { at } }), { code: "INVALID_DATA", message: /data\.at/ });
  const { data } = await checkOutgoing(dates, { type: "iso", data: { at } });
  assert.deepEqual(data, { at: "1970-01-01T00:00:00.000Z" });
  const incoming = await checkIncoming(dates, read(data, "iso"));
  assert.deepEqual((incoming as Message).data, { at });
});

test("what is stored is what was checked, whatever becomes of the object meanwhile", async () => {
  const data = { n: 1 };
  const numbers = custom((value) => {
    (value as { n: unknown }).n = "changed by the schema";
    return { value };
  });
  const checking = checkOutgoing(numbers, { type: "x", data });
  data.n = Number.NaN;
  assert.deepEqual((await checking).data, { n: 1 });
});

test("data that JSON cannot carry is left to the encoder, which refuses it by path", async () => {
  const any = custom((value) => ({ value }));
  const data = { n: 5n };
  assert.equal((await checkOutgoing(any, { type: "x", data })).data, data);
  assert.equal((await checkOutgoing(any, { type: "x" })).data, null, "absent data is null on the wire");
});

test("asynchronous schemas are awaited", async () => {
  const slow = defineTopic({ name: "slow", events: { x: z.string().refine(async (text) => (await Promise.resolve(text)) !== "no") } });
  assert.equal((await checkOutgoing(slow, { type: "x", data: "yes" })).data, "yes");
  await assert.rejects(checkOutgoing(slow, { type: "x", data: "no" }), { code: "INVALID_DATA" });
});

test("a schema that throws or rejects is SCHEMA_FAILED, not a verdict on the data", async () => {
  const boom = (): never => {
    throw new Error("boom");
  };
  for (const contract of [custom(boom), custom(async () => await Promise.reject(new Error("boom")))]) {
    const expected = { code: "SCHEMA_FAILED", message: "The schema of custom/x threw: boom" };
    await assert.rejects(checkOutgoing(contract, { type: "x", data: 1 }), expected);
    await assert.rejects(checkIncoming(contract, read(1, "x")), expected);
  }
});

test("many issues are cut", async () => {
  const issues = Array.from({ length: 9 }, (_, n) => ({ message: `no ${n}`, path: [{ key: "list" }, n] }));
  const refusal = await checkIncoming(
    custom(() => ({ issues })),
    read(1, "x"),
  );
  assert.ok(refusal instanceof Error);
  assert.match(refusal.message, /data\.list\.4: no 4; and 4 more$/);
});

test("defineTopic refuses a wrong name, no events, and what is no schema, at once", () => {
  const events = { x: z.string() };
  assert.throws(() => defineTopic({ name: "Not A Topic", events }), { code: "INVALID_TOPIC" });
  assert.throws(() => defineTopic({ name: "dead_letter", events }), { code: "INVALID_TOPIC" });
  assert.throws(() => defineTopic({ name: "t", events: {} }), { code: "INVALID_CONFIG" });
  const wrong = { x: { type: "object" } } as unknown as typeof events;
  assert.throws(() => defineTopic({ name: "t", events: wrong }), { code: "INVALID_CONFIG", message: /t\.events\.x is no schema/ });
});

test("types follow from the schemas", () => assert.equal(typeof typesFollowFromTheSchemas, "function"));

/** Never called: the compiler is the test. */
async function typesFollowFromTheSchemas(tide: Tide): Promise<void> {
  const topic = defineTopic({
    name: "orders",
    events: {
      placed: z.object({ amount: z.string().transform(Number) }),
      paid: v.object({ by: v.string() }),
      sent: type({ at: "string" }),
    },
  });
  await tide.publish(topic, { type: "placed", data: { amount: "1" }, priority: "high" });
  // @ts-expect-error The input is a text.
  await tide.publish(topic, { type: "placed", data: { amount: 1 } });
  // @ts-expect-error A field of another event.
  await tide.publish(topic, { type: "paid", data: { amount: "1" } });
  // @ts-expect-error An unnamed event.
  await tide.publish(topic, { type: "lost", data: {} });
  // @ts-expect-error Data is missing.
  await tide.publish(topic, { type: "sent" });
  const text = { type: "sent", data: { at: "" } } as const;
  // @ts-expect-error Each message of many is checked.
  await tide.publishMany(topic, [text, { type: "sent", data: { at: 5 } }]);

  await tide.consume(topic, (message) => {
    if (message.type === "placed") return message.data.amount.toFixed(2);
    if (message.type === "paid") return message.data.by.length;
    // @ts-expect-error Only `sent` is left.
    if (message.type === "placed") return 0;
    return message.data.at.length;
  });
  await tide.consume(topic, { group: "g" }, (message) => {
    // @ts-expect-error Which event it is must be asked first.
    void message.data.amount;
  });
  for await (const message of tide.messages(topic)) {
    if (message.type === "placed") message.data.amount satisfies number;
    message satisfies HeldMessage<MessageOf<(typeof topic)["events"]>>;
    await message.ack();
  }
  // @ts-expect-error An untyped topic's data is unknown.
  await tide.consume("orders", (message) => message.data.amount);
}
