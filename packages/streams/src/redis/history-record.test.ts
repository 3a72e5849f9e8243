import assert from "node:assert/strict";
import { test } from "node:test";
import { placeIn, reasonAt, reasons, recordOf, runs, valueAt, type HistoryRecord } from "./history-record.ts";

test("runs say each value once and are read back place by place", () => {
  const cases: [number[], string][] = [
    [[], ""],
    [[5], "5"],
    [[5, 5, 5], "5"],
    [[5, 5, 7], "5*2 7"],
    [[1, 2, 2, 2, 3, 3], "1 2*3 3"],
    [[0, 1, 0], "0 1 0"],
  ];
  for (const [values, text] of cases) {
    assert.equal(runs(values), text);
    assert.deepEqual(
      values.map((_, place) => valueAt(text, place)),
      values.map(String),
    );
  }
  assert.equal(valueAt("", 0), null);
});

test("a reason like the one before is written once, and texts are bounded", () => {
  const failures = [
    { code: "A", error: "x" },
    { code: "A", error: "x" },
    { code: "B", error: "y".repeat(5_000) },
  ];
  const text = reasons(failures);
  assert.ok(text.length < 400, text);
  assert.deepEqual(
    [0, 1, 2].map((place) => reasonAt(text, place)),
    [failures[0], failures[0], { code: "B", error: "y".repeat(300) }],
  );
  assert.equal(reasonAt("", 0), null);
});

test("a message is found in a record by its lane and entry, or by its origin, unless it was refused", () => {
  const record = (ids: string, refused = ""): HistoryRecord => recordOf({ id: "9-0", fields: { act: "acked", ids, refused } });
  const origin = { stream: "ns:orders:events:high", lane: "high", entryId: "17-1" };
  const cases: [HistoryRecord, number][] = [
    [record("high 17-0 17-1 17-2"), 1],
    [record("normal 17-1"), -1],
    [record("normal 17-1 high 17-1"), 1],
    [record("high 17-10 117-1"), -1],
    [record("ns:orders:events/17-1 ns:orders:events:high/17-1"), 1],
    [record("high 17-0 17-1", "2"), -1],
    [record("high 17-0 17-1", "1"), 1],
    [record(""), -1],
  ];
  for (const [one, place] of cases) assert.equal(placeIn(one, origin), place, one.ids);
});
