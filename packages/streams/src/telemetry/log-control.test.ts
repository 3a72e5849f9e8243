import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createMemory, type Memory } from "../testing/index.ts";
import type { Notice, Tide } from "../tide.ts";

/** Entries in `logs:<part>:stream`, once the sink has written what it has. */
async function count(memory: Memory, tide: Tide, part: string): Promise<number> {
  await memory.clock.finish(tide.flush());
  return Number(await memory.call("XLEN", `logs:${part}:stream`));
}

test("what one process sets is in force in another within two seconds, for loggers there are", async () => {
  await using memory = createMemory();
  const [first, second] = [await memory.connect({ service: "a" }), await memory.connect({ service: "b" })];
  const logger = second.logger("orders");
  assert.deepEqual(await first.logs.settings(), { level: null, levels: {}, samples: {}, limits: {} });
  const set = await memory.clock.finish(
    first.logs.set({ levels: { orders: "debug" }, samples: { "orders:info": 0 }, limits: { orders: 2 } }),
  );
  assert.deepEqual(set, { level: null, levels: { orders: "debug" }, samples: { "orders:info": 0 }, limits: { orders: 2 } });
  await memory.clock.advance(2_100);
  assert.equal(logger.enabled("debug"), true);
  assert.equal(second.logger("mails").enabled("debug"), false);
  logger.info("sampled away");
  for (let i = 0; i < 5; i++) logger.debug("limited");
  assert.equal(await count(memory, second, "system"), 2);
  assert.equal(second.telemetry().suppressed, 4);
  await memory.clock.advance(1_000);
  assert.equal(await count(memory, second, "system"), 3, "it says what it left out");

  await memory.clock.finish(
    first.logs.set({ level: "error", levels: { orders: null }, samples: { "orders:info": null }, limits: { orders: null } }),
  );
  await memory.clock.advance(2_100);
  assert.deepEqual(
    ["info", "error"].map((level) => logger.enabled(level as "info")),
    [false, true],
  );
  await memory.call("DEL", "logs:control");
  await memory.clock.advance(2_100);
  assert.equal(logger.enabled("info"), true, "back to its own");
});

test("the process that sets it follows at once", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const logger = tide.logger("orders");
  await memory.clock.finish(tide.logs.set({ level: "warn" }));
  assert.equal(logger.enabled("info"), false);
});

test("while Redis is away the last settings stay, and afterwards the new ones come", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const logger = tide.logger("orders");
  await memory.call("HSET", "logs:control", "version", "1", "level", "warn");
  await memory.clock.advance(2_100);
  assert.equal(logger.enabled("info"), false);
  memory.faults.cut({ downFor: 20_000 });
  await memory.call("HSET", "logs:control", "version", "2", "level", "debug");
  await memory.clock.advance(15_000);
  assert.equal(logger.enabled("info"), false);
  await memory.clock.advance(10_000);
  assert.equal(logger.enabled("debug"), true);
});

test("a user who may not read them is told once, and logs by its own level", async () => {
  await using memory = createMemory();
  const notices: Notice[] = [];
  const tide = await memory.connect({ onNotice: (notice) => notices.push(notice) });
  memory.faults.fail((args) => args[0] === "HGET" && args[1] === "logs:control", "NOPERM this user has no permissions", { times: 100 });
  const logger = tide.logger("orders");
  await memory.clock.advance(600_000);
  assert.deepEqual(
    notices.map((notice) => notice.code),
    ["log_settings_denied"],
  );
  assert.equal(logger.enabled("info"), true);
});

test("a change of nothing changes nothing", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  await memory.clock.finish(tide.logs.set({}));
  assert.equal(await memory.call("EXISTS", "logs:control"), 0);
});

test("what another version wrote is passed over", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  await memory.call(
    "HSET",
    "logs:control",
    "version",
    "7",
    "level",
    "loud",
    "level:orders",
    "warn",
    "sample:orders",
    "2",
    "limit:a",
    "x",
    "colour",
    "red",
  );
  assert.deepEqual(await memory.clock.finish(tide.logs.settings()), { level: null, levels: { orders: "warn" }, samples: {}, limits: {} });
});

describe("a wrong change is refused:", () => {
  const bad: readonly (readonly [what: string, change: object, says: RegExp])[] = [
    ["a level that is none", { level: "loud" }, /level of the log settings must be one of trace, .*found "loud"/],
    ["a component's", { levels: { orders: 3 } }, /levels\["orders"\] .* found 3/],
    ["more than all", { samples: { orders: 1.5 } }, /samples\["orders"\] of the log settings must be a share from 0 to 1/],
    ["less than nothing", { limits: { orders: -1 } }, /limits\["orders"\]/],
    ["half an entry", { limits: { orders: 0.5 } }, /whole number/],
    ["an empty name", { levels: { "": "warn" } }, /A name in levels/],
  ];
  for (const [what, change, says] of bad) {
    test(what, async () => {
      await using memory = createMemory();
      const tide = await memory.connect();
      await assert.rejects(tide.logs.set(change), { code: "INVALID_CONFIG", message: says });
      assert.equal(await memory.call("EXISTS", "logs:control"), 0);
    });
  }
});

test("settings are asked for once there is a logger, and only then", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  let asked = 0;
  memory.faults.fail((args) => args[1] === "logs:control" && asked++ < 0, "ERR never");
  await memory.clock.advance(60_000);
  assert.equal(asked, 0);
  tide.logger("orders");
  await memory.clock.advance(60_000);
  assert.ok(asked >= 29 && asked <= 31, String(asked));
});
