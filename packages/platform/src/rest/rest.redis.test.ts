import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Unrecoverable, connect } from "@tidegate/streams";
import type { Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import type { SignInEvent } from "../auth/sign-ins.ts";
import type {
  DeadLettersAnswer,
  Health,
  MessagesAnswer,
  OrchestratorStatus,
  PendingAnswer,
  Problem,
  PublishAnswer,
  StreamDetail,
  TopicsAnswer,
} from "../contract.ts";
import type { ControlServer } from "./server.ts";
import { componentOf, controlServer, statusOf } from "./testing/control-server.ts";

const bed = new AsyncDisposableStack();
const signIns: SignInEvent[] = [];
let tide: Tide;
let auth: Auth;
let server: ControlServer;
let url: string;
let port: number;
let healthy: OrchestratorStatus["status"] = "healthy";

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-rest-"));
  bed.defer(() => rm(folder, { recursive: true }));
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url, namespace: "test", service: "rest-test" }));
  auth = await Auth.open(folder);
  server = newServer(0);
  bed.defer(() => server.stop());
  server.onSignIn((event) => signIns.push(event));
  ({ url, port } = await server.start());
});

after(() => bed.disposeAsync());

test("health is open, and 503 with a reason when a component is ill", async () => {
  const good = await fetch(`${url}/health`);
  assert.equal(good.status, 200);
  assert.equal(((await good.json()) as Health).status, "healthy");
  healthy = "unhealthy";
  const bad = await fetch(`${url}/health/`);
  healthy = "healthy";
  assert.equal(bad.status, 503);
  assert.match(((await bad.json()) as Health).error ?? "", /demo is failed/);
});

test("everything else is denied without a token, known or not", async () => {
  for (const path of [
    "/api/streams",
    "/api/v1/topics",
    "/api/docs",
    "/api/openapi.json",
    "/api/nothing",
    "/API/streams/x",
    "/ws",
    "/api/v1/session",
  ]) {
    const answer = await fetch(url + path);
    assert.equal(answer.status, 401, path);
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
    assert.equal(((await answer.json()) as Problem).code, "NOT_SIGNED_IN");
  }
});

test("a published message is stored, listed, found alone, and counted", async () => {
  const stored = await post("/api/v1/messages", { topic: "identity", type: "user_created", data: { name: "Ada" }, user_id: "u1" });
  assert.equal(stored.status, 201);
  const receipt = (await stored.json()) as PublishAnswer;
  assert.equal(receipt.status, "stored");

  const page = await read<MessagesAnswer>("/api/v1/messages?topic=identity");
  assert.equal(page.items[0]?.messageId, receipt.message_id);
  assert.equal(page.items[0]?.userId, "u1");
  assert.deepEqual(await read(stored.headers.get("location") ?? ""), page.items[0]);

  const streams = await read<Record<string, { length: number; stream: string }>>("/api/streams/");
  assert.equal(streams["identity"]?.length, 1);
  assert.deepEqual(streams["dead_letter"], { stream: "test:dead_letter:events", length: 0 });
  const detail = await read<StreamDetail>("/api/stream/identity?limit=1");
  assert.equal(detail.recent_messages.length, 1);
  const { items } = await read<TopicsAnswer>("/api/v1/topics");
  assert.deepEqual(
    items.map((item) => [item.topic, item.entries_added]),
    [["identity", 1]],
  );
});

test("pages meet without gap or repetition, newest first", async () => {
  for (let n = 0; n < 7; n++)
    await tide.publishMany("paging", [
      { type: "a", data: n },
      { type: "b", data: n, priority: "low" },
    ]);
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: MessagesAnswer = await read(`/api/v1/messages?topic=paging&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`);
    ids.push(...page.items.map((item) => item.messageId));
    cursor = page.next;
  }
  assert.equal(ids.length, 14);
  assert.equal(new Set(ids).size, 14);
});

