import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { WebSocket } from "ws";
import { compose, type Control } from "./compose.ts";
import { parseConfig } from "./config.ts";
import type { AuditAnswer, ComponentHistoryAnswer, OrchestratorStatus } from "./contract.ts";
import { Journal } from "./orchestrator/journal.ts";
import { recordsOf } from "./rest/testing/telemetry-records.ts";

for (const embedded of [false, true])
  test(`${embedded ? "our own Redis" : "somebody else's Redis"} is healthy as soon as everything has started`, async () => {
    await using redis = await startRedis();
    await using control = await begin({ url: redis.url, embedded, namespace: "composed", pid: embedded ? redis.pid : null });
    const { status, components, leader, lag } = control.orchestrator.status();
    assert.equal(status, "healthy", JSON.stringify(components));
    assert.equal(components.find(({ name }) => name === "redis")?.state, "healthy");
    assert.equal(leader, true);
    assert.deepEqual(lag, { messages: 0, seconds: 0, group: null });
  });

test("a life is told: events only of what happened, changes of state over restarts, and the last word is stored", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, namespace: "told" });
  const store = tide.store("test");
  await store.whenUp(5_000);
  const place = { url: redis.url, embedded: true, namespace: "told", pid: redis.pid };
  const instances: string[] = [];
  for (const why of ["first", "second"]) {
    await using control = await begin(place);
    instances.push(control.orchestrator.status().instance);
    control.announcer.stopping(why);
  }
  const life = await recordsOf(store, "events:orchestrator:stream");
  assert.deepEqual(
    life.map(({ eventType, fields }) => [eventType, fields["why"]]),
    [
      ["orchestrator_initialized", undefined],
      ["orchestrator_started", undefined],
      ["orchestrator_stopped", "first"],
      ["orchestrator_initialized", undefined],
      ["orchestrator_started", undefined],
      ["orchestrator_stopped", "second"],
    ],
  );
  const services = await recordsOf(store, "events:service:stream");
  assert.deepEqual(
    services.map(({ eventType, fields }) => [eventType, fields["service"], fields["pid"]]),
    [
      ["service_created", "redis", undefined],
      ["service_started", "redis", redis.pid],
    ],
    "the same Redis did not start a second time",
  );

  await using control = await begin(place);
  control.redisIs({ pid: null, restarts: 0, detail: "ended by signal SIGKILL" });
  control.redisIs({ pid: 7, restarts: 1, detail: null });
  const items = await written(control, 10);
  const changes = items.map(({ from, to, instance }) => [from, to, instances.indexOf(instance)]);
  assert.deepEqual(changes, [
    ["starting", "healthy", -1],
    ["waiting", "starting", -1],
    ["stopping", "stopped", 1],
    ["healthy", "stopping", 1],
    ["starting", "healthy", 1],
    ["waiting", "starting", 1],
    ["stopping", "stopped", 0],
    ["healthy", "stopping", 0],
    ["starting", "healthy", 0],
    ["waiting", "starting", 0],
  ]);
  await control.orchestrator.stop(5_000);
  const more = (await recordsOf(store, "events:service:stream")).slice(2);
  assert.deepEqual(
    more.map(({ eventType, fields }) => [eventType, fields["pid"] ?? fields["error"]]),
    [
      ["service_failed", "ended by signal SIGKILL"],
      ["service_started", 7],
    ],
  );
  const lines = await recordsOf(store, "logs:system:stream");
  assert.ok(lines.some(({ component, message, fields }) => component === "redis" && message === "starting" && fields["at"] !== undefined));
});

