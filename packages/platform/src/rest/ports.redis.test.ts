/** Ports through REST and the command line: the real program asks a real control server, which asks the machine; behind it a real edge. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as dial, createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { composeGateway, type Gateway } from "@tidegate/gateway";
import { NO_CA } from "@tidegate/gateway/testing";
import { EdgeWorker } from "../../../gateway/src/edge/worker.ts";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import type { PortAnswer, PortCheckAnswer, PortRangesAnswer, PortsAnswer, Problem } from "../contract.ts";
import { controlServer, noGateway } from "./testing/control-server.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/tidegate.js", import.meta.url));
const PORTS = "/api/v1/services/ports";
/** Below the ports of outgoing connections. */
const FIRST = 18_000 + Math.floor(Math.random() * 1_900);

const stack = new AsyncDisposableStack();
let redis: RedisServer;
let tide: Tide;
let gateway: Gateway;
let url: string;
let token: string;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidegate-ports-"));
  stack.defer(() => rm(folder, { recursive: true }));
  redis = stack.use(await startRedis());
  tide = stack.use(await connect({ url: redis.url, namespace: "ports", service: "test" }));
  gateway = await openGateway();
  const auth = await Auth.open(folder);
  token = auth.firstToken ?? "";
  const server = controlServer({ tide, auth, gateway: { ...noGateway(), ports: gateway.ports, services: services() } });
  stack.defer(() => server.stop());
  ({ url } = await server.start());
  const file = {
    pid: process.pid,
    startedAt: 0,
    namespace: "ports",
    redisUrl: redis.url,
    redisPasswordFile: null,
    consoleUrl: url,
    ports: {},
  };
  await writeFile(join(folder, "instance.json"), JSON.stringify(file));
});
after(() => stack.disposeAsync());

