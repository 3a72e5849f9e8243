import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@tidegate/streams";
import type { Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { WebSocket } from "ws";
import { Auth } from "../auth/auth.ts";
import type { LiveFrame, LiveMessages, LiveProblem, LiveUpdate, OrchestratorStatus } from "../contract.ts";
import type { ControlServer } from "../rest/server.ts";
import { componentOf, controlServer, statusOf } from "../rest/testing/control-server.ts";
import { Sampler } from "./sampler.ts";

const bed = new AsyncDisposableStack();
let tide: Tide;
let auth: Auth;
let server: ControlServer;
let url: string;
let port: number;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-live-"));
  bed.defer(() => rm(folder, { recursive: true }));
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url, namespace: "live", service: "live-test" }));
  auth = await Auth.open(folder);
  server = newServer();
  bed.defer(() => server.stop());
  ({ url, port } = await server.start());
  await tide.publish("identity", { type: "first", data: 0 });
});

after(() => bed.disposeAsync());

test("an update comes at once, and another when something changed", async () => {
  await using client = await open("/ws");
  const first = await client.next<LiveUpdate>("update");
  const before = first.streams["identity"]?.entries_added ?? 0;
  assert.equal(first.dead_letter.stream, "live:dead_letter:events");
  assert.equal(first.components[0]?.name, "demo");
  await tide.publish("identity", { type: "second" });
  const grown = (frame: LiveUpdate): boolean => (frame.streams["identity"]?.entries_added ?? 0) === before + 1;
  const update = await client.next<LiveUpdate>("update", grown);
  assert.ok((update.rates["identity"]?.published ?? 0) > 0);
});

test("a tail shows the newest messages first, then what comes, each once and in order", async () => {
  await tide.publishMany(
    "tailed",
    Array.from({ length: 60 }, (_, n) => ({ type: "old", data: n })),
  );
  await using client = await open("/api/v1/live");
  client.ask({ type: "subscribe", topic: "tailed" });
  const snapshot = await client.next<LiveMessages>("messages");
  assert.deepEqual(
    snapshot.items.map((item) => item.data),
    Array.from({ length: 50 }, (_, n) => n + 10),
  );

  await using second = await open("/api/v1/live");
  second.ask({ type: "subscribe", topic: "tailed" });
  assert.equal((await second.next<LiveMessages>("messages")).items.length, 50);
  await tide.publish("tailed", { type: "new", data: "a", priority: "critical" });
  await tide.publish("tailed", { type: "new", data: "b" });
  for (const watcher of [client, second]) assert.deepEqual(await rows(watcher, 2), ["a", "b"]);
});

test("of a burst the newest rows are shown and the rest is counted", async () => {
  await tide.publish("burst", { type: "x" });
  await using client = await open("/api/v1/live");
  client.ask({ type: "subscribe", topic: "burst" });
  await client.next<LiveMessages>("messages");
  await tide.publishMany(
    "burst",
    Array.from({ length: 250 }, (_, n) => ({ type: "x", data: n })),
  );
  let [shown, skipped] = [0, 0];
  while (shown + skipped < 250) {
    const frame = await client.next<LiveMessages>("messages");
    assert.ok(frame.items.length <= 100);
    [shown, skipped] = [shown + frame.items.length, skipped + frame.skipped];
  }
  assert.equal(shown + skipped, 250);
});

test("an unsubscribed topic is silent", async () => {
  await using client = await open("/api/v1/live");
  client.ask({ type: "subscribe", topic: "identity" });
  await client.next<LiveMessages>("messages");
  client.ask({ type: "unsubscribe", topic: "identity" });
  client.ask({ type: "subscribe", topic: "tailed" });
  await client.next<LiveMessages>("messages", (frame) => frame.topic === "tailed");
  await tide.publish("identity", { type: "unseen" });
  await tide.publish("tailed", { type: "seen", data: "seen" });
  const frame = await client.next<LiveMessages>("messages");
  assert.deepEqual([frame.topic, frame.items.at(-1)?.data], ["tailed", "seen"]);
});

test("a bad request gets a problem and the line stays", async () => {
  await using client = await open("/api/v1/live");
  client.socket.send("{nonsense");
  assert.equal((await client.next<LiveProblem>("problem")).code, "INVALID_REQUEST");
  client.ask({ type: "subscribe", topic: "nowhere" });
  assert.equal((await client.next<LiveProblem>("problem")).code, "UNKNOWN_TOPIC");
  client.ask({ type: "subscribe", topic: "identity" });
  assert.equal((await client.next<LiveMessages>("messages")).topic, "identity");
});

