/**
 * What a server may do to its clients, really done to a real one, seen through the public API: a consumer with messages in hand
 * lives through it and goes on; a publisher that waits is served afterwards; one that does not is told the truth; and in the end every
 * stored message is there once, was handled and acknowledged, and nothing that was refused is there.
 */
import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, type Settlement } from "../index.ts";
import { CuttingProxy } from "../testing/cutting-proxy.ts";
import { probe, until } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/redis-server.ts";

interface Stage {
  readonly redis: RedisServer;
  readonly proxy: CuttingProxy;
  readonly admin: (...args: string[]) => Promise<unknown>;
}

interface Fault {
  readonly name: string;
  readonly args?: readonly string[];
  begin(stage: Stage): Promise<unknown>;
  end(stage: Stage): Promise<unknown>;
  /** What a publisher hears that waits 500 ms only; null when the fault is over by then. */
  readonly code: string | null;
  /** Why, in the message. */
  readonly says?: RegExp;
  /** It may cut a connection under a publish. */
  readonly cuts?: boolean;
  /** A patient publisher is refused as well instead of waiting. */
  readonly refuses?: boolean;
}

const FAULTS: readonly Fault[] = [
  {
    name: "LOADING after a crash",
    args: ["--key-load-delay", "3000", "--loading-process-events-interval-bytes", "1024"],
    begin: async ({ redis, admin }) => {
      for (let n = 0; n < 700; n++) await admin("SET", `filler:${n}`, "x");
      await admin("BGREWRITEAOF");
      await until("the file is one snapshot", async () => /aof_base_size:\d{4}/.test(String(await admin("INFO", "persistence"))));
      await redis.kill("SIGKILL");
      restarting = redis.start();
      await until("the server answers LOADING", async () => /LOADING/.test(await admin("GET", "x").then(String, String)));
    },
    end: () => restarting,
    code: "REDIS_BUSY",
    says: /loading its data/,
    cuts: true,
  },
  {
    name: "BUSY with an endless script",
    args: ["--busy-reply-threshold", "50"],
    begin: async ({ admin }) => {
      admin("EVAL", "while true do end", "0").catch(() => {});
      await until("the server answers BUSY", async () => /BUSY/.test(await admin("GET", "x").then(String, String)));
    },
    end: ({ admin }) => admin("SCRIPT", "KILL"),
    code: "REDIS_BUSY",
    says: /script/,
  },
  {
    name: "OOM",
    begin: ({ admin }) => admin("CONFIG", "SET", "maxmemory", "1"),
    end: ({ admin }) => admin("CONFIG", "SET", "maxmemory", "0"),
    code: "REDIS_FULL",
    refuses: true,
  },
  {
    name: "MISCONF after a failed snapshot",
    begin: async ({ redis, admin }) => {
      await mkdir(join(redis.folder, "dump.rdb", "in-the-way"), { recursive: true });
      await admin("CONFIG", "SET", "save", "3600 1");
      await admin("BGSAVE");
      await until("the snapshot failed", async () => String(await admin("INFO")).includes("rdb_last_bgsave_status:err"));
    },
    end: async ({ redis, admin }) => {
      await rm(join(redis.folder, "dump.rdb"), { recursive: true });
      await admin("BGSAVE");
      await until("a snapshot succeeds", async () => String(await admin("INFO")).includes("rdb_last_bgsave_status:ok"));
    },
    code: "REDIS_CANNOT_PERSIST",
    refuses: true,
  },
  {
    name: "NOREPLICAS",
    begin: ({ admin }) => admin("CONFIG", "SET", "min-replicas-to-write", "1"),
    end: ({ admin }) => admin("CONFIG", "SET", "min-replicas-to-write", "0"),
    code: "REDIS_BUSY",
    says: /replicas/,
  },
  {
    name: "READONLY after a change of its role",
    begin: ({ admin }) => admin("REPLICAOF", "127.0.0.1", "1"),
    end: ({ admin }) => admin("REPLICAOF", "NO", "ONE"),
    code: "REDIS_READ_ONLY",
    cuts: true,
  },
  {
    name: "max number of clients",
    begin: async ({ admin }) => {
      await admin("CONFIG", "SET", "maxclients", "1");
      await admin("CLIENT", "KILL", "TYPE", "normal");
    },
    end: ({ admin }) => admin("CONFIG", "SET", "maxclients", "1000"),
    code: "REDIS_BUSY",
    says: /no connection left/,
    cuts: true,
  },
  {
    name: "a storm of CLIENT KILL",
    begin: async ({ admin }) => {
      for (let n = 0; n < 100; n++) await admin("CLIENT", "KILL", "TYPE", "normal");
    },
    end: () => Promise.resolve(),
    code: null,
  },
  {
    name: "half-open connections",
    begin: ({ proxy }) => Promise.resolve(proxy.mute()),
    end: () => Promise.resolve(),
    code: "PUBLISH_UNKNOWN",
  },
];
let restarting: Promise<void> = Promise.resolve();

