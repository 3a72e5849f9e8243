/** Where JSON from a shell breaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseData } from "./json-data.ts";

const BROKEN: readonly (readonly [text: string, place: number | "empty" | "end"])[] = [
  ["{name:Ada}", 1],
  ['{"a":1,}', 7],
  ["{'a':1}", 1],
  ['{"a":tru}', 8],
  ["[1,2", "end"],
  ['{"a":"b', "end"],
  ["1 2", 2],
  ["-x", 1],
  ["  ", "empty"],
];

for (const [text, place] of BROKEN) {
  test(`data ${JSON.stringify(text)} is refused and the place is named`, () => {
    const words =
      place === "empty"
        ? /is empty/
        : place === "end"
          ? new RegExp(`position ${text.length}: it ends too early`)
          : new RegExp(`position ${place}: found`);
    assert.throws(() => parseData(text), { code: "USAGE", exitCode: 2, message: words });
  });
}

test("data that is JSON is taken as it is", () => {
  assert.deepEqual(['{"a":[1]}', "null", '"x"', " 1 "].map(parseData), [{ a: [1] }, null, "x", 1]);
});

test("data that is long and broken is refused without searching the place", () => {
  assert.throws(() => parseData(`["${"x".repeat(5000)}",}`), { code: "USAGE", message: /not valid JSON: / });
});
