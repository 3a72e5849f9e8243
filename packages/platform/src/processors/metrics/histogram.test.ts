import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { binOf, merge, quantile, readBins, RELATIVE_ERROR, valueOf, writeBins } from "./histogram.ts";

function histogram(values: readonly number[]): Map<number, number> {
  return merge(values.map((value) => new Map([[binOf(value), 1]])));
}

function exact(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? NaN;
}

const CASES: readonly [values: number[], share: number, expected: number | null][] = [
  [[], 0.5, null],
  [[0], 0.99, 0.01],
  [[-5], 0.5, 0.01],
  [[12], 0.5, 12],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 1000], 0.99, 1000],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.95, 95],
  [[1e12], 0.5, 93_300_000],
];

for (const [values, share, expected] of CASES)
  test(`histogram: the ${share} of ${JSON.stringify(values).slice(0, 40)} is ${String(expected)}`, () => {
    const found = quantile(histogram(values), share);
    if (expected === null || found === null) assert.equal(found, expected);
    else assert.ok(Math.abs(found - expected) <= expected * RELATIVE_ERROR * 1.0001, `${found} is not ${expected}`);
  });

const durations = fc.array(fc.double({ min: 0.02, max: 5_000_000, noNaN: true }), { minLength: 1, maxLength: 300 });

test("histogram: every percentile of anything is within the stated error of the exact one", () => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const [found, right] = [quantile(histogram(values), share) ?? NaN, exact(values, share)];
      assert.ok(Math.abs(found - right) <= right * (RELATIVE_ERROR + 1e-9), `${found} for ${right}`);
    }),
  );
});

test("histogram: merged parts are the whole, and the form in Redis loses nothing", () => {
  fc.assert(
    fc.property(durations, durations, (one, other) => {
      const whole = histogram([...one, ...other]);
      assert.deepEqual(merge([histogram(one), histogram(other)]), whole);
      assert.deepEqual(readBins(writeBins(whole)), whole);
    }),
  );
  assert.deepEqual(readBins(""), new Map());
});

test("histogram: a bin's value lies in the bin", () => {
  for (let bin = 1; bin < 384; bin++) assert.equal(binOf(valueOf(bin)), bin);
});
