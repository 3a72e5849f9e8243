import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrace } from "./synced.ts";

const AOF = "8</d/appendonly.aof.1.incr.aof>";

test("a trace counts what was written before the last completed fdatasync began", () => {
  const trace = [
    `10 1000.000100 write(${AOF}, ""..., 100) = 100`,
    `10 1000.000150 write(9<socket:[77]>, ""..., 5) = 5`,
    `11 1000.000200 fdatasync(${AOF} <unfinished ...>`,
    `10 1000.000300 write(${AOF}, ""..., 30 <unfinished ...>`,
    `10 1000.000310 <... write resumed>)       = 30`,
    `11 1000.000400 <... fdatasync resumed>)   = 0`,
    `10 1000.500000 write(${AOF}, ""..., 7) = 7`,
    `11 1000.600000 fdatasync(${AOF} <unfinished ...>`,
    `10 1000.700000 +++ killed by SIGKILL +++`,
  ].join("\n");
  assert.deepEqual(readTrace(trace, "incr.aof"), { written: 137, synced: 100, at: 1_000_000.2 });
});

test("a trace without an fdatasync has nothing on the disk", () => {
  assert.deepEqual(readTrace(`10 1.5 write(${AOF}, ""..., 100) = 100`, "incr.aof"), { written: 100, synced: 0, at: NaN });
});