test("a lease by hand: given, shown, renewed, given back; a service's port is not given back by hand", async () => {
  const made = await ask<PortAnswer>("POST", "", { owner: "tests", host: FIRST, ttl: 600, description: "for a while" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.deepEqual([made.body.port, made.body.bind_address, made.body.by, made.body.protocol], [FIRST, "127.0.0.1", "admin", "tcp"]);
  assert.deepEqual((await ask<PortsAnswer>("GET", "?owner=tests")).body.items, [made.body]);
  assert.deepEqual((await ask<PortsAnswer>("GET", "?owner=others")).body.items, []);
  const taken = await ask<Problem>("POST", "", { owner: "second", host: FIRST });
  assert.deepEqual([taken.status, taken.body.code, taken.body.detail], [409, "PORT_TAKEN", `tcp/${FIRST} on 127.0.0.1 is held by tests.`]);
  const renewed = await ask<PortAnswer>("POST", `/tcp/${FIRST}/renew`, { ttl: 3_600 });
  assert.ok((renewed.body.expires_at ?? 0) > (made.body.expires_at ?? 0));
  assert.equal((await ask("DELETE", `/tcp/${FIRST}?bind_address=localhost`)).status, 200);
  assert.equal((await ask<Problem>("DELETE", `/tcp/${FIRST}`)).body.code, "UNKNOWN_PORT");

  await gateway.ports.claim([{ owner: "service:web/http", by: "admin", protocol: "tcp", bind: "127.0.0.1", host: FIRST }]);
  const refused = await ask<Problem>("DELETE", `/tcp/${FIRST}`);
  assert.deepEqual([refused.status, refused.body.code], [409, "PORT_TAKEN"]);
  assert.match(refused.body.hint ?? "", /tidegate service show web/);
  await gateway.ports.release("service:web/http");
});

test("check and available answer at the earlier systems' paths, from query or body", async () => {
  await using taken = await listening();
  const inQuery = await ask<PortCheckAnswer>("POST", `/check?port=${taken.port}&bind_address=127.0.0.1`);
  const inBody = await ask<PortCheckAnswer>("POST", "/check", { port: taken.port, protocol: "tcp" });
  assert.deepEqual(inQuery.body, inBody.body);
  assert.deepEqual([inBody.body.available, inBody.body.holder], [false, `Tidegate itself (pid ${process.pid})`]);
  const kept = (await ask<PortCheckAnswer>("POST", "/check?port=5432")).body;
  assert.deepEqual([kept.available, kept.reason], [false, "Port is restricted by system policy"]);
  assert.ok((await ask<PortRangesAnswer>("GET", "/available?min=500")).body.items.every(({ count }) => count >= 500));
});

test("bad requests say what is wrong", async () => {
  const cases: [string, string, unknown, string, RegExp][] = [
    ["POST", "", { owner: "x", host: 70_000 }, "INVALID_PORT", /1 to 65535/],
    ["POST", "", { owner: "x", host: { from: 9, to: 8 } }, "INVALID_PORT", /backwards/],
    ["POST", "", { owner: "service:web/http" }, "INVALID_PORT", /only services have/],
    ["POST", "", { owner: "x", host: 22 }, "PORT_RESTRICTED", /22 is kept/],
    ["POST", "", { owner: "x", prot: "tcp" }, "INVALID_REQUEST", /prot/],
    ["POST", "/check", undefined, "INVALID_REQUEST", /port/],
    ["POST", "/check?port=abc", undefined, "INVALID_REQUEST", /port/],
    ["GET", "/available?min=0", undefined, "INVALID_PORT", /1 to 64512/],
    ["DELETE", "/sctp/80", undefined, "INVALID_REQUEST", /protocol/],
    ["DELETE", "/tcp/0", undefined, "INVALID_PORT", /not 0/],
    ["POST", `/tcp/${FIRST}/renew`, { ttl: 60 }, "UNKNOWN_PORT", /Nobody holds/],
  ];
  for (const [method, path, body, code, words] of cases) {
    const answer = await ask<Problem>(method, path, body);
    assert.equal(answer.body.code, code, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    assert.match(answer.body.detail, words);
  }
});

test("a person asks, and scripts go by the exit code", async () => {
  await using taken = await listening();
  const busy = await tidegate("port", "check", String(taken.port));
  assert.equal(busy.stdout, `✗ ${taken.port} on 127.0.0.1 is taken by Tidegate itself (pid ${process.pid})\n`);
  assert.equal(busy.code, 5);
  const given = await tidegate("port", "allocate", "mine", "--range", `${FIRST}-${FIRST + 99}`, "--ttl", "60");
  const port = /^✓ tcp\/(\d+) on 127\.0\.0\.1 is yours for mine; until .* \(in 59 s\), unless renewed/.exec(given.stdout)?.[1] ?? "";
  assert.ok(Number(port) >= FIRST && Number(port) <= FIRST + 99, given.stdout + given.stderr);
  assert.match((await tidegate("port", "ls")).stdout, new RegExp(`tcp/${port}\\s+127\\.0\\.0\\.1\\s+mine\\s+admin`));
  assert.match((await tidegate("port", "who", port)).stdout, /is taken by mine\n[^]*asked for by {2}admin/);
  assert.equal(JSON.parse((await tidegate("port", "renew", port, "--ttl", "90", "--json")).stdout).owner, "mine");
  assert.match((await tidegate("port", "release", `tcp/${port}`)).stdout, /is free again; mine had it for \d/);
  const [free, gone, wrong, most] = await Promise.all([
    tidegate("port", "check", port),
    tidegate("port", "release", port),
    tidegate("port", "check", "http"),
    tidegate("port", "available", "--min", "64000"),
  ]);
  assert.deepEqual([free.stdout, free.code], [`✓ ${port} on 127.0.0.1 is free\n`, 0]);
  assert.deepEqual([gone.code, wrong.code], [3, 2]);
  assert.match(most.stdout, /nowhere 64,000 ports in a row free/);
});

test("a client that knows nothing of tokens reaches a port that asks for one", async () => {
  await using backend = await listening(echo);
  await using _ = await edgeFor(backend.port);
  await writeFile(join(folder, "token"), "right-token\n");
  const program = run("port", "connect", "web", "--token-file", join(folder, "token"), "--json");
  try {
    const [line] = (await once(program.stdout, "data")) as [Buffer];
    const { listen } = JSON.parse(String(line)) as { listen: string };
    const replies = await Promise.all(["hello", "again"].map((words) => exchange(Number(listen.split(":")[1]), words)));
    assert.deepEqual(replies, ["you said hello", "you said again"]);
  } finally {
    program.kill("SIGINT");
    assert.deepEqual(await once(program, "exit"), [130, null]);
  }
  await writeFile(join(folder, "token"), "wrong-token");
  const denied = await tidegate("port", "connect", "web", "--token-file", join(folder, "token"));
  assert.equal(denied.code, 4);
  assert.match(denied.stderr, /web\/http: The edge denies it: wrong token/);
  const [without, unknown] = await Promise.all([tidegate("port", "connect", "web"), tidegate("port", "connect", "web", "nothing")]);
  assert.deepEqual([without.code, unknown.code], [2, 2]);
});

const ACCESS = { token_hashes: [createHash("sha256").update("right-token").digest("hex")], client_ca: null };
/** Host port of the service web. */
let door = 0;

/** A real edge worker that listens for the service. */
async function edgeFor(backend: number): Promise<AsyncDisposable> {
  const [claim] = await gateway.ports.claim([{ owner: "service:web/http", by: "admin", protocol: "tcp", bind: "127.0.0.1", host: null }]);
  door = claim?.port ?? 0;
  const worker = new EdgeWorker({
    connection: { url: redis.url, namespace: "ports" },
    namespace: "ports",
    prefix: "",
    id: "1",
    dataFolder: folder,
  });
  await worker.start();
  const endpoints = [{ id: "c1", host: "127.0.0.1", port: backend }];
  const port = { service: "web", name: "http", bind: "127.0.0.1", port: door, endpoints, mode: "open", hold: 30, access: ACCESS } as const;
  await gateway.edge.set([port], new AbortController().signal);
  return { [Symbol.asyncDispose]: () => worker.stop() };
}

function echo(server: Server): void {
  server.on("connection", (socket) => {
    socket.write("you said ");
    socket.pipe(socket);
  });
}

function services(): Gateway["services"] {
  const data = (): object => ({
    spec: {
      port_configs: [
        {
          name: "http",
          host: door,
          container: 80,
          bind: "0.0.0.0",
          protocol: "tcp",
          description: "",
          access: ACCESS,
        },
      ],
    },
    ports: { http: { host: door, bind: "127.0.0.1", protocol: "tcp" } },
    owner: "admin",
  });
  return { get: (name: string) => Promise.resolve({ name, data: data() }) } as unknown as Gateway["services"];
}

async function openGateway(): Promise<Gateway> {
  const composed = composeGateway({
    acme: NO_CA,
    settings: {
      namespace: "ports",
      prefix: "",
      instance: "test",
      encryptionKey: null,
      dataFolder: folder,
      dockerHost: null,
      contexts: folder,
      restrictedPorts: [],
    },
    // Its thread is not started here.
    connection: {},
    tide: () => tide,
    leads: () => true,
    onTrouble: (_, message) => assert.fail(message),
  });
  const signal = new AbortController().signal;
  for (const { part } of composed.parts.filter((one) => ["store", "ports"].includes(one.part.name))) {
    await part.start(signal);
    stack.defer(() => part.stop(signal));
  }
  return composed;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the test expects
async function ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${url}${PORTS}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}

function run(...args: string[]): ReturnType<typeof spawn> & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const env = { ...process.env, TIDEGATE_DATA: folder, NO_COLOR: "1", TIDEGATE_PORT_TOKEN: "" };
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
}

async function tidegate(...args: string[]): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = run(...args);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr, code: code as number | null };
}

async function listening(prepare: (server: Server) => void = () => {}): Promise<AsyncDisposable & { port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  prepare(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void (await once(server.close(), "close")) };
}

async function exchange(port: number, words: string): Promise<string> {
  const socket = dial(port, "127.0.0.1");
  socket.end(words);
  return await text(socket);
}
