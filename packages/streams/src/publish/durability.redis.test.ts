import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, NotReplicated, type Receipt, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { CuttingProxy } from "../testing/cutting-proxy.ts";
import { until } from "../testing/events.ts";

describe("publish to replicas", () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let tide: Tide;
  before(async () => {
    primary = await startRedis({ args: ["--repl-diskless-sync-delay", "0"] });
    replica = await startRedis({ args: ["--replicaof", "127.0.0.1", String(primary.port)] });
    tide = await connect({ url: primary.url, namespace: "dur", durability: { replicas: 1, timeout: 10_000 } });
    const client = createClient({ url: primary.url });
    await client.connect();
    await until("a replica in step", async () => (await client.info("replication")).includes("state=online")).finally(() =>
      client.destroy(),
    );
  });
  after(async () => {
    await replica?.kill("SIGCONT");
    await tide?.close({ deadline: 0 });
    await replica?.stop();
    await primary?.stop();
  });

  /** Until `work` is over the replica is there, but hears nothing. */
  async function withStoppedReplica<R>(work: () => Promise<R>): Promise<R> {
    await replica.kill("SIGSTOP");
    try {
      return await work();
    } finally {
      await replica.kill("SIGCONT");
    }
  }

  test("a receipt says replicated, and the replica has the message", async () => {
    const receipts = await Promise.all(Array.from({ length: 600 }, (_, n) => tide.publish("t", { type: "n", data: n })));
    for (const { status, replicas } of receipts) assert.deepEqual([status, replicas], ["replicated", 1]);
    const client = createClient({ url: replica.url });
    await client.connect();
    const entries = await client.xRange("dur:t:events", "-", "+").finally(() => client.destroy());
    assert.deepEqual(
      entries?.map(({ id }) => id),
      receipts.map(({ entryId }) => entryId),
    );
  });

  test("a single publish may ask for less", async () => {
    const receipt = await withStoppedReplica(() => tide.publish("less", { type: "x" }, { durability: "stored" }));
    assert.deepEqual([receipt.status, receipt.replicas], ["stored", undefined]);
  });

  test("with the replica stopped: NotReplicated with the receipt of the one stored message", async () => {
    const error = await withStoppedReplica(() =>
      refusedOf(tide.publish("slow", { type: "x" }, { durability: { replicas: 1, timeout: 50 } })),
    );
    assert.deepEqual([error.code, error.wanted, error.confirmed], ["NOT_REPLICATED", 1, 0]);
    const receipt = error.receipt as Receipt;
    const stored = await Array.fromAsync(tide.read("slow"));
    assert.deepEqual(
      stored.map(({ entryId, messageId }) => [entryId, messageId, receipt.status]),
      [[receipt.entryId, receipt.messageId, "stored"]],
    );
  });

  test("each publish gets the answer for the number of replicas it asked for", async () => {
    const wanted = [1, 2, 1, 2] as const;
    const sent = wanted.map((replicas) =>
      tide.publish("mixed", { type: "x" }, { durability: { replicas, timeout: replicas === 1 ? 10_000 : 100 } }),
    );
    const results = await Promise.allSettled(sent);
    assert.deepEqual(
      results.map((one) => (one.status === "fulfilled" ? one.value.replicas : refusal(one.reason).wanted)),
      [1, 2, 1, 2],
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "rejected"],
    );
    assert.equal((await tide.streamInfo("mixed")).length, 4);
  });

  test("a batch sent again on a new connection waits for the replica all the same", async () => {
    await using proxy = await CuttingProxy.start(primary.port);
    await using through = await connect({ url: proxy.url, namespace: "cut", durability: { replicas: 1, timeout: 200 } });
    await through.publish("t", { type: "before" });
    const error = await withStoppedReplica(() => {
      proxy.cutNextReply();
      return refusedOf(through.publish("t", { type: "cut" }));
    });
    assert.deepEqual([proxy.cuts, error.confirmed], [1, 0]);
    assert.equal((await through.streamInfo("t")).length, 2);
  });

  test("a server that forgot the script still waits for the replica", async () => {
    const client = createClient({ url: primary.url });
    await client.connect();
    await client.scriptFlush().finally(() => client.destroy());
    const error = await withStoppedReplica(() =>
      refusedOf(tide.publish("flush", { type: "x" }, { durability: { replicas: 1, timeout: 50 } })),
    );
    assert.equal(error.confirmed, 0);
    assert.equal((await tide.streamInfo("flush")).length, 1);
  });

  test("close() ends a wait in time, and the message keeps its honest answer", async () => {
    const own = await connect({ url: primary.url, namespace: "closing", durability: { replicas: 2, timeout: 60_000 } });
    const publish = own.publish("t", { type: "x" }).catch((error: Error & { code: string }) => error.code);
    await until("the message is stored", async () => (await own.topics()).includes("t"));
    await own.close({ deadline: 50 });
    assert.equal(await publish, "NOT_REPLICATED");
  });

  test("an option that is wrong refuses the publish", async () => {
    await assert.rejects(tide.publish("t", { type: "x" }, { durability: { replicas: 0 } }), { code: "INVALID_CONFIG" });
  });
});

async function refusedOf(publish: Promise<Receipt>): Promise<NotReplicated> {
  return refusal(
    await publish.then(
      (receipt) => receipt,
      (error: unknown) => error,
    ),
  );
}

function refusal(found: unknown): NotReplicated {
  assert.ok(found instanceof NotReplicated, `expected NotReplicated, found ${JSON.stringify(found)} ${String(found)}`);
  return found;
}
