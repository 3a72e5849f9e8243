/** Lag as people see it is what the group still has to be given, whatever the server remembers of what it has read. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, type Tide } from "../index.ts";
import { until } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";

describe("lag", () => {
  test("after a failover: 0 when everything was delivered, then exactly what came since", async () => {
    await using primary = await startRedis({ args: ["--repl-diskless-sync-delay", "0"] });
    await using replica = await startRedis();
    await using there = client(replica);
    {
      await using tide = await connect({ url: primary.url });
      await publish(tide, 1);
      await using _ = await tide.consume("t", { group: "g" }, () => {});
      await until("the first was handled", async () => await isDone(tide));
      await there.ask("REPLICAOF", "127.0.0.1", String(primary.port));
      await until("the replica follows", async () => String(await there.ask("INFO", "replication")).includes("master_link_status:up"));
      await publish(tide, 412);
      await until("all was handled", async () => await isDone(tide));
      await until("it is at the same place", async () => (await offset(there)) === (await tide.serverInfo())["master_repl_offset"]);
    }
    await there.ask("REPLICAOF", "NO", "ONE");
    await using tide = await connect({ url: replica.url });
    assert.equal((await groupOf(tide)).lag, 0, "everything was delivered");
    await publish(tide, 7);
    assert.equal((await groupOf(tide)).lag, 7);
    await there.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "tidegate:t:events", ">");
    assert.equal((await groupOf(tide)).lag, 4);
  });

  test("in the middle, behind what was trimmed, and where entries were deleted", async () => {
    await using redis = await startRedis();
    await using tide = await connect({ url: redis.url, retention: false });
    await using raw = client(redis);
    const ids = await publish(tide, 50);
    await tide.groups.create("t", "g", ids[9] ?? "");
    assert.equal((await groupOf(tide)).lag, 40);
    await raw.ask("XDEL", "tidegate:t:events", ids[20] ?? "", ids[49] ?? "");
    assert.equal((await groupOf(tide)).lag, 38, "what was deleted is not given");
    await raw.ask("XTRIM", "tidegate:t:events", "MINID", ids[30] ?? "");
    assert.equal((await groupOf(tide)).lag, 19, "nor what was trimmed");
    await raw.ask("XTRIM", "tidegate:t:events", "MAXLEN", "0");
    assert.equal((await groupOf(tide)).lag, 0);
  });

  test("its age in seconds is that of the oldest message still to be given", async () => {
    await using redis = await startRedis();
    await using tide = await connect({ url: redis.url, retention: false });
    await using raw = client(redis);
    const write = (id: string, lane = "") =>
      raw.ask("XADD", `tidegate:t:events${lane}`, id, "event_type", "n", "service", "s", "data", "1");
    await write(`${Date.now() - 90_000}-0`);
    await write(`${Date.now() - 60_000}-0`);
    await write(`${Date.now() - 30_000}-0`, ":low");
    await tide.groups.create("t", "g", "beginning");
    const age = async () => Math.floor(((await tide.groups.list("t"))[0]?.lagSeconds ?? -1) / 10) * 10;
    assert.equal(await age(), 90);
    await raw.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "tidegate:t:events", ">");
    assert.equal(await age(), 60);
    await raw.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "tidegate:t:events", ">");
    assert.equal(await age(), 30, "the oldest of any lane");
    await raw.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "tidegate:t:events:low", ">");
    assert.equal((await tide.groups.list("t"))[0]?.lagSeconds, 0, "what is pending was given");
  });

  test("beyond a thousand it is still what the server says", async () => {
    await using redis = await startRedis();
    await using tide = await connect({ url: redis.url });
    await using raw = client(redis);
    await publish(tide, 2_500);
    await tide.groups.create("t", "g");
    assert.equal((await groupOf(tide)).lag, 2_500);
    await raw.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", "200", "STREAMS", "tidegate:t:events", ">");
    assert.equal((await groupOf(tide)).lag, 2_300);
  });
});

type Raw = AsyncDisposable & { ask(...args: string[]): Promise<unknown> };

/** Past the library. */
function client(redis: RedisServer): Raw {
  const raw = createClient({ url: redis.url, RESP: 2 });
  raw.on("error", () => {});
  const connected = raw.connect();
  return {
    ask: async (...args) => (await connected, await raw.sendCommand(args)),
    [Symbol.asyncDispose]: async () => (await connected.catch(() => {}), raw.destroy()),
  };
}

async function publish(tide: Tide, count: number): Promise<string[]> {
  const results = await tide.publishMany(
    "t",
    Array.from({ length: count }, (_, data) => ({ type: "n", data })),
  );
  return results.map((result) => (result.ok ? result.receipt.entryId : assert.fail(String(result.error))));
}

async function groupOf(tide: Tide): Promise<{ lag: number; pending: number }> {
  return (await tide.groups.list("t"))[0] ?? { lag: -1, pending: -1 };
}

async function isDone(tide: Tide): Promise<boolean> {
  const { lag, pending } = await groupOf(tide);
  return lag + pending === 0;
}

async function offset(raw: Raw): Promise<string | undefined> {
  return /slave_repl_offset:(\d+)/.exec(String(await raw.ask("INFO", "replication")))?.[1];
}
