/**
 * Challenges of certificate authorities, answered by an edge worker that was told nothing of them: what another process put on the board is served before
 * redirects, maintenance and unknown hosts, over HTTP and in a TLS handshake; what is not there is a request like any other.
 */
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect as dial, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { EdgeWorker } from "@tidegate/gateway/edge";
import { NO_CERTIFICATES } from "@tidegate/gateway/testing";
import { Board } from "../../packages/gateway/src/certificates/challenges/board.ts";
import { HttpSolver } from "../../packages/gateway/src/certificates/challenges/http.ts";
import { TlsAlpnSolver } from "../../packages/gateway/src/certificates/challenges/tls-alpn.ts";
import { EdgeTable } from "../../packages/gateway/src/edge/table.ts";
import { GatewayKeys } from "../../packages/gateway/src/keys.ts";
import { Proxies } from "../../packages/gateway/src/proxy/proxies.ts";
import { EntityStore } from "../../packages/gateway/src/store/entity-store.ts";
import { KeyedVault } from "../../packages/gateway/src/store/keyed-vault.ts";
import { until } from "../../packages/streams/src/testing/events.ts";

const bed = new AsyncDisposableStack();
const keys = new GatewayKeys("edge", "");
const never = new AbortController().signal;
const PATH = "/.well-known/acme-challenge/";
const TOKEN = "DGyRejmCefe7v4NfDGDKfA-token";
const ANSWER = `${TOKEN}.a-thumbprint-nobody-logs`;
const ALPN: ConnectionOptions = { ALPNProtocols: ["acme-tls/1"] };
let redis: RedisServer;
let tide: Tide;
let board: Board;
let worker: EdgeWorker;

before(async () => {
  redis = await startRedis();
  bed.defer(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), "tidegate-challenges-"));
  bed.defer(() => rm(folder, { recursive: true, force: true }));
  tide = bed.use(await connect({ url: redis.url, namespace: "edge", service: "control" }));
  const store = tide.store("challenges");
  bed.defer(() => store.close());
  board = new Board(() => store, keys);
  worker = await begin(folder);
  bed.defer(() => worker.stop());
  const upstream = createServer((asked, answer) => answer.end(`upstream ${asked.url}`)).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  bed.defer(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  const target_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const vault = new KeyedVault({ keys, encryptionKey: null, dataFolder: folder });
  const entities = new EntityStore({ tide: () => tide, keys, vault });
  await entities.start();
  bed.defer(() => entities.stop());
  const edge = new EdgeTable({ tide: () => tide, keys });
  const { targets } = new Proxies({ entities, vault, edge, certificates: NO_CERTIFICATES });
  await targets.create("secure.localhost", { target_url, enable_https: true, access: { deny_ips: ["127.0.0.1"] } }, "ann");
  await targets.create("kept.localhost", { target_url, http: "serve", mode: "maintenance" }, "ann");
  await targets.create("open.localhost", { target_url, http: "serve" }, "ann");
  await until("it serves them", () => edge.served());
});

after(() => bed.disposeAsync());

test("http-01 is answered on every host, before redirects, access, maintenance and unknown hosts, until it is taken away", async () => {
  const solver = new HttpSolver(board, assert.fail);
  const proof = { domain: "any.example", token: TOKEN, keyAuthorization: ANSWER };
  const asked = `${PATH}${TOKEN}`;
  const statuses = async (): Promise<string[]> =>
    await Promise.all(
      ["secure.localhost", "kept.localhost", "open.localhost", "any.example"].map(async (host) => (await say(host, asked)).status),
    );
  assert.deepEqual(await statuses(), ["308", "503", "200", "404"]);
  await solver.present(proof, never);
  assert.deepEqual(await statuses(), ["200", "200", "200", "200"]);
  const { head, body } = await say("secure.localhost", asked);
  assert.equal(body, ANSWER);
  assert.match(head, /^content-type: application\/octet-stream$/im);
  assert.match(head, /^cache-control: no-store$/im);
  const absolute = await say("any.example", `http://any.example${asked}`, { method: "HEAD" });
  assert.deepEqual([absolute.status, absolute.body], ["200", ""]);
  assert.match(absolute.head, new RegExp(`^content-length: ${ANSWER.length}$`, "im"));
  assert.equal((await say("open.localhost", asked, { secure: true })).body, ANSWER);
  // Of the request's own kind nothing is taken away: neither by another method, nor a query, nor another token.
  assert.equal((await say("open.localhost", asked, { method: "DELETE" })).body, `upstream ${asked}`);
  assert.equal((await say("open.localhost", `${asked}?x`)).body, `upstream ${asked}?x`);
  assert.equal((await say("open.localhost", `${PATH}${TOKEN}x`)).body, `upstream ${PATH}${TOKEN}x`);
  assert.equal((await say("open.localhost", `${PATH}short`)).body, `upstream ${PATH}short`);
  await solver.clean(proof);
  assert.deepEqual(await statuses(), ["308", "503", "200", "404"]);
  await until("the requests are recorded", async () => (await recorded()).includes("/.well-known/acme-challenge/"));
  assert.ok(!(await recorded()).includes("nobody-logs"));
});

