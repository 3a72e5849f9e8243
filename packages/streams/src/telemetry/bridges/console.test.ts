import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fields, LazyFields, Level, Logger } from "../telemetry.ts";
import { bridgeConsole } from "./console.ts";

type Said = readonly [level: Level, message: string, fields: Fields];

/** A logger that notes what it is told, and a console that notes what it prints. */
function setUp() {
  const said: Said[] = [];
  const printed: unknown[][] = [];
  const note =
    (level: Level) =>
    (message: string, fields?: LazyFields | Error): void =>
      void said.push([level, message, fields as Fields]);
  const logger = { component: "x", enabled: (level: Level) => level !== "trace" } as Record<string, unknown>;
  for (const level of ["trace", "debug", "info", "warn", "error"] as const) logger[level] = note(level);
  const print = (...args: unknown[]): void => void printed.push(args);
  const target = { log: print, info: print, warn: print, error: print, debug: print, trace: print };
  const components: string[] = [];
  const tide = { logger: (component: string) => (components.push(component), logger as unknown as Logger) };
  return { said, printed, target, tide, components };
}

test("each of its calls is an entry of its level, and printed as before", () => {
  const { said, printed, target, tide, components } = setUp();
  bridgeConsole(tide, { target });
  for (const method of ["debug", "log", "info", "warn", "error", "trace"] as const) target[method](method, 1);
  assert.deepEqual(components, ["console"]);
  assert.deepEqual(said, [
    ["debug", "debug 1", {}],
    ["info", "log 1", {}],
    ["info", "info 1", {}],
    ["warn", "warn 1", {}],
    ["error", "error 1", {}],
  ]);
  assert.equal(printed.length, 6);
});

test("texts are the message, objects the fields, an error the error", () => {
  const { said, target, tide } = setUp();
  bridgeConsole(tide, { target, keep: false, component: "legacy" });
  const error = new Error("no");
  target.log("%s has %d of %j", "ann", 3, { a: 1 }, "left", { order: 7 });
  target.error("failed:", error, { order: 7 });
  target.error(error);
  target.log({ a: 1 }, { b: 2 });
  target.log([1, 2]);
  target.log();
  assert.deepEqual(said, [
    ["info", `ann has 3 of {"a":1} left`, { order: 7 }],
    ["error", "failed:", { order: 7, error }],
    ["error", "no", { error }],
    ["info", "", { values: [{ a: 1 }, { b: 2 }] }],
    ["info", "", { values: [[1, 2]] }],
    ["info", "", {}],
  ]);
});

test("without keep nothing is printed, and undoing brings back what was", () => {
  const { said, printed, target, tide } = setUp();
  const before = target.log;
  const undo = bridgeConsole(tide, { target, keep: false });
  target.log("a");
  undo();
  target.log("b");
  assert.equal(target.log, before);
  assert.deepEqual([said.length, printed], [1, [["b"]]]);
});

test("undone below another bridge it lets calls pass", () => {
  const { said, printed, target, tide } = setUp();
  const undo = bridgeConsole(tide, { target, keep: false });
  const inner = target.log;
  const outer = (...args: unknown[]): void => inner(...args);
  target.log = outer;
  undo();
  assert.equal(target.log, outer);
  target.log("b");
  assert.deepEqual([said.length, printed], [0, [["b"]]]);
});

test("a logger that prints by the console does not run in a circle", () => {
  const { printed, target, tide } = setUp();
  let logged = 0;
  const logger = tide.logger("x");
  const loud = { logger: () => ({ ...logger, info: () => ++logged < 5 && target.log("printed") }) as unknown as Logger };
  bridgeConsole(loud, { target });
  target.log("x");
  assert.deepEqual([logged, printed], [1, [["x"], ["printed"]]]);
});
