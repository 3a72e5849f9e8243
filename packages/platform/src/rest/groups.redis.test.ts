import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import type { GroupsAnswer, Problem } from "../contract.ts";
import { controlServer } from "./testing/control-server.ts";

const bed = new AsyncDisposableStack();
let tide: Tide;
let auth: Auth;
let url: string;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-groups-"));
  bed.defer(() => rm(folder, { recursive: true }));
  const redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "test" }));
  auth = await Auth.open(folder);
  const server = controlServer({ tide, auth });
  bed.defer(() => server.stop());
  ({ url } = await server.start());
  await tide.publishMany(
    "orders",
    Array.from({ length: 5 }, (_, n) => ({ type: "n", data: n })),
  );
});

after(() => bed.disposeAsync());

test("a group is made, moved, begun anew, released and removed", async () => {
  const made = await act("POST", "/api/v1/groups", { topic: "orders", group: "audit", from: "now" });
  assert.deepEqual([made.status, await made.json()], [201, { topic: "orders", group: "audit", created: true }]);
  const again = await act("POST", "/api/v1/groups", { topic: "orders", group: "audit" });
  assert.deepEqual([again.status, await again.json()], [200, { topic: "orders", group: "audit", created: false }]);
  assert.equal(await lag(), 0);

  assert.deepEqual(await done(await act("POST", "/api/v1/groups/orders/audit/reset")), { released: 0, dropped: 0 });
  assert.equal(await lag(), 5);
  assert.deepEqual(await done(await act("POST", "/api/v1/groups/orders/audit/seek", { to: "now" })), { released: 0, dropped: 0 });
  assert.equal(await lag(), 0);
  await done(await act("POST", "/api/v1/groups/orders/audit/seek", { to: new Date(Date.now() - 3_600_000).toISOString() }));
  assert.equal(await lag(), 5);
  await done(await act("POST", "/api/v1/groups/orders/audit/seek", { to: String(Date.now() + 3_600_000) }));
  assert.equal(await lag(), 0);

  assert.equal((await act("POST", "/api/v1/groups/orders/audit/release")).status, 204);
  assert.deepEqual(await done(await act("DELETE", "/api/v1/groups/orders/audit")), { removed: true });
  await refused(await act("DELETE", "/api/v1/groups/orders/audit"), 404, "UNKNOWN_GROUP");
});

test("what is wrong is refused by name, and nobody unknown may act", async () => {
  await tide.groups.create("orders", "kept");
  await refused(await act("POST", "/api/v1/groups", { topic: "orders" }), 400, "INVALID_REQUEST");
  await refused(await act("POST", "/api/v1/groups", { topic: "Not OK", group: "x" }), 400, "INVALID_TOPIC");
  await refused(await act("POST", "/api/v1/groups", { topic: "orders", group: "a b" }), 400, "INVALID_GROUP");
  await refused(await act("POST", "/api/v1/groups/orders/kept/seek", { to: "soon" }), 400, "INVALID_POSITION");
  await refused(await act("POST", "/api/v1/groups/orders/nobody/seek", { to: "now" }), 404, "UNKNOWN_GROUP");
  await refused(await act("POST", "/api/v1/groups/nothing/kept/reset"), 404, "UNKNOWN_TOPIC");
  for (const [method, path] of [
    ["POST", "/api/v1/groups"],
    ["POST", "/api/v1/groups/orders/kept/seek"],
    ["POST", "/api/v1/groups/orders/kept/reset"],
    ["POST", "/api/v1/groups/orders/kept/release"],
    ["DELETE", "/api/v1/groups/orders/kept"],
    ["PATCH", "/api/v1/topics/orders/settings"],
  ] as const) {
    const answer = await fetch(url + path, { method });
    assert.equal(answer.status, 401, path);
    const { cookie } = auth.openSession("admin");
    const foreign = { cookie: `tidegate_session_${new URL(url).port}=${cookie}`, origin: "http://evil.example" };
    await refused(await fetch(url + path, { method, headers: foreign }), 403, "ORIGIN_NOT_ALLOWED");
  }
  assert.ok((await tide.groups.list("orders")).some(({ group }) => group === "kept"));
});

test("a topic's settings are shown and changed, and kept while lanes that would go have entries", async () => {
  const path = "/api/v1/topics/shared/settings";
  assert.deepEqual(await done(await act("GET", path)), { topic: "shared", lanes: true, wire: "compact" });
  assert.deepEqual(await done(await act("PATCH", path, { lanes: false })), { topic: "shared", lanes: false, wire: "compact" });
  assert.deepEqual(await done(await act("PATCH", path, { wire: "full" })), { topic: "shared", lanes: false, wire: "full" });
  assert.deepEqual(await tide.settings("shared"), { lanes: false, wire: "full" });
  await done(await act("PATCH", path, { lanes: true }));
  await tide.publish("shared", { type: "n", priority: "high" });
  await refused(await act("PATCH", path, { lanes: false }), 409, "TOPIC_IN_USE");
  await refused(await act("PATCH", path, {}), 400, "INVALID_REQUEST");
  await refused(await act("PATCH", path, { wire: "loud" }), 400, "INVALID_REQUEST");
});

test("every act is in the OpenAPI document", async () => {
  const { paths } = await done<{ paths: Record<string, object> }>(await act("GET", "/api/openapi.json"));
  assert.deepEqual(Object.keys(paths["/api/v1/topics/{topic}/settings"] ?? {}), ["get", "patch"]);
  assert.deepEqual(Object.keys(paths["/api/v1/groups"] ?? {}), ["get", "post"]);
  assert.deepEqual(Object.keys(paths["/api/v1/groups/{topic}/{group}"] ?? {}), ["delete"]);
});

// Helpers

function act(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${auth.firstToken}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  return fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function done<T>(answer: Response): Promise<T> {
  assert.equal(answer.status, 200, `${answer.url}: ${answer.status}`);
  return (await answer.json()) as T;
}

async function lag(): Promise<number | undefined> {
  const { items } = await done<GroupsAnswer>(await act("GET", "/api/v1/groups?topic=orders"));
  return items.find(({ group }) => group === "audit")?.lag;
}

async function refused(answer: Response, wanted: number, code: string): Promise<void> {
  const problem = (await answer.json()) as Problem;
  assert.deepEqual([answer.status, problem.code], [wanted, code], problem.detail);
}
