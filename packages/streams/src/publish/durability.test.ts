import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../index.ts";
import { checkDurability } from "../publishing.ts";
import { sameDurability } from "./durability.ts";

const refused: [name: string, given: unknown][] = [
  ["another word", "replicated"],
  ["null", null],
  ["a number", 1],
  ["no replicas", {}],
  ["zero replicas", { replicas: 0 }],
  ["half a replica", { replicas: 1.5 }],
  ["replicas as text", { replicas: "1" }],
  ["more replicas than anybody has", { replicas: 101 }],
  ["WAIT without end", { replicas: 1, timeout: 0 }],
  ["a timeout of more than a minute", { replicas: 1, timeout: 60_001 }],
  ["a timeout that is no number", { replicas: 1, timeout: Number.NaN }],
];
for (const [name, given] of refused) {
  test(`durability: ${name} is INVALID_CONFIG`, async () => {
    assert.throws(() => checkDurability(given as never), { code: "INVALID_CONFIG" });
    if (given === null) return;
    await assert.rejects(connect({ url: "redis://127.0.0.1:1", durability: given as never, connectTimeout: 1 }), {
      code: "INVALID_CONFIG",
    });
  });
}

test("durability: the timeout is a second unless given", () => {
  assert.deepEqual(checkDurability({ replicas: 2 }), { replicas: 2, timeout: 1_000 });
  assert.deepEqual(checkDurability({ replicas: 1, timeout: 60_000 }), { replicas: 1, timeout: 60_000 });
  assert.equal(checkDurability("stored"), "stored");
});

test("durability: what differs in anything does not travel together", () => {
  const one = checkDurability({ replicas: 1 });
  assert.ok(sameDurability(one, checkDurability({ replicas: 1, timeout: 1_000 })));
  assert.ok(!sameDurability(one, checkDurability({ replicas: 2 })));
  assert.ok(!sameDurability(one, checkDurability({ replicas: 1, timeout: 999 })));
  assert.ok(!sameDurability(one, "stored"));
});
