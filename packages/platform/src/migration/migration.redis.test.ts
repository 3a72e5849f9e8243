/** `tidegate migrate` from two earlier systems: the real program, two real servers, kills in between, and the way back. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Queue, Worker } from "bullmq";
import { connect, openStore, type Message, type Store, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";

const PROGRAM = fileURLToPath(new URL("../../bin/tidegate.js", import.meta.url));
const bed = new AsyncDisposableStack();
let oldRedis: RedisServer;
let newRedis: RedisServer;
let old: Store;
let tide: Tide;

before(async () => {
  [oldRedis, newRedis] = await Promise.all([startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] }), startRedis()]);
  bed.use(oldRedis);
  bed.use(newRedis);
  old = await openStore(oldRedis.url, "test");
  bed.defer(() => old.close());
  tide = bed.use(await connect({ url: newRedis.url, namespace: "shop" }));
});
after(() => bed.disposeAsync());

test("shadow copies each message once over kills of the copier; live copies back; shadow again rolls back", async () => {
  await python("stream_initialized", null, "0-1");
  for (let n = 0; n < 700; n++) await python("user_created", n);
  const from = `--from ${oldRedis.url} --since beginning`;
  for (let kill = 0; kill < 3; kill++) {
    const copier = start(`migrate run identity ${from}`);
    for (let n = 0; n < 100; n++) await python("user_created", 700 + kill * 100 + n);
    copier.kill("SIGKILL");
    await once(copier, "close");
  }
  await using _ = running(start(`migrate run identity ${from}`));
  await until(async () => (await stored("identity")).length >= 1_000, "everything is copied");
  const copied = await stored("identity");
  assert.deepEqual(
    copied.filter(({ priority }) => priority === "normal").map(({ data }) => (data as { n: number }).n),
    Array.from({ length: 1_000 }, (__, n) => n).filter((n) => n % 10 !== 0),
    "once each and in order",
  );
  assert.equal(copied.filter(({ priority }) => priority === "high").length, 100);
  assert.equal(copied[0]?.correlationId, "c-0");
  assert.equal((await tidegate(`migrate compare identity --from ${oldRedis.url}`)).stdout, "✓ 1,000 messages the same on both sides\n");

  assert.match((await tidegate("migrate mode identity live")).stdout, /mode +live/);
  await tide.publish("identity", { type: "user_deleted", data: { n: 1 }, priority: "critical" });
  await until(async () => (await lastOld())["event_type"] === "user_deleted", "it is copied back");
  const back = await lastOld();
  assert.deepEqual(JSON.parse(back["data"] ?? ""), { n: 1 });
  for (const name of ["id", "stream", "service", "priority", "timestamp", "retry_count", "max_retries", "correlation_id", "user_id"])
    assert.ok(name in back, `the Python client expects the field ${name}`);
  assert.equal(back["priority"], "critical");

  await tidegate("migrate mode identity shadow");
  await python("user_created", 1_000);
  await until(async () => (await stored("identity")).length === 1_002, "shadow copies on, and nothing comes round");
  assert.deepEqual(JSON.parse((await tidegate(`migrate compare identity --from ${oldRedis.url} --json`)).stdout), {
    compared: 1_002,
    missing: [],
    different: [],
  });
});

test("compare finds what is missing and what is different, and fails", async () => {
  for (let n = 0; n < 3; n++) await python("asset_found", n, "*", "assets");
  const [, second] = (await old.ask(["XRANGE", "opsconductor:assets:events", "-", "+"])) as [string, string[]][];
  const copier = start(`migrate run assets --from ${oldRedis.url} --since beginning`);
  await until(async () => (await stored("assets")).length === 3, "copied");
  copier.kill("SIGTERM");
  await once(copier, "close");
  const store = tide.store("harm");
  const [first, , third] = (await store.ask(["XRANGE", "shop:assets:events", "-", "+"])) as [string, string[]][];
  await store.ask(["XDEL", "shop:assets:events", String(third?.[0])]);
  await old.ask(["XDEL", "opsconductor:assets:events", String(second?.[0])]);
  await store.ask(["XDEL", "shop:assets:events", String(first?.[0])]);
  await store.ask(["XADD", "shop:assets:events", "*", "event_type", "asset_lost", "data", "{}", "copied_from", String(first?.[1].at(-1))]);
  const result = await tidegate(`migrate compare assets --from ${oldRedis.url} --json`);
  assert.equal(result.code, 1);
  const { missing, different } = JSON.parse(result.stdout) as { missing: string[]; different: string[] };
  assert.deepEqual([missing.length, different.length], [1, 1]);
});

test("a BullMQ queue: jobs come over with name, data and attempts, and go back as jobs, once each", async () => {
  await using queue = disposable(new Queue("mails", { connection: { url: newRedis.url } }));
  await using _ = running(start(`migrate run mails --from ${newRedis.url} --bullmq mails --since beginning`));
  await queue.addBulk(Array.from({ length: 50 }, (__, n) => ({ name: "mail", data: { n }, opts: { attempts: 5, priority: n % 2 } })));
  await until(async () => (await stored("mails")).length === 50, "copied");
  const [first] = await stored("mails");
  assert.deepEqual([first?.type, first?.data, first?.maxRetries, first?.priority], ["mail", { n: 0 }, 4, "normal"]);
  await tidegate("migrate mode mails live");
  await tide.publish("mails", { type: "mail", data: { n: 99 } });
  await until(async () => (await queue.getJobCountByTypes("waiting", "prioritized")) === 51, "copied back");
  const seen: unknown[] = [];
  await using worker = disposable(
    new Worker("mails", (job) => Promise.resolve(seen.push(job.data)), { connection: { url: newRedis.url } }),
  );
  await until(() => Promise.resolve(seen.length === 51), "the old worker handles it");
  assert.ok(worker.isRunning());
  assert.ok(seen.some((data) => (data as { n: number }).n === 99));
  assert.equal((await stored("mails")).length, 51, "what went back does not come again");
});

test("what is wrong is said: no migration, the same place, no server, a wrong mode", async () => {
  assert.deepEqual([(await tidegate("migrate mode nothing")).code, (await tidegate("migrate mode identity sideways")).code], [3, 2]);
  const same = await tidegate(`migrate run identity --from ${newRedis.url} --from-namespace shop`);
  assert.equal(same.code, 2);
  assert.match(same.stderr, /same Redis/);
  assert.equal((await tidegate("migrate run identity --from redis://127.0.0.1:1")).code, 6);
  assert.equal((await tidegate("migrate run identity --from nonsense")).code, 2);
});

async function python(type: string, n: number | null, id = "*", topic = "identity"): Promise<void> {
  const priority = n !== null && n % 10 === 0 && topic === "identity" ? "high" : "normal";
  const fields = { id: "", stream: topic, event_type: type, service: "identity-service", data: JSON.stringify({ n }), priority };
  const rest = { timestamp: String(Date.now() / 1_000), retry_count: "0", max_retries: "3", correlation_id: `c-${String(n)}`, user_id: "" };
  await old.ask(["XADD", `opsconductor:${topic}:events`, id, ...Object.entries({ ...fields, ...rest }).flat()]);
}

async function lastOld(): Promise<Record<string, string>> {
  const [entry] = (await old.ask(["XREVRANGE", "opsconductor:identity:events", "+", "-", "COUNT", "1"])) as [string, string[]][];
  const flat = entry?.[1] ?? [];
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""]] : [])));
}

async function stored(topic: string): Promise<Message[]> {
  return (await tide.topics()).includes(topic) ? await Array.fromAsync(tide.read(topic)) : [];
}

function start(args: string): ChildProcessByStdio<null, Readable, Readable> {
  const env = { ...process.env, NO_COLOR: "1", REDIS_STREAMS_URL: newRedis.url, TIDEGATE_NAMESPACE: "shop" };
  return spawn(process.execPath, [PROGRAM, ...args.split(" ")], { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function tidegate(args: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(args);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

function running(child: ChildProcess): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}

function disposable<T extends { close(): Promise<void> }>(thing: T): T & AsyncDisposable {
  return Object.assign(thing, { [Symbol.asyncDispose]: () => thing.close() });
}

async function until(check: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${what}`);
    await pause(5);
  }
}
