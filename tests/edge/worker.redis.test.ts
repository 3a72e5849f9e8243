/** An edge worker on a real Redis, seen from outside: what control writes is served, and goes on being served when everybody else is gone. */
import assert from "node:assert/strict";
import { createServer, request as ask, type IncomingMessage, type Server } from "node:http";
import { request as askSecurely } from "node:https";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { WebSocket, WebSocketServer } from "ws";
import { EdgeWorker } from "@tidegate/gateway/edge";
import { NO_CERTIFICATES } from "@tidegate/gateway/testing";
import { EdgeTable } from "../../packages/gateway/src/edge/table.ts";
import { GatewayKeys } from "../../packages/gateway/src/keys.ts";
import { Proxies } from "../../packages/gateway/src/proxy/proxies.ts";
import { EntityStore } from "../../packages/gateway/src/store/entity-store.ts";
import { KeyedVault } from "../../packages/gateway/src/store/keyed-vault.ts";
import { until as waitUntil } from "../../packages/streams/src/testing/events.ts";

const bed = new AsyncDisposableStack();
const keys = new GatewayKeys("edge", "");
const SECRET = "a-secret-of-a-client";
let redis: RedisServer;
let folder: string;
let tide: Tide;
let entities: EntityStore;
let proxies: Proxies;
let edge: EdgeTable;
let worker: EdgeWorker;
let upstream: Server;
let sockets: WebSocketServer;