test("a frame over 64 KiB closes the line", async () => {
  await using client = await open("/api/v1/live");
  client.socket.send("x".repeat(70_000));
  const [code] = (await once(client.socket, "close")) as [number];
  assert.equal(code, 1009);
});

test("the upgrade needs a token, or a cookie from our own page", async () => {
  const { cookie } = auth.openSession("admin");
  const session = { cookie: `tidegate_session_${port}=${cookie}` };
  assert.equal(await refusal("/ws", {}), 401);
  assert.equal(await refusal("/ws", { authorization: "Bearer wrong" }), 401);
  assert.equal(await refusal("/ws", session), 403);
  assert.equal(await refusal("/ws", { ...session, origin: "http://evil.example" }), 403);
  assert.equal(await refusal("/elsewhere", bearer()), 404);
  assert.equal(await refusal("/ws", { ...bearer(), host: "evil.example" }), 421);
  await using client = await open("/ws", { ...session, origin: url });
  await client.next<LiveUpdate>("update");
});

test("the end of a session ends its live lines", async () => {
  const { cookie } = auth.openSession("admin");
  const headers = { cookie: `tidegate_session_${port}=${cookie}`, origin: url };
  await using client = await open("/ws", headers);
  const closed = once(client.socket, "close") as Promise<[number]>;
  assert.equal((await fetch(`${url}/api/v1/session`, { method: "DELETE", headers })).status, 204);
  assert.equal((await closed)[0], 4401);
});

test("stop is quick with a line open, and tells the client", { timeout: 5000 }, async () => {
  const other = newServer();
  const { url: address } = await other.start();
  const socket = new WebSocket(`${address.replace("http", "ws")}/ws`, { headers: bearer() });
  await once(socket, "open");
  const closed = once(socket, "close") as Promise<[number]>;
  await other.stop();
  assert.equal((await closed)[0], 1001);
});

test("the sampler measures what was published and answered", async () => {
  await tide.publish("rated", { type: "x" });
  const sampler = new Sampler(tide, status);
  await tide.groups.create("rated", "counters", "beginning");
  await sampler.sample();
  const done = Promise.withResolvers<void>();
  let left = 11;
  const onSettled = (): void => void (--left === 0 && done.resolve());
  const consumer = await tide.consume("rated", { group: "counters", onSettled }, () => {});
  await tide.publishMany(
    "rated",
    Array.from({ length: 10 }, () => ({ type: "x" })),
  );
  await done.promise;
  await consumer.stop();
  const { rates } = await sampler.sample();
  assert.ok((rates["rated"]?.published ?? 0) > 0);
  assert.ok((rates["rated"]?.consumed ?? 0) >= (rates["rated"]?.published ?? 0));
});

// Helpers

function newServer(): ControlServer {
  return controlServer({ tide, orchestrator: { status }, auth });
}

function status(): OrchestratorStatus {
  return statusOf(tide, { components: [componentOf("demo")] });
}

function bearer(): { authorization: string } {
  return { authorization: `Bearer ${auth.firstToken}` };
}

/** Keeps every frame until a test asks for it. */
class Client implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly #frames: LiveFrame[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      this.#frames.push(JSON.parse((data as Buffer).toString()) as LiveFrame);
      socket.emit("frame");
    });
  }

  ask(request: unknown): void {
    this.socket.send(JSON.stringify(request));
  }

  /** The next frame of a type that fits; frames before it are dropped. */
  async next<F extends LiveFrame>(type: F["type"], fits: (frame: F) => boolean = () => true): Promise<F> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame === undefined) await once(this.socket, "frame", { signal: AbortSignal.timeout(10_000) });
      else if (frame.type === type && fits(frame as F)) return frame as F;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await once(this.socket, "close");
  }
}

async function open(path: string, headers: Record<string, string> = bearer()): Promise<Client> {
  const socket = new WebSocket(url.replace("http", "ws") + path, { headers });
  const client = new Client(socket);
  await once(socket, "open");
  return client;
}

async function refusal(path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(url.replace("http", "ws") + path, { headers });
  socket.on("error", () => {});
  const [, answer] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  socket.terminate();
  return answer.statusCode;
}

async function rows(client: Client, count: number): Promise<unknown[]> {
  const found: unknown[] = [];
  while (found.length < count) found.push(...(await client.next<LiveMessages>("messages")).items.map((item) => item.data));
  return found;
}