test("metrics, status and groups have the shape of the contract", async () => {
  const metrics = await read<Record<string, Record<string, number>>>("/api/metrics");
  assert.ok((metrics["memory"]?.["used_memory"] ?? 0) > 0);
  assert.ok((metrics["connections"]?.["connected_clients"] ?? 0) > 0);
  assert.equal((await read<OrchestratorStatus>("/api/v1/orchestrator/status")).namespace, "test");
  await tide.groups.create("identity", "readers", "beginning");
  const { items } = await read<{ items: { group: string }[] }>("/api/v1/groups?topic=identity");
  assert.deepEqual(
    items.map((item) => item.group),
    ["readers"],
  );
  const pending = await read<PendingAnswer>("/api/pending/identity/readers");
  assert.deepEqual([pending.stream, pending.group, pending.pending_count], ["identity", "readers", 0]);
});

test("a dead letter is listed, grouped, shown, replayed and discarded", async () => {
  const died = Promise.withResolvers<void>();
  const onSettled = (): void => died.resolve();
  const consumer = await tide.consume("broken", { group: "sink", from: "beginning", onSettled }, () => {
    throw new Unrecoverable("no such user", { code: "NO_USER" });
  });
  await tide.publish("broken", { type: "email_sent", data: "<script>alert(1)</script>" });
  await died.promise;
  await consumer.stop();

  const { items, total } = await read<DeadLettersAnswer>("/api/v1/dead-letters?topic=broken&group=sink");
  assert.equal(total, 1);
  const [letter] = items;
  assert.equal(letter?.errorMessage, "no such user");
  assert.deepEqual(await read(`/api/v1/dead-letters/${letter?.id}`), letter);
  assert.equal((await read<{ items: { count: number }[] }>("/api/v1/dead-letters/groups")).items[0]?.count, 1);

  await refused(await post("/api/v1/dead-letters/replay", {}), 400, "INVALID_REQUEST");
  await refused(await post("/api/v1/dead-letters/discard", { all: true, topic: "broken" }), 400, "INVALID_REQUEST");
  assert.deepEqual(await (await post("/api/v1/dead-letters/replay", { ids: [letter?.id] })).json(), { replayed: 1, skipped: 0 });
  assert.deepEqual(await (await post("/api/v1/dead-letters/discard", { all: true })).json(), { discarded: 0 });
  await refused(await get(`/api/v1/dead-letters/${letter?.id}`), 404, "UNKNOWN_DEAD_LETTER");
});

test("hostile text in a message only ever travels as JSON", async () => {
  const data = "</script><img src=x onerror=alert(1)>";
  await tide.publish("hostile", { type: "x", data });
  const answer = await get("/api/v1/messages?topic=hostile");
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.equal(((await answer.json()) as MessagesAnswer).items[0]?.data, data);
  const lost = await get(`/api/${encodeURIComponent("<img src=x onerror=alert(1)>")}`);
  assert.match(lost.headers.get("content-type") ?? "", /^application\/problem\+json/);
});

test("bad input gets a problem with a stable code and no stack", async () => {
  await refused(await post("/api/v1/messages", '{"topic":'), 400, "INVALID_JSON");
  await refused(await post("/api/v1/messages", { topic: "identity" }), 400, "INVALID_REQUEST", /type/);
  await refused(await post("/api/v1/messages", { topic: "identity", type: "x", speed: 9 }), 400, "INVALID_REQUEST", /speed/);
  await refused(await post("/api/v1/messages", { topic: "Not OK!", type: "x" }), 400, "INVALID_TOPIC");
  await refused(await post("/api/v1/messages", ""), 400, "INVALID_REQUEST");
  await refused(await post("/api/v1/messages", { topic: "identity", type: "x", data: "x".repeat(1_100_000) }), 413, "PAYLOAD_TOO_LARGE");
  await refused(await post("/api/v1/messages", { topic: "identity", type: "x", data: "x".repeat(2_100_000) }), 413, "PAYLOAD_TOO_LARGE");
  await refused(await get("/api/stream/nowhere"), 404, "UNKNOWN_TOPIC");
  await refused(await get("/api/v1/messages?topic=nowhere"), 404, "UNKNOWN_TOPIC");
  await refused(await get("/api/v1/messages"), 400, "INVALID_REQUEST", /topic/);
  await refused(await get("/api/v1/messages?topic=identity&limit=many"), 400, "INVALID_REQUEST", /limit/);
  await refused(await get("/api/v1/messages?topic=identity&from=yesterday"), 400, "INVALID_POSITION");
  await refused(await get("/api/v1/messages/identity/1-1"), 404, "UNKNOWN_MESSAGE");
  await refused(await get("/api/pending/identity/nobody"), 404, "UNKNOWN_GROUP");
  await refused(await get("/api/nothing"), 404, "NOT_FOUND");
  await refused(await get("/api/v1/live"), 426, "UPGRADE_REQUIRED");
  const form = { method: "POST", headers: { ...bearer(), "content-type": "text/plain" }, body: "{}" };
  await refused(await fetch(`${url}/api/v1/messages`, form), 415, "UNSUPPORTED_MEDIA_TYPE");
});

