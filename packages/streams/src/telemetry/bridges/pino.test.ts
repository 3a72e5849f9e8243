import assert from "node:assert/strict";
import { test } from "node:test";
import pino from "pino";
import { VirtualClock } from "../../testing/index.ts";
import { Logging } from "../logging.ts";
import { readRecord, type TelemetryRecord } from "../record.ts";
import type { SinkEntry } from "../sink.ts";
import { parseTelemetry } from "../settings.ts";
import { pinoDestination } from "./pino.ts";

function setUp() {
  const kept: TelemetryRecord[] = [];
  const sink = {
    write({ value, component, traceId, at, data }: SinkEntry): boolean {
      kept.push(readRecord("1-1", { level: value, component, trace_id: traceId, timestamp: String(at), data }));
      return true;
    },
  };
  const settings = parseTelemetry({ level: "trace" }, {});
  const logging = new Logging({ sink, settings, service: "shop", clock: new VirtualClock({ start: 5_000 }), follow: () => {} });
  let flushed = 0;
  const tide = { logger: (component: string) => logging.logger(component), flush: () => Promise.resolve(void flushed++) };
  return { kept, tide, flushes: () => flushed };
}

test("pino's levels, names, fields and times are kept", () => {
  const { kept, tide } = setUp();
  const logger = pino(
    { level: "trace", name: "orders", base: { pid: 7 }, timestamp: () => `,"time":1700000000123` },
    pinoDestination(tide),
  );
  for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const)
    logger[level]({ level_was: level, token: "t-1" }, `say ${level}`);
  assert.deepEqual(
    kept.map((one) => [one.level, one.component, one.message, one.fields, one.at]),
    (["trace", "debug", "info", "warn", "error", "critical"] as const).map((level, at) => {
      const was = ["trace", "debug", "info", "warn", "error", "fatal"][at] ?? "";
      return [level, "orders", `say ${was}`, { pid: 7, level_was: was, token: "[redacted]" }, 1_700_000_000_123];
    }),
  );
});

test("an error keeps name, message, stack and code", () => {
  const { kept, tide } = setUp();
  const logger = pino({ base: null }, pinoDestination(tide, { component: "app" })).child({ module: "mails" });
  logger.error(Object.assign(new TypeError("refused"), { code: "E1" }));
  const error = kept[0]?.fields["error"] as Record<string, unknown>;
  assert.deepEqual([kept[0]?.component, kept[0]?.message, kept[0]?.fields["module"]], ["app", "refused", "mails"]);
  assert.deepEqual([error["name"], error["message"], error["code"]], ["TypeError", "refused", "E1"]);
  assert.match(String(error["stack"]), /^TypeError: refused\n/);
});

test("other keys, level names, ISO times and own levels are understood", () => {
  const { kept, tide } = setUp();
  const destination = pinoDestination(tide, { messageKey: "message", errorKey: "error" });
  const options = { messageKey: "message", errorKey: "error", base: null, customLevels: { notice: 35 } };
  const logger = pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const before = Date.now();
  logger.notice(new Error("x"), "noticed");
  const labelled = pino({ ...options, timestamp: false, formatters: { level: (label) => ({ level: label }) } }, destination);
  labelled.fatal("gone");
  assert.deepEqual(
    kept.map((one) => [one.level, one.message]),
    [
      ["info", "noticed"],
      ["critical", "gone"],
    ],
  );
  assert.ok((kept[0]?.at ?? 0) >= before);
  assert.equal(kept[1]?.at, 5_000, "without a time it is now");
  assert.equal((kept[0]?.fields["error"] as { name: string } | undefined)?.name, "Error");
});

test("what is no line of pino is kept as a text", () => {
  const { kept, tide } = setUp();
  const destination = pinoDestination(tide);
  destination.write(`plain words\n{"level":30,"msg":{"a":1}}\n[1]\n`);
  assert.deepEqual(
    kept.map((one) => one.message),
    ["plain words", `{"a":1}`, "[1]"],
  );
});

test("flushing pino flushes the connection", async () => {
  const { tide, flushes } = setUp();
  const logger = pino({}, pinoDestination(tide));
  await new Promise<void>((resolve, reject) => logger.flush((error) => (error === undefined ? resolve() : reject(error))));
  assert.equal(flushes(), 1);
});
