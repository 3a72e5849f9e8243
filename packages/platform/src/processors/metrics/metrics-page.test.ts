import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { METRICS } from "../../contract.ts";
import { FIGURES } from "./figures.ts";

const page = readFileSync(new URL("../../../../../docs/reference/metrics.md", import.meta.url), "utf8");

test("the page has a row for each metric, and none that is not there", () => {
  const rows = [...page.matchAll(/^\| `([a-z]\w+)` \| ([–a-z]+) \| ([^|]*) \| (.*) \|$/gm)].map(([, ...cells]) =>
    cells.map((cell) => cell.trim()),
  );
  const metrics = Object.entries(METRICS).map(([name, { per, unit, what }]) => [name, per === "" ? "–" : per, unit, what]);
  assert.deepEqual(rows, metrics);
});

test("each metric is made of something", () => {
  assert.deepEqual(Object.keys(FIGURES).toSorted(), Object.keys(METRICS).toSorted());
});