test("a login link opens a session that acts for our own page only, and ends", async () => {
  const { url: link } = (await (await post("/api/v1/session/link", undefined)).json()) as { url: string };
  assert.ok(link.startsWith(`${url}/login#code=`));
  const code = link.split("#code=")[1];
  const signedIn = await login({ code }, url);
  assert.equal(signedIn.status, 200);
  const cookie = signedIn.headers.get("set-cookie") ?? "";
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  await refused(await login({ code }, url), 401, "WRONG_CODE");

  const session = { cookie: cookie.split(";")[0] ?? "", "content-type": "application/json" };
  const who = (await (await fetch(`${url}/api/v1/session`, { headers: session })).json()) as { kind: string };
  assert.equal(who.kind, "session");
  const act = (headers: Record<string, string>, method = "POST"): Promise<Response> =>
    fetch(url + (method === "POST" ? "/api/v1/messages" : "/api/v1/session"), {
      method,
      headers: { ...session, ...headers },
      ...(method === "POST" ? { body: '{"topic":"identity","type":"x"}' } : {}),
    });
  await refused(await act({ origin: "http://evil.example" }), 403, "ORIGIN_NOT_ALLOWED");
  await refused(await act({}), 403, "ORIGIN_NOT_ALLOWED");
  assert.equal((await act({ origin: url })).status, 201);
  assert.equal((await act({ origin: url }, "DELETE")).status, 204);
  await refused(await fetch(`${url}/api/v1/session`, { headers: session }), 401, "NOT_SIGNED_IN");
  assert.ok(signIns.some((event) => event.kind === "login" && event.via === "link"));
  assert.ok(signIns.some((event) => event.kind === "logout" && event.via === "session"));
});

test("a port in use is Node's own error", async () => {
  await assert.rejects(newServer(port).start(), { code: "EADDRINUSE" });
});

test("guessing tokens is slowed down, and does not lock a session out", async () => {
  const { cookie } = auth.openSession("admin");
  const guess = (): Promise<Response> => fetch(`${url}/api/streams`, { headers: { authorization: "Bearer tg_wrong" } });
  let answer = await guess();
  for (let n = 0; answer.status === 401 && n < 10; n++) answer = await guess();
  assert.equal(answer.status, 429);
  assert.ok(Number(answer.headers.get("retry-after")) > 0);
  assert.equal((await fetch(`${url}/api/streams`, { headers: { cookie: `tidegate_session_${port}=${cookie}` } })).status, 200);
});

// Helpers

function newServer(wanted: number): ControlServer {
  return controlServer({ port: wanted, tide, orchestrator: { status }, auth });
}

function status(): OrchestratorStatus {
  const components = [componentOf("demo", { state: healthy === "healthy" ? "healthy" : "failed" })];
  return statusOf(tide, { status: healthy, started_at: Date.now(), components });
}

function bearer(): { authorization: string } {
  return { authorization: `Bearer ${auth.firstToken}` };
}

function get(path: string): Promise<Response> {
  return fetch(url + path, { headers: bearer() });
}

async function read<T>(path: string): Promise<T> {
  const answer = await get(path);
  assert.equal(answer.status, 200, `${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { ...bearer(), ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(url + path, { method: "POST", headers, ...(body === undefined ? {} : { body: text }) });
}

function login(body: unknown, origin: string): Promise<Response> {
  return fetch(`${url}/api/v1/session/login`, {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify(body),
  });
}

async function refused(answer: Response, wanted: number, code: string, detail = /./): Promise<void> {
  const text = await answer.text();
  assert.equal(answer.status, wanted, text);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
  const problem = JSON.parse(text) as Problem;
  assert.equal(problem.code, code);
  assert.match(problem.detail, detail);
  assert.equal(problem.request_id, answer.headers.get("x-request-id"));
  assert.ok(!text.includes("    at "));
}
