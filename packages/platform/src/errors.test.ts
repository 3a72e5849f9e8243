import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TidegateError } from "@tidegate/streams";
import { PlatformError, exitCodeOf, explain } from "./errors.ts";

describe("exitCodeOf", () => {
  const cases: [unknown, number][] = [
    [new PlatformError("PORT_IN_USE", "x"), 5],
    [new TidegateError("INVALID_CONFIG", "x"), 2],
    [new TidegateError("UNKNOWN_TOPIC", "x"), 3],
    [new TidegateError("AUTH_FAILED", "x"), 4],
    [new TidegateError("REDIS_UNREACHABLE", "x"), 6],
    [new TidegateError("NOT_REDIS", "x"), 6],
    [new TidegateError("EVICTING_REDIS", "x"), 1],
    [Object.assign(new Error("from another process"), { exitCode: 7 }), 7],
    [new Error("x"), 1],
    ["x", 1],
  ];
  for (const [error, code] of cases) it(`is ${code} for ${String(error)}`, () => assert.equal(exitCodeOf(error), code));
});

describe("explain", () => {
  it("says the message and the hint, and the stack only when debugging", () => {
    const error = new PlatformError("PORT_IN_USE", "Port 1 is used.", { hint: "Use --port." });
    assert.equal(explain(error, false), "Port 1 is used.\n  Use --port.");
    assert.match(explain(error, true), /errors\.test\.ts/);
  });
});