test("REST: a trace for each request, records for the API alone, and every act in the audit trail, also what was denied", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, namespace: "rest" });
  const store = tide.store("test");
  await store.whenUp(5_000);
  await using control = await begin({ url: redis.url, embedded: false, namespace: "rest", pid: null });
  const { url } = control.console.address ?? assert.fail("no address");
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const act = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${control.auth.firstToken}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const published = await act("POST", "/api/v1/messages", { topic: "orders", type: "placed", data: { secret: 1 } }, { traceparent });
  assert.equal(published.headers.get("x-trace-id"), "0af7651916cd43dd8448eb211c80319c");
  const [message] = await Array.fromAsync(tide.read("orders"));
  assert.equal(message?.traceparent?.slice(3, 35), "0af7651916cd43dd8448eb211c80319c");
  await act("DELETE", "/api/v1/groups/orders/nobody");
  await act("DELETE", "/api/v1/groups/orders/mine", undefined, { authorization: "Bearer tg_wrong" });
  await act("GET", "/api/v1/topics");
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers: { authorization: `Bearer ${control.auth.firstToken}` } });
  await once(socket, "open");
  socket.terminate();
  await fetch(`${url}/health`);
  await fetch(`${url}/`);
  const cookie = `tidegate_session_${new URL(url).port}=${control.auth.openSession("admin").cookie}`;
  assert.equal((await fetch(`${url}/api/v1/jobs`, { headers: { cookie } })).status, 200);
  assert.equal((await fetch(`${url}/api/v1/jobs`, { headers: { cookie: `${cookie}0` } })).status, 401);
  await control.streams.tide.flush();

  const { items, next } = await ask<AuditAnswer>(control, "/api/v1/audit");
  const told = items.map(({ actor, action, resource, result }) => [actor, action, resource, result]).toReversed();
  assert.deepEqual(told, [
    ["admin", "signed_in", "session", "done"],
    ["admin", "created", "messages", "done"],
    ["admin", "deleted", "groups/orders/nobody", "failed"],
    ["unknown", "signed_in", "session", "denied"],
    ["unknown", "deleted", "groups/orders/mine", "denied"],
  ]);
  assert.equal(next, null);
  const created = items.find(({ action }) => action === "created");
  assert.equal(created?.trace, "0af7651916cd43dd8448eb211c80319c");
  assert.deepEqual([created.fields["topic"], created.fields["type"], created.fields["data"]], ["orders", "placed", undefined]);
  const { items: page, next: cursor } = await ask<AuditAnswer>(control, "/api/v1/audit?result=denied&limit=1");
  assert.equal(page[0]?.resource, "groups/orders/mine");
  const { items: rest } = await ask<AuditAnswer>(control, `/api/v1/audit?result=denied&limit=1&cursor=${cursor}`);
  assert.equal(rest[0]?.action, "signed_in");

  const records = await recordsOf(store, "logs:request:stream");
  const paths = records.map(({ fields }) => `${String(fields["method"])} ${String(fields["route"])} ${String(fields["status"])}`);
  assert.deepEqual(paths.slice(0, 4), [
    "POST /api/v1/messages 201",
    "DELETE /api/v1/groups/:topic/:group 404",
    "DELETE /api/v1/groups/:topic/:group 401",
    "GET /api/v1/topics 200",
  ]);
  assert.deepEqual([records[0]?.fields["user"], records[2]?.fields["user"], records[0]?.fields["ip"]], ["admin", undefined, "127.0.0.1"]);
  const [handshake] = records.filter(({ fields }) => fields["path"] === "/ws");
  assert.deepEqual([handshake?.fields["status"], handshake?.fields["user"]], [101, "admin"]);
  const noise = records.filter(({ fields }) => fields["path"] !== "/ws" && !String(fields["path"]).startsWith("/api/"));
  assert.deepEqual(noise, []);
  const asked = records.filter(({ fields }) => fields["path"] === "/api/v1/jobs").map(({ fields }) => fields["status"]);
  assert.deepEqual(asked, [401], "what the console reads by its session leaves no record, what is refused does");
});

test("a second control process of the namespace follows, takes over when the first stops, and another namespace is refused", async () => {
  await using redis = await startRedis();
  const first = await begin({ url: redis.url, embedded: false, namespace: "ours", pid: null });
  await using second = await begin({ url: redis.url, embedded: false, namespace: "ours", pid: null });
  assert.deepEqual(
    [first, second].map((one) => one.orchestrator.status().leader),
    [true, false],
  );

  await using foreign = await begin({ url: redis.url, embedded: false, namespace: "theirs", pid: null });
  assert.equal(foreign.orchestrator.status().status, "unhealthy");
  const failure = foreign.orchestrator.essentialFailure()?.error as { code: string; message: string; hint: string };
  assert.equal(failure.code, "DATABASE_TAKEN");
  assert.match(failure.message, /belongs to the Tidegate of the namespace "ours"; "theirs" cannot share it/);
  assert.match(failure.hint, /TELEMETRY_PREFIX/);
  await using apart = await begin({ url: redis.url, embedded: false, namespace: "theirs", pid: null, prefix: "theirs:" });
  assert.equal(apart.orchestrator.status().status, "healthy");

  await first[Symbol.asyncDispose]();
  const limit = performance.now() + 8_000;
  while (!second.orchestrator.status().leader) {
    assert.ok(performance.now() < limit, "nobody took over");
    await pause(5);
  }
  const status = await ask<OrchestratorStatus>(second, "/api/v1/orchestrator/status");
  assert.equal(status.leader, true);
});

// Helpers

interface Place {
  readonly url: string;
  readonly embedded: boolean;
  readonly namespace: string;
  readonly pid: number | null;
  readonly prefix?: string;
}

/** As the control process does it; stopped and tidied up at the end of the scope. */
async function begin({ url, embedded, namespace, pid, prefix = "" }: Place): Promise<Control & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-compose-"));
  const config = parseConfig({ data: folder, port: "0", namespace }, { TELEMETRY_PREFIX: prefix }, folder);
  const control = await compose(config, { url, password: null, embedded }, new Journal("critical", () => {}));
  control.redisIs({ pid, restarts: 0, detail: null });
  await control.orchestrator.start();
  control.announcer.started();
  const end = async (): Promise<void> => {
    await control.orchestrator.stop(5_000);
    await rm(folder, { recursive: true, force: true });
  };
  return { ...control, [Symbol.asyncDispose]: end };
}

/** The console's changes of state, newest first, once there are so many: they are written beside what they tell of. */
async function written(control: Control, count: number): Promise<ComponentHistoryAnswer["items"]> {
  const limit = performance.now() + 8_000;
  for (;;) {
    const { items } = await ask<ComponentHistoryAnswer>(control, "/api/v1/orchestrator/history?component=console");
    if (items.length >= count || performance.now() > limit) return items;
    await pause(5);
  }
}

async function ask<T>(control: Control, path: string): Promise<T> {
  const { url } = control.console.address ?? assert.fail("no address");
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${control.auth.firstToken}` } });
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as T;
}
