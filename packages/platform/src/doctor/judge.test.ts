/** What each check makes of what it finds; every finding that is not ok says how to mend it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tide } from "@tidegate/streams";
import type { CheckResult, RedisCheck } from "./check.ts";
import { judgeDisk, judgeNode, judgeOpenFiles } from "./machine.ts";
import { abilities, appendOnlyFile, clock, delayedSyncs, evictionPolicy, lastWrite, memory, serverVersion } from "./redis.ts";

const GIGABYTE = 1024 ** 3;
const tide = { address: "redis://127.0.0.1:6379" } as Tide;
const look = (check: RedisCheck, info: Record<string, string>): CheckResult =>
  check({ tide, info, asked: 1000, answered: 1010 }) as CheckResult;

const TABLE: readonly (readonly [name: string, result: () => CheckResult, status: CheckResult["status"]])[] = [
  ["node 24", () => judgeNode("24.1.0"), "ok"],
  ["node 20", () => judgeNode("20.19.0"), "fail"],
  ["1024 open files", () => judgeOpenFiles("Limit\nMax open files            1024                 524288               files\n"), "warn"],
  ["524288 open files", () => judgeOpenFiles("Max open files            524288               524288               files\n"), "ok"],
  ["a full disk", () => judgeDisk("/data", 1000, GIGABYTE), "fail"],
  ["a nearly full disk", () => judgeDisk("/data", GIGABYTE / 2, GIGABYTE), "warn"],
  ["a roomy disk", () => judgeDisk("/data", 10 * GIGABYTE, 20 * GIGABYTE), "ok"],
  ["Redis 7.0", () => look(serverVersion, { redis_version: "7.0.15" }), "ok"],
  ["Redis 6.2", () => look(serverVersion, { redis_version: "6.2.1" }), "fail"],
  ["Valkey 8, which also calls itself Redis 7.2", () => look(serverVersion, { redis_version: "7.2.4", valkey_version: "8.0.1" }), "ok"],
  ["allkeys-lru", () => look(evictionPolicy, { maxmemory_policy: "allkeys-lru" }), "fail"],
  ["noeviction", () => look(evictionPolicy, { maxmemory_policy: "noeviction" }), "ok"],
  ["no memory limit", () => look(memory, { used_memory: "5", maxmemory: "0" }), "warn"],
  ["memory at 85 %", () => look(memory, { used_memory: "85", maxmemory: "100" }), "warn"],
  ["memory at 99 %", () => look(memory, { used_memory: "99", maxmemory: "100" }), "fail"],
  ["memory at 10 %", () => look(memory, { used_memory: "10", maxmemory: "100" }), "ok"],
  ["no append-only file", () => look(appendOnlyFile, { aof_enabled: "0" }), "warn"],
  ["a failed snapshot", () => look(lastWrite, { rdb_last_bgsave_status: "err" }), "fail"],
  ["all writes well", () => look(lastWrite, { rdb_last_bgsave_status: "ok", aof_last_write_status: "ok" }), "ok"],
  ["delayed fsyncs", () => look(delayedSyncs, { aof_delayed_fsync: "3" }), "warn"],
  ["the same time", () => look(clock, { server_time_usec: "1005000" }), "ok"],
  ["five seconds apart", () => look(clock, { server_time_usec: "6005000" }), "warn"],
];

for (const [name, result, status] of TABLE) {
  test(`${name} is ${status}`, () => {
    const found = result();
    assert.equal(found.status, status, found.found);
    assert.equal(found.fix === undefined, status === "ok");
  });
}

for (const [role, status] of [
  ["primary", "ok"],
  ["replica", "fail"],
] as const) {
  test(`a ${role} is ${status}`, async () => {
    const asked = { capabilities: () => Promise.resolve({ server: "redis", version: "7.0.15", role, commands: [] }) } as unknown as Tide;
    assert.equal((await abilities({ tide: asked, info: {}, asked: 0, answered: 0 })).status, status);
  });
}
