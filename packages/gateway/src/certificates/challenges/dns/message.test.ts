/** Any bytes get an answer: a message, or BadMessage. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { BadMessage, CLASS, decodeMessage, encodeMessage, encodeName, encodeText, textOf, TYPE } from "./message.ts";

const RECORD = { name: "_acme-challenge.app.example", type: TYPE.TXT, class: CLASS.IN, ttl: 60, data: encodeText("value") };
const MESSAGE = encodeMessage({ id: 7, flags: 0x8000, questions: [{ name: "Example", type: TYPE.SOA }], updates: [RECORD] });

it("reads what it wrote; names in lower case", () => {
  const { id, response, rcode, questions, authority } = decodeMessage(MESSAGE);
  assert.deepEqual([id, response, rcode, questions], [7, true, 0, [{ name: "example", type: TYPE.SOA }]]);
  const [record] = authority;
  assert.deepEqual([record?.name, record?.ttl, record === undefined ? "" : textOf(record)], [RECORD.name, 60, "value"]);
  assert.equal(textOf({ ...RECORD, at: 0, target: "", data: Buffer.concat([encodeText("one "), encodeText("two")]) }), "one two");
});

it("cut off anywhere, and with pointers in a circle, it is a bad message", () => {
  for (let length = 0; length < MESSAGE.length; length += 1) assert.throws(() => decodeMessage(MESSAGE.subarray(0, length)), BadMessage);
  const circle = Buffer.concat([MESSAGE.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  assert.throws(() => decodeMessage(circle), BadMessage);
  for (let at = 0; at < MESSAGE.length; at += 1)
    for (const value of [0, 0x3f, 0xc0, 0xff]) {
      const wrong = Buffer.from(MESSAGE);
      wrong[at] = value;
      try {
        decodeMessage(wrong);
      } catch (error) {
        assert.ok(error instanceof BadMessage, String(error));
      }
    }
});

it("writes no name that DNS does not have", () => {
  for (const name of ["a..b", `${"a".repeat(64)}.example`, Array.from({ length: 64 }, () => "abc").join(".")])
    assert.throws(() => encodeName(name), BadMessage);
});
