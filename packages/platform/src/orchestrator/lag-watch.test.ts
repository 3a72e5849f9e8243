import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupInfo, Tide } from "@tidegate/streams";
import { LagWatch } from "./lag-watch.ts";

test("the largest lag is told by its group, the largest age whoever has it, and a failure is told instead", async () => {
  const groups = [row("orders", "mails", 3, 60.04), row("orders", "audit", 7, 2), row("stock", "web", 0, 0)];
  const given: (() => Promise<GroupInfo[]>)[] = [() => Promise.resolve(groups), () => Promise.resolve([row("stock", "web", 0, 0)])];
  const list = (): Promise<GroupInfo[]> => given.shift()?.() ?? Promise.reject(new Error("Redis is away"));
  const watch = new LagWatch({ tide: { groups: { list } } as unknown as Tide });
  await look(watch);
  assert.deepEqual(watch.lag, { messages: 7, seconds: 60, group: "orders/audit" });
  assert.equal(watch.health().detail, "orders/audit is 7 messages behind, 60 s");
  await look(watch);
  assert.deepEqual([watch.lag.group, watch.health().detail], [null, "nobody is behind"]);
  await look(watch);
  assert.deepEqual(watch.health(), { healthy: false, detail: "Redis is away" });
});

// Helpers

/** It looks at each start. */
async function look(watch: LagWatch): Promise<void> {
  await watch.start();
  await watch.stop();
}

function row(topic: string, group: string, lag: number, lagSeconds: number): GroupInfo {
  return { topic, group, lag, lagSeconds } as GroupInfo;
}