describe("faults of the server", () => {
  for (const fault of FAULTS) test(fault.name, (t) => livesThrough(fault, (line) => t.diagnostic(line)));
});

async function livesThrough(fault: Fault, print: (line: string) => void): Promise<void> {
  await using redis = await startRedis({ args: fault.args ?? [] });
  await using proxy = await CuttingProxy.start(redis.port);
  const client = createClient({ url: redis.url, RESP: 2 });
  client.on("error", () => {});
  await client.connect();
  using _client = { [Symbol.dispose]: () => client.destroy() };
  // A client of its own each time: an endless script or a restart must not hold up the next order.
  const stage: Stage = { redis, proxy, admin: (...args) => order(redis, args, client) };
  await using tide = await connect({ url: proxy.url, namespace: "faults", publishTimeout: 30_000 });
  await using impatient = await connect({ url: proxy.url, namespace: "faults", publishTimeout: 500 });
  const settled = probe<Settlement>();
  const started = probe<number>();
  const gate = Promise.withResolvers<void>();
  await tide.consume("t", { concurrency: 16, onSettled: settled.add }, async ({ data }) => {
    started.add(data as number);
    if ((data as number) >= 10) await gate.promise;
  });
  const send = (data: number): Promise<unknown> => tide.publish("t", { type: "n", data });
  for (let n = 0; n < 14; n++) await send(n);
  await impatient.publish("t", { type: "n", data: 14 });
  await started.reaches(15);

  await fault.begin(stage);
  const began = performance.now();
  const patient = send(15).then(() => "stored", (error: Error & { code?: string }) => error.code); // prettier-ignore
  const doubtful = fault.code === null ? null : await refusal(impatient.publish("t", { type: "n", data: "refused" }));
  gate.resolve();
  // Where a connection was cut a moment before, "unknown" or "does not answer" is the truth.
  const cut = fault.cuts === true && ["PUBLISH_UNKNOWN", "REDIS_UNREACHABLE"].includes(doubtful?.code ?? "");
  if (doubtful !== null && !cut) {
    assert.equal(doubtful.code, fault.code, doubtful.message);
    assert.match(doubtful.message, fault.says ?? /./);
  }
  await fault.end(stage);
  if (doubtful?.retry !== undefined) await answered(doubtful);
  assert.equal(await patient, fault.refuses === true ? fault.code : "stored");
  await send(16);
  const stored = Array.from({ length: 17 }, (_, n) => n).filter((n) => n !== 15 || fault.refuses !== true);
  const expected = (doubtful?.retry === undefined ? stored : [...stored, "refused"]).map(String);
  const present = (await Array.fromAsync(tide.read("t"))).map(({ data }) => String(data));
  assert.deepEqual(present.toSorted(), expected.toSorted(), "what was stored is there once, what was refused is not");
  await until(
    "everything is acknowledged",
    async () => settled.seen.length >= expected.length && (await tide.pending("t", "t_processors")).count === 0,
    30_000,
  );
  print(`whole again after ${Math.round(performance.now() - began)} ms`);
  const acked = settled.seen.filter(({ outcome }) => outcome === "acked").map(({ message }) => String(message.data));
  assert.deepEqual(acked.toSorted(), expected.toSorted(), "each was acknowledged once");
}

interface Refusal extends Error {
  readonly code?: string;
  retry?(): Promise<unknown>;
}

async function refusal(publish: Promise<unknown>): Promise<Refusal> {
  return await publish.then(
    () => assert.fail("the publish was not refused"),
    (error: Refusal) => error,
  );
}

/** The doubt may outlive a half-open connection by some tries. */
async function answered(doubtful: Refusal): Promise<void> {
  for (let error: Refusal | null = doubtful; error?.retry !== undefined;)
    error = await error.retry().then(
      () => null,
      (caught: Refusal) => (caught.retry === undefined ? Promise.reject(caught) : caught),
    );
}

async function order(
  redis: RedisServer,
  args: string[],
  standing: Pick<ReturnType<typeof createClient>, "isReady" | "sendCommand">,
): Promise<unknown> {
  // KILL and a limit of one connection spare only the one that asks.
  if (standing.isReady && args[0] !== "EVAL" && args[0] !== "GET") return await standing.sendCommand(args);
  const client = createClient({ url: redis.url, RESP: 2, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  try {
    await client.connect();
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}