test("tls-alpn-01 shows the certificate of the answer, in both versions of TLS, says acme-tls/1 and closes", async () => {
  const solver = new TlsAlpnSolver(board, assert.fail);
  const proof = { domain: "any.example", token: TOKEN, keyAuthorization: ANSWER };
  assert.equal(await shake("any.example", ALPN), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
  await solver.present(proof, never);
  for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
    const shown = await shake("any.example", { ...ALPN, maxVersion, minVersion: maxVersion });
    assert.ok(typeof shown !== "string", JSON.stringify(shown));
    assert.deepEqual([shown.protocol, shown.version, shown.said], ["acme-tls/1", maxVersion, ""]);
    const certificate = new X509Certificate(shown.raw);
    assert.deepEqual([certificate.subjectAltName, certificate.verify(certificate.publicKey)], ["DNS:any.example", true]);
    // OID 1.3.6.1.5.5.7.1.31, critical, an OCTET STRING in the extension's OCTET STRING (RFC 8737 §3).
    const digest = createHash("sha256").update(ANSWER).digest("hex");
    assert.ok(certificate.raw.toString("hex").includes(`06082b06010505070 11f0101ff04220420${digest}`.replace(" ", "")));
  }
  // No other way leads there: without the protocol or beside another one it is a name like any other.
  assert.equal(await shake("any.example"), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
  assert.equal(await shake("any.example", { ALPNProtocols: ["acme-tls/1", "http/1.1"] }), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
  assert.equal(await shake("secure.localhost", ALPN), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
  const local = await shake("secure.localhost", { ALPNProtocols: ["http/1.1"] });
  assert.equal(typeof local === "string" ? local : local.protocol, "http/1.1");
  // A later order for the name stands: the earlier one takes only its own away.
  await solver.present({ ...proof, keyAuthorization: "later" }, never);
  await solver.clean(proof);
  assert.equal(await board.alpn("any.example"), "later");
  await solver.clean({ ...proof, keyAuthorization: "later" });
  assert.equal(await shake("any.example", ALPN), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
});

test("nothing stays on the board for more than an hour; only tokens a CA would give are put there", async () => {
  await board.offer(TOKEN, ANSWER, 86_400_000);
  await board.offerAlpn("any.example", ANSWER, 50);
  const store = tide.store("test");
  try {
    const left = Number(await store.ask(["PTTL", keys.acmeChallenge(TOKEN)]));
    assert.ok(left > 3_590_000 && left <= 3_600_000, String(left));
  } finally {
    store.close();
  }
  await board.withdraw(TOKEN);
  await until("it is forgotten", async () => (await board.alpn("any.example")) === null);
  for (const token of ["short", `${TOKEN}/..`, "a".repeat(129), `${TOKEN}\r\n`])
    await assert.rejects(board.offer(token, "x", 1_000), /base64url/);
  assert.equal(await board.token("short"), null);
});

test("while Redis does not answer, or is gone, every request goes on", async () => {
  const tokens = Array.from({ length: 60 }, (_, at) => `${PATH}${TOKEN}${at}`);
  const answers = async (): Promise<string[]> =>
    (await Promise.all(tokens.map((path) => say("open.localhost", path)))).map(({ body }) => body);
  const gone = tokens.map((path) => `upstream ${path}`);
  await redis.kill("SIGSTOP");
  try {
    assert.deepEqual(await answers(), gone);
    assert.equal(await shake("any.example", ALPN), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
  } finally {
    await redis.kill("SIGCONT");
  }
  await redis.kill("SIGKILL");
  assert.deepEqual(await answers(), gone);
});

// Private

async function begin(dataFolder: string): Promise<EdgeWorker> {
  const started = new EdgeWorker({
    connection: { url: redis.url, namespace: "edge", service: "edge", connectTimeout: 2_000 },
    namespace: "edge",
    prefix: "",
    id: "one",
    dataFolder,
    http: { ports: { host: "127.0.0.1", http: 0, https: 0 }, trusted: [], tokens: () => () => null },
  });
  await started.start();
  return started;
}

interface Said {
  readonly method?: string;
  readonly secure?: boolean;
}

/** One request by its bytes; everything until the end. */
async function say(
  host: string,
  target: string,
  { method = "GET", secure = false }: Said = {},
): Promise<{ status: string; head: string; body: string }> {
  const port = worker.port(secure ? "https" : "http") ?? 0;
  const options = { host: "127.0.0.1", port };
  const socket = secure ? connectTls({ ...options, servername: host, rejectUnauthorized: false }) : dial(options);
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const text = await all(socket);
  const end = text.indexOf("\r\n\r\n");
  return { status: text.split(" ")[1] ?? "", head: text.slice(0, end), body: text.slice(end + 4) };
}

interface Shown {
  readonly raw: Buffer;
  readonly protocol: string | false | null;
  readonly version: string | null;
  /** Everything until the server closed, though HTTP was asked for. */
  readonly said: string;
}

async function shake(servername: string, more: ConnectionOptions = {}): Promise<Shown | string> {
  const socket: TLSSocket = connectTls({
    host: "127.0.0.1",
    port: worker.port("https") ?? 0,
    servername,
    rejectUnauthorized: false,
    ...more,
  });
  try {
    await once(socket, "secureConnect");
    const shown = {
      raw: socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0),
      protocol: socket.alpnProtocol,
      version: socket.getProtocol(),
    };
    socket.write(`GET / HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`);
    return { ...shown, said: await all(socket) };
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code ?? error);
  } finally {
    socket.destroy();
  }
}

async function all(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  await new Promise<void>((resolve, reject) => socket.once("error", reject).once("close", () => resolve()));
  return text;
}

/** Every log, trace and event there is. */
async function recorded(): Promise<string> {
  const store = tide.store("test");
  try {
    const names = (await store.ask(["KEYS", "*stream*"])) as string[];
    return JSON.stringify(await Promise.all(names.map((name) => store.ask(["XRANGE", name, "-", "+"]))));
  } finally {
    store.close();
  }
}
