import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { VirtualClock } from "../testing/index.ts";
import { runInContext } from "./context.ts";
import { Logging } from "./logging.ts";
import type { Output } from "./print.ts";
import { parseTelemetry } from "./settings.ts";
import type { TelemetryOptions } from "./options.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function printing(
  print: TelemetryOptions["print"],
  { isTTY = false, env = {}, out }: { isTTY?: boolean; env?: Record<string, string>; out?: Output } = {},
) {
  const lines: string[] = [];
  const settings = parseTelemetry(print === undefined ? {} : { print }, env);
  const sink = { write: (): boolean => true };
  const target = out ?? { isTTY, write: (line: string) => lines.push(line) };
  const clock = new VirtualClock({ start: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
  return { lines, logger: new Logging({ sink, settings, service: "shop", clock, follow: () => {}, out: target }).logger("orders") };
}

describe("printing", () => {
  test("is off unless asked for", () => {
    const { lines, logger } = printing(undefined, { isTTY: true });
    logger.error("x");
    assert.deepEqual(lines, []);
  });

  test("where no terminal is, is one line of JSON for each entry", () => {
    const { lines, logger } = printing("auto");
    runInContext({ traceparent }, () => logger.info("two\nlines\u001b[2J", { password: "hunter2", n: 1 }));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^\P{Cc}*\n$/u);
    assert.deepEqual(JSON.parse(lines[0] ?? ""), {
      time: "2026-01-02T03:04:05.678Z",
      level: "info",
      component: "orders",
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      log_type: "log",
      message: "two\nlines\u001b[2J",
      service: "shop",
      span_id: "b7ad6b7169203331",
      password: "[redacted]",
      n: 1,
    });
  });

  test("on a terminal is one line for people, in colours", () => {
    const { lines, logger } = printing("auto", { isTTY: true });
    runInContext({ traceparent }, () => logger.warn("low", { left: 3, of: "two words", plain: "word", list: [1] }));
    assert.match(lines[0] ?? "", /\p{Cc}\[33mWARN {4}\p{Cc}\[39m orders: low/u);
    const text = (lines[0] ?? "").replace(/\p{Cc}\[\d+m/gu, "");
    assert.match(text, /^\d\d:\d\d:05\.678 WARN {5}orders: low left=3 of="two words" plain=word list=\[1\] trace=0af76519\n$/);
  });

  for (const [what, given] of [
    ["NO_COLOR", { isTTY: true, env: { NO_COLOR: "1" } }],
    ["a pipe", {}],
  ] as const) {
    test(`with ${what} has no colours`, () => {
      const { lines, logger } = printing("pretty", given);
      logger.info("x");
      assert.match(lines[0] ?? "", /^\d\d:\d\d:05\.678 INFO {5}orders: x\n$/);
    });
  }

  test("shows what would move the cursor or end the line", () => {
    const { lines, logger } = printing("pretty");
    logger.info("a\nb\u001b[31m\r\u009b\u202e\u0000", { "k\n": "v\u0007\u2028", deep: { x: "\u001b" } });
    assert.doesNotMatch((lines[0] ?? "").slice(0, -1), /[\p{Cc}\u2028-\u202e]/u);
    assert.ok(lines[0]?.includes("a\\nb\\u001b[31m\\r\\u009b\\u202e\\u0000"), lines[0]);
  });

  test("shows an error in its line, with where it was made", () => {
    const { lines, logger } = printing("pretty");
    logger.error("failed", Object.assign(new TypeError("no such order"), { code: "E404" }));
    assert.match(lines[0] ?? "", /orders: failed error=TypeError "E404": no such order \(at .*print\.test.*\)\n$/);
  });

  test("of access records is as the level says, though they are stored", () => {
    const { lines, logger } = printing("json", { env: { LOG_LEVEL: "WARNING" } });
    logger.response({ method: "GET", path: "/", status: 200, duration: 1 });
    logger.response({ method: "GET", path: "/", status: 500, duration: 1 });
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { status: number }).status),
      [500],
    );
  });

  test("ends when nobody reads any more, and the program goes on", () => {
    let gone: () => void = () => {};
    let writes = 0;
    const { logger } = printing("json", { out: { write: () => ++writes, on: (_event, listener) => (gone = listener) } });
    logger.info("one");
    gone();
    logger.info("two");
    assert.equal(writes, 1);
  });
});

describe("options", () => {
  const bad: readonly (readonly [what: string, options: object, env: Record<string, string>, says: RegExp])[] = [
    ["a level that is none", { level: "loud" }, {}, /telemetry\.level must be one of trace, .* found "loud"/],
    ["LOG_LEVEL that is none", {}, { LOG_LEVEL: "loud" }, /LOG_LEVEL must be one of/],
    ["print that is none", { print: "xml" }, {}, /telemetry\.print must be auto, pretty, json or false, found "xml"/],
    ["a name of nothing", { redact: { names: ["--"] } }, {}, /telemetry\.redact\.names .* found "--"/],
    ["a pattern that matches nothing at all", { redact: { patterns: [/x*/] } }, {}, /telemetry\.redact\.patterns .* found \/x\*\//],
    ["a pattern that is a text", { redact: { patterns: ["x"] } }, {}, /telemetry\.redact\.patterns/],
  ];
  for (const [what, options, env, says] of bad)
    test(`${what} is refused`, () => assert.throws(() => parseTelemetry(options, env), { code: "INVALID_CONFIG", message: says }));

  for (const [word, level] of [
    ["warning", "warn"],
    ["FATAL", "critical"],
    [" Debug ", "debug"],
    ["", "info"],
  ] as const)
    test(`LOG_LEVEL=${JSON.stringify(word)} is ${level}`, () => assert.equal(parseTelemetry({}, { LOG_LEVEL: word }).level, level));

  test("the option goes before LOG_LEVEL", () => assert.equal(parseTelemetry({ level: "error" }, { LOG_LEVEL: "debug" }).level, "error"));
});