before(async () => {
  redis = await startRedis();
  bed.defer(() => redis.stop());
  folder = await mkdtemp(join(tmpdir(), "tidegate-edge-http-"));
  bed.defer(() => rm(folder, { recursive: true, force: true }));
  tide = bed.use(await connect({ url: redis.url, namespace: "edge", service: "control" }));
  const vault = new KeyedVault({ keys, encryptionKey: null, dataFolder: folder });
  entities = new EntityStore({ tide: () => tide, keys, vault });
  await entities.start();
  bed.defer(() => entities.stop());
  edge = new EdgeTable({ tide: () => tide, keys });
  proxies = new Proxies({ entities, vault, edge, certificates: NO_CERTIFICATES });
  upstream = createServer((asked, answer) => {
    answer.setHeader("x-from", "upstream");
    answer.end(JSON.stringify({ url: asked.url, headers: asked.headers }));
  });
  sockets = new WebSocketServer({ server: upstream });
  sockets.on("connection", (socket) => socket.on("message", (data: Buffer) => socket.send(`echo ${data.toString()}`)));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  bed.defer(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  worker = await begin();
  bed.defer(() => worker.stop());
  await proxies.targets.create("app.localhost", { target_url: at(upstream), enable_https: true, http: "serve" }, "ann");
  await until(
    () => edge.served(),
    (served) => served,
  );
});

after(() => bed.disposeAsync());

test("a target is served over HTTP and, with a local certificate, over HTTPS; the upstream is told who asked for what", async () => {
  const plain = await get("app.localhost", "/a/../b?x=1");
  assert.equal(plain.status, 200);
  assert.equal(plain.headers["x-from"], "upstream");
  const { url, headers } = JSON.parse(plain.body) as { url: string; headers: Record<string, string> };
  assert.deepEqual([url, headers["host"], headers["x-forwarded-for"]], ["/b?x=1", `app.localhost:${port("http")}`, "127.0.0.1"]);
  const secure = await get("app.localhost", "/", { secure: true });
  const told = (JSON.parse(secure.body) as { headers: Record<string, string> }).headers;
  assert.deepEqual([secure.status, told["x-forwarded-proto"]], [200, "https"]);
});

test("one request is one trace with its phases, one record and one event; its traceparent reaches the upstream", async () => {
  const { status, headers, body } = await get("app.localhost", "/traced", { headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
  assert.equal(status, 200);
  assert.equal(headers["x-trace-id"], TRACE);
  const parent = (JSON.parse(body) as { headers: Record<string, string> }).headers["traceparent"] ?? "";
  assert.match(parent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  const trace = await until(
    async () => await tide.traces.get(TRACE),
    (found) => found !== null && found.status === "ok",
  );
  const names = trace?.records.map(({ name }) => name) ?? [];
  assert.deepEqual(names.toSorted(), ["GET app.localhost", "answer", "connect", "decide", "send", "wait"]);
  assert.equal(trace?.records.find(({ name }) => name === "GET app.localhost")?.spanId, parent.split("-")[2]);
  const events = await entriesWith("events:proxy:stream", TRACE);
  assert.deepEqual(
    events.map((fields) => fields["event_type"]),
    ["proxy_request_completed"],
  );
  assert.equal((await entriesWith("logs:request:stream", TRACE)).length, 1);
});

test("unknown hosts, other names than that of the TLS connection, switched-off and maintained targets each get their status", async () => {
  await proxies.targets.create("other.localhost", { target_url: at(upstream), enable_https: true }, "ann");
  const app = await proxies.targets.get("other.localhost");
  assert.equal((await get("nobody.localhost", "/")).status, 404);
  assert.equal((await get("app.localhost", "/", { secure: true, serverName: "other.localhost" })).status, 421);
  const redirected = await get("other.localhost", "/x?y");
  assert.deepEqual([redirected.status, redirected.headers["location"]], [308, `https://other.localhost:${port("https")}/x?y`]);
  const off = (await proxies.targets.update(app, { enabled: false, http: "serve" }, "ann")).entity;
  assert.equal((await get("other.localhost", "/")).status, 503);
  const kept = (await proxies.targets.update(off, { enabled: true, mode: "maintenance", message: "Back at noon." }, "ann")).entity;
  const maintained = await get("other.localhost", "/");
  assert.deepEqual([maintained.status, maintained.body.includes("Back at noon.")], [503, true]);
  await proxies.targets.remove(kept, "ann");
  assert.equal((await get("other.localhost", "/")).status, 404);
});

test("requests wait while a target is paused, and go on when it is not", async () => {
  const before = await proxies.targets.get("app.localhost");
  const { entity } = await proxies.targets.update(before, { mode: "paused", hold: 20 }, "ann");
  const waiting = get("app.localhost", "/held");
  await until(
    async () => (await edge.workers())[0]?.http.held,
    (held) => held === 1,
  );
  await proxies.targets.update(entity, { mode: "open" }, "ann");
  assert.equal((await waiting).status, 200);
});

test("a route leads elsewhere, and asks who it is", async () => {
  await proxies.routes.create(
    "private",
    { path_pattern: "/private", target_type: "port", target_value: String(portOf(upstream)), strip_prefix: "/private", scope: "global" },
    "ann",
  );
  const { body } = await get("app.localhost", "/private/page");
  assert.equal((JSON.parse(body) as { url: string }).url, "/page");
  const route = await proxies.routes.get("private");
  await proxies.routes.update(route, { access: { basic: { users: { ann: { password: SECRET } } } } }, "ann");
  assert.equal((await get("app.localhost", "/private/page")).status, 401);
  assert.equal((await get("app.localhost", "/privatee")).status, 200);
  const authorization = `Basic ${Buffer.from(`ann:${SECRET}`).toString("base64")}`;
  const admitted = await get("app.localhost", "/private/page", { headers: { authorization } });
  const told = (JSON.parse(admitted.body) as { headers: Record<string, string> }).headers;
  assert.deepEqual([admitted.status, told["x-auth-user-name"], told["authorization"]], [200, "ann", undefined]);
});

test("a rate is told with each answer; who asks too often is told when to come back", async () => {
  const limits = { rate: { requests: 2, per: 3600 } };
  await proxies.targets.create("limited.localhost", { target_url: at(upstream), enable_https: false, limits }, "ann");
  const told = async (): Promise<unknown[]> => {
    const { status, headers } = await get("limited.localhost", "/");
    return [status, headers["ratelimit-policy"], headers["ratelimit"], headers["retry-after"]];
  };
  const policy = '"edge";q=2;w=3600';
  assert.deepEqual(await told(), [200, policy, '"edge";r=1;t=1800', undefined]);
  assert.deepEqual(await told(), [200, policy, '"edge";r=0;t=1800', undefined]);
  assert.deepEqual(await told(), [429, policy, '"edge";r=0;t=1800', "1800"]);
  assert.equal((await get("app.localhost", "/")).headers["ratelimit"], undefined);
});

test("a yes of forward-auth is kept as long as the rule says, and no longer than the rule stands", async () => {
  let asked = 0;
  let lets = true;
  const service = createServer((_, answer) => {
    asked += 1;
    answer.writeHead(lets ? 200 : 403).end();
  });
  using own = new DisposableStack();
  own.defer(() => {
    service.close();
    service.closeAllConnections();
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const access = { forward: { url: at(service), cache: { seconds: 3600 } } };
  await proxies.targets.create("asked.localhost", { target_url: at(upstream), enable_https: false, access }, "ann");
  const ask = async (cookie: string): Promise<number> => (await get("asked.localhost", "/", { headers: { cookie } })).status;
  assert.deepEqual([await ask("a=1"), await ask("a=1"), await ask("a=2"), asked], [200, 200, 200, 2]);
  lets = false;
  assert.deepEqual([await ask("a=1"), await ask("a=3"), asked], [200, 403, 3]);
  await proxies.targets.update(await proxies.targets.get("asked.localhost"), { access: { deny_ips: ["192.0.2.1"] } }, "ann");
  assert.deepEqual([await ask("a=1"), asked], [403, 4]);
});

test("a WebSocket passes, lives through changes of the table, and is asked to end by its endpoint's drain", async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port("http")}/ws`, { headers: { host: "app.localhost" } });
  await once(socket, "open");
  const target = await proxies.targets.get("app.localhost");
  await proxies.targets.update(target, { description: "changed" }, "ann");
  socket.send("hello");
  assert.equal(String((await once(socket, "message"))[0]), "echo hello");
  assert.equal((await edge.workers())[0]?.http.tunnels, 1);
  const closed = once(socket, "close");
  const cut = await edge.drain(at(upstream), 1, new AbortController().signal);
  assert.deepEqual([(await closed)[0], cut], [1012, 0]);
});

test("without Redis it serves on, also after a cold start, and takes over what changed meanwhile when Redis is back", async () => {
  await until(
    async () => JSON.parse(await readFile(join(folder, "edge-snapshot.json"), "utf8").catch(() => "{}")) as Saved,
    (saved) => {
      return saved.entities?.target?.some(({ name }) => name === "app.localhost") === true;
    },
  );
  await worker.stop();
  await redis.kill("SIGKILL");
  worker = await begin();
  assert.equal((await get("app.localhost", "/cold")).status, 200);
  assert.equal((await get("app.localhost", "/cold", { secure: true })).status, 200);
  await redis.start();
  await proxies.targets.create("late.localhost", { target_url: at(upstream), enable_https: false }, "ann");
  await until(
    async () => (await get("late.localhost", "/")).status,
    (status) => status === 200,
  );
});

// Private

/** The first answer that is good. */
async function until<T>(look: () => Promise<T>, isGood: (found: T) => boolean): Promise<T> {
  let found: T | undefined;
  await waitUntil("the answer is good", async () => isGood((found = await look())));
  return found as T;
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";

interface Saved {
  readonly entities?: { readonly target?: readonly { readonly name: string }[] };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function begin(): Promise<EdgeWorker> {
  const started = new EdgeWorker({
    connection: { url: redis.url, namespace: "edge", service: "edge", connectTimeout: 2_000 },
    namespace: "edge",
    prefix: "",
    id: "one",
    dataFolder: folder,
    http: { ports: { host: "127.0.0.1", http: 0, https: 0 }, trusted: [], tokens: () => () => null },
  });
  await started.start();
  return started;
}

function port(scheme: "http" | "https"): number {
  return worker.port(scheme) ?? 0;
}

function at(server: Server): string {
  return `http://127.0.0.1:${portOf(server)}`;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

interface Asked {
  readonly secure?: boolean;
  readonly serverName?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function get(host: string, path: string, { secure = false, serverName = host, headers = {} }: Asked = {}): Promise<Answer> {
  const number = port(secure ? "https" : "http");
  const options = { host: "127.0.0.1", port: number, path, agent: false as const, headers: { host: `${host}:${number}`, ...headers } };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = secure ? askSecurely({ ...options, servername: serverName, rejectUnauthorized: false }) : ask(options);
  sent.on("error", reject).on("response", (answer: IncomingMessage) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("error", reject).on("end", () => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() });
    });
  });
  sent.end();
  return promise;
}

async function once(socket: WebSocket, event: string): Promise<unknown[]> {
  return await new Promise((resolve, reject) => {
    socket.once(event, (...given: unknown[]) => resolve(given));
    socket.once("error", reject);
  });
}

async function entriesWith(stream: string, trace: string): Promise<Record<string, string>[]> {
  const store = tide.store("test");
  const read = async (): Promise<Record<string, string>[]> => {
    const entries = (await store.ask(["XRANGE", stream, "-", "+"])) as [string, string[]][];
    return entries.map(([, fields]) => fieldsOf(fields)).filter((fields) => fields["trace_id"] === trace);
  };
  const found = await until(read, (entries) => entries.length > 0);
  store.close();
  return found;
}

function fieldsOf(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at], list[2 * at + 1]]));
}
