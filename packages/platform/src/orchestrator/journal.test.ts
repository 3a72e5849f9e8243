import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger, Telemetry } from "@tidegate/streams";
import { Journal } from "./journal.ts";

test("what is said before there is a telemetry is told again with its time, once, and later lines directly", () => {
  const lines: string[] = [];
  const told: unknown[] = [];
  const logger = (component: string): Logger =>
    ({
      info: (message: string, fields: object) => told.push([component, "info", message, Object.keys(fields)]),
      warn: (message: string, fields: object) => told.push([component, "warn", message, fields]),
      error: (message: string) => told.push([component, "error", message]),
    }) as unknown as Logger;
  const telemetry = { logger } as unknown as Telemetry;
  const journal = new Journal("warn", (line) => lines.push(line));
  journal.write("info", "redis", "starting");
  journal.attach(telemetry);
  journal.write("warn", "streams", "slow", { code: "x" });
  journal.detach();
  journal.write("info", "redis", "stopped");
  assert.equal(lines.length, 1, "only what is at least of its level");
  assert.deepEqual(told, [
    ["redis", "info", "starting", ["at"]],
    ["streams", "warn", "slow", { code: "x" }],
  ]);
  journal.write("error", "control", "broken", { error: new Error("no disk") });
  assert.match(lines.at(-1) ?? "", /"message":"no disk"/);
  journal.attach(telemetry);
  assert.deepEqual(told.slice(2, 3), [["redis", "info", "stopped", ["at"]]]);
});
