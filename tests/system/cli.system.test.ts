/**
 * The CLI as a person and a script meet it: the real program, a real Redis. Every command prints valid JSON when asked to, and
 * every mistake gets its code, its exit code and a hint, never a stack.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, Unrecoverable } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";

const PROGRAM = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));
const NAMESPACE = "clitest";

let redis: RedisServer;
let locked: RedisServer;
let evicting: RedisServer;
let stranger: Server;
let folder: string;
let entryId: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidegate-cli-"));
  [redis, locked, evicting] = await Promise.all([
    startRedis(),
    startRedis({ args: ["--requirepass", "s3cret"] }),
    startRedis({ args: ["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"] }),
  ]);
  stranger = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await once(stranger, "listening");
  await fill();
});

after(async () => {
  await Promise.all([redis, locked, evicting].map((server) => server?.stop()));
  stranger?.closeAllConnections();
  stranger?.close();
  await rm(folder, { recursive: true, force: true });
});

const JSON_COMMANDS: readonly (readonly [args: string, rows: number, exitCode?: number])[] = [
  ["publish orders order_paid {} --count 3", 3],
  ["topic ls", 1],
  ["topic show orders", 1],
  ["group ls", 1],
  ["group ls orders", 1],
  ["group show orders orders_processors", 1],
  ["group create orders audit --from now", 1],
  ["group seek orders audit beginning", 1],
  ["lag", 2],
  ["lag audit", 1],
  ["lag audit --fail-above 0", 1, 7],
  ["group rm orders audit --yes", 1],
  ["message ls orders --limit 2", 2],
  ["tail orders --tail 2", 2],
  ["tail orders --type order_placed", 1],
  ["dlq ls", 2],
  ["dlq ls --topic orders --error NO_STOCK", 2],
  ["dlq ls --topic payments", 0],
  ["dlq groups", 2],
  ["doctor", 15],
  ["doctor --deep", 16],
];

for (const [args, rows, exitCode = 0] of JSON_COMMANDS) {
  test(`${args} --json prints ${rows} JSON ${rows === 1 ? "line" : "lines"} and exits with ${exitCode}`, async () => {
    const result = await tidegate([...args.split(" "), "--json"]);
    assert.equal(result.code, exitCode, result.stderr);
    assert.equal(jsonLines(result.stdout).length, rows, result.stdout);
  });
}

interface Mistake {
  readonly what: string;
  readonly args: () => readonly string[];
  readonly exitCode: number;
  readonly code: string;
  readonly says?: RegExp;
  readonly input?: string;
}

const MISTAKES: readonly Mistake[] = [
  { what: "an unknown command", args: () => ["topik"], exitCode: 2, code: "USAGE", says: /Did you mean topic/ },
  { what: "a noun without a verb", args: () => ["topic"], exitCode: 2, code: "USAGE" },
  { what: "a missing argument", args: () => ["publish", "orders"], exitCode: 2, code: "USAGE", says: /type/ },
  { what: "a wrong number", args: () => ["lag", "--fail-above", "many"], exitCode: 2, code: "USAGE", says: /whole number/ },
  {
    what: "malformed JSON",
    args: () => ["publish", "orders", "order_placed", "{id:1}"],
    exitCode: 2,
    code: "USAGE",
    says: /position 1[\s\S]*single quotes/,
  },
  {
    what: "malformed JSON on stdin",
    args: () => ["publish", "orders", "order_placed", "-"],
    input: '{"id":',
    exitCode: 2,
    code: "USAGE",
    says: /too early/,
  },
  {
    what: "a payload over the limit",
    args: () => ["publish", "orders", "order_placed", "-"],
    input: JSON.stringify("x".repeat(1_100_000)),
    exitCode: 2,
    code: "PAYLOAD_TOO_LARGE",
  },
  { what: "a topic name that is not allowed", args: () => ["publish", "My Orders", "order_placed"], exitCode: 2, code: "INVALID_TOPIC" },
  { what: "an unknown topic", args: () => ["topic", "show", "order"], exitCode: 3, code: "UNKNOWN_TOPIC", says: /Did you mean \\?"orders/ },
  { what: "an unknown topic to follow", args: () => ["tail", "payments", "-f"], exitCode: 3, code: "UNKNOWN_TOPIC", says: /orders/ },
  {
    what: "an unknown group",
    args: () => ["group", "show", "orders", "nobody"],
    exitCode: 3,
    code: "UNKNOWN_GROUP",
    says: /orders_processors/,
  },
  { what: "the lag of an unknown group", args: () => ["lag", "nobody"], exitCode: 3, code: "UNKNOWN_GROUP" },
  { what: "an unknown message", args: () => ["message", "show", "orders", "1-1"], exitCode: 3, code: "NOT_FOUND" },
  {
    what: "a position that is none",
    args: () => ["group", "seek", "orders", "orders_processors", "yesterdayish"],
    exitCode: 2,
    code: "INVALID_POSITION",
  },
  { what: "an unknown dead letter", args: () => ["dlq", "show", "1-1"], exitCode: 3, code: "UNKNOWN_DEAD_LETTER" },
  { what: "a replay of an unknown dead letter", args: () => ["dlq", "replay", "1-1"], exitCode: 3, code: "UNKNOWN_DEAD_LETTER" },
  { what: "a replay of nothing", args: () => ["dlq", "replay"], exitCode: 2, code: "USAGE", says: /--all/ },
  {
    what: "a discard of everything without a terminal",
    args: () => ["dlq", "discard", "--all"],
    exitCode: 2,
    code: "USAGE",
    says: /discard 2 dead letters[\s\S]*--yes/,
  },
  { what: "a URL that is not Redis", args: () => ["topic", "ls", "--url", "http://127.0.0.1"], exitCode: 2, code: "INVALID_CONFIG" },
  {
    what: "a Redis that is down",
    args: () => ["publish", "orders", "order_placed", "--url", "redis://127.0.0.1:1"],
    exitCode: 6,
    code: "REDIS_UNREACHABLE",
  },
  {
    what: "a wrong password",
    args: () => ["topic", "ls", "--url", `redis://:gue55ed@127.0.0.1:${locked.port}`],
    exitCode: 4,
    code: "AUTH_FAILED",
  },
  { what: "no password", args: () => ["topic", "ls", "--url", locked.url], exitCode: 4, code: "AUTH_FAILED" },
  {
    what: "an evicting Redis",
    args: () => ["topic", "ls", "--url", evicting.url],
    exitCode: 1,
    code: "EVICTING_REDIS",
    says: /noeviction/,
  },
  {
    what: "an HTTP server",
    args: () => ["topic", "ls", "--url", `redis://127.0.0.1:${(stranger.address() as AddressInfo).port}`],
    exitCode: 6,
    code: "NOT_REDIS",
  },
  { what: "the status of nothing", args: () => ["status"], exitCode: 6, code: "UNREACHABLE", says: /tidegate up/ },
];

for (const { what, args, exitCode, code, says = /./, input } of MISTAKES) {
  test(`${what} is ${code}, exit code ${exitCode}`, async () => {
    const [plain, json] = await Promise.all([tidegate(args(), input), tidegate([...args(), "--json"], input)]);
    assert.deepEqual([plain.code, json.code], [exitCode, exitCode], plain.stderr + json.stderr);
    assert.deepEqual([plain.stdout, json.stdout], ["", ""]);
    const { error } = JSON.parse(json.stderr) as { error: { code: string; message: string; hint: string | null } };
    assert.equal(error.code, code);
    assert.match(`${error.message} ${error.hint}`, says);
    assert.doesNotMatch(plain.stderr, /^\s+at .*:\d+/m);
    assert.doesNotMatch(plain.stderr + json.stderr, /gue55ed/);
  });
}

test("tail --follow shows what is published, and Ctrl-C ends it with 130 and a summary", async () => {
  const child = start(["tail", "orders", "--follow", "--tail", "1", "--json"]);
  const summary = text(child.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const published = await tidegate(["publish", "orders", "order_shipped", '{"id":7}', "--priority", "critical"]);
  assert.equal(published.code, 0, published.stderr);
  const message = JSON.parse((await lines.next()).value as string) as { type: string; data: unknown; priority: string };
  assert.deepEqual([message.type, message.data, message.priority], ["order_shipped", { id: 7 }, "critical"]);
  const exit = once(child, "exit");
  child.kill("SIGINT");
  assert.deepEqual(await exit, [130, null]);
  assert.match(await summary, /2 messages of orders shown/);
});

const STATUS = {
  version: "1",
  namespace: "n",
  started_at: 1,
  redis: { address: "a", connected: true, round_trip_ms: 1, embedded: true },
  components: [],
};

for (const [what, answer, exitCode] of [
  ["healthy", [200, { ...STATUS, status: "healthy" }], 0],
  ["unhealthy", [503, { ...STATUS, status: "unhealthy" }], 7],
  ["refusing the token", [401, { code: "UNAUTHORIZED", detail: "no such token" }], 4],
  ["something else", [200, { hello: "world" }], 6],
] as const) {
  test(`status of an instance that is ${what} exits with ${exitCode}`, async () => {
    const [httpStatus, body] = answer;
    const instance = createServer((request, response) => {
      const known = request.headers.authorization === "Bearer tg_test";
      response.writeHead(known ? httpStatus : 400, { "content-type": "application/json" }).end(JSON.stringify(body));
    }).listen(0, "127.0.0.1");
    await once(instance, "listening");
    await describe(`http://127.0.0.1:${(instance.address() as AddressInfo).port}`, process.pid);
    try {
      const { code, stdout, stderr } = await tidegate(["status", "--json"]);
      assert.equal(code, exitCode, stderr);
      assert.equal(jsonLines(stdout).length, exitCode === 0 || exitCode === 7 ? 1 : 0);
      assert.equal(jsonLines(stderr).length, exitCode === 4 || exitCode === 6 ? 1 : 0);
    } finally {
      instance.close();
      await rm(join(folder, ".tidegate"), { recursive: true });
    }
  });
}

test("doctor tells a killed instance from a running one", async () => {
  const instance = async (pid: number): Promise<{ status: string; fix?: string } | undefined> => {
    await describe("http://127.0.0.1:1", pid);
    const results = jsonLines((await tidegate(["doctor", "--json"])).stdout) as { name: string; status: string; fix?: string }[];
    return results.find((result) => result.name === "instance");
  };
  const gone = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(gone, "exit");
  assert.equal((await instance(process.pid))?.status, "ok");
  assert.match((await instance(gone.pid ?? 0))?.fix ?? "", /tidegate up/);
  await rm(join(folder, ".tidegate"), { recursive: true });
});

test("a message is shown with its data, its control characters escaped", async () => {
  await tidegate(["publish", "orders", "order_\u001b[31mred"]);
  const { stdout } = await tidegate(["tail", "orders", "--tail", "1"]);
  assert.match(stdout, /order_\\e\[31mred/);
  const shown = await tidegate(["message", "show", "orders", entryId, "--json"]);
  assert.deepEqual((JSON.parse(shown.stdout) as { data: unknown }).data, { id: 1 });
});

test("a dead letter is shown, replayed once, and the rest discarded", async () => {
  const [first] = jsonLines((await tidegate(["dlq", "ls", "--json"])).stdout) as { id: string }[];
  assert.ok(first);
  assert.match((await tidegate(["dlq", "show", first.id])).stdout, /NO_STOCK: out of stock/);
  assert.deepEqual(JSON.parse((await tidegate(["dlq", "replay", first.id, "--json"])).stdout), { replayed: 1, skipped: 0 });
  assert.equal((await tidegate(["dlq", "replay", first.id])).code, 3);
  assert.deepEqual(JSON.parse((await tidegate(["dlq", "discard", "--all", "--yes", "--json"])).stdout), { discarded: 1 });
});

test("the help groups every command and answers without Redis", async () => {
  const { stdout, code } = await tidegate(["--help"]);
  assert.equal(code, 0);
  for (const word of [
    "Start:",
    "Messages:",
    "Inspect:",
    "up",
    "worker",
    "status",
    "doctor",
    "publish",
    "tail",
    "dlq",
    "topic",
    "group",
    "lag",
  ])
    assert.match(stdout, new RegExp(`^ *${word}(?!\\w)`, "m"));
  assert.doesNotMatch(stdout, /__control/);
});

// Private

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Two orders that die in their group and are acknowledged there: dead letters to work on. */
async function fill(): Promise<void> {
  await using tide = await connect({ url: redis.url, namespace: NAMESPACE, service: "cli-test" });
  const dead = Promise.withResolvers<void>();
  let left = 2;
  const onSettled = (): void => void (--left === 0 && dead.resolve());
  const consumer = await tide.consume("orders", { onSettled }, () => {
    throw new Unrecoverable("out of stock", { code: "NO_STOCK" });
  });
  ({ entryId } = await tide.publish("orders", { type: "order_placed", data: { id: 1 } }));
  await tide.publish("orders", { type: "order_cancelled", data: { id: 2 }, priority: "high" });
  await Promise.race([dead.promise, consumer.closed]);
  await consumer.stop();
}

/** An instance.json as a running one writes it. */
async function describe(consoleUrl: string, pid: number): Promise<void> {
  const file = { pid, startedAt: Date.now(), namespace: NAMESPACE, redisUrl: redis.url, redisPasswordFile: null, consoleUrl, ports: {} };
  await mkdir(join(folder, ".tidegate"), { recursive: true });
  await writeFile(join(folder, ".tidegate", "instance.json"), JSON.stringify(file));
  await writeFile(join(folder, ".tidegate", "admin-token"), "tg_test\n");
}

function start(args: readonly string[]): ChildProcessByStdio<Writable, Readable, Readable> {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, HOME, NODE_COMPILE_CACHE, REDIS_STREAMS_URL: redis.url, TIDEGATE_NAMESPACE: NAMESPACE, MONITOR_PORT: "0" };
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
}

async function tidegate(args: readonly string[], input = ""): Promise<Result> {
  const child = start(args);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

function jsonLines(stdout: string): unknown[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}
