/** What targets, routes and certificates mean for each other: routes in each other's way however they come in, a certificate that goes with its host. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeCertificate } from "../../../gateway/src/certificates/testing/certificate.ts";
import type { ConfigImportAnswer, Problem, ProxyRouteDoneAnswer, ProxyRoutesAnswer, ProxyTargetRemovedAnswer } from "../contract.ts";
import { ADMIN_TOKEN, ask, newToken, TokenBed, type Answer, type Instance } from "./testing/token-bed.ts";

interface Exported {
  readonly entities: { readonly route: Record<string, { data: Record<string, unknown> }> };
}

const stack = new AsyncDisposableStack();
let at: Instance;

before(async () => {
  const bed = stack.use(await TokenBed.open());
  at = await bed.instance("together");
});
after(() => stack.disposeAsync());

test("the list says of each route which others it is in the way of, or is never asked because of", async () => {
  await route("narrow", "/list/v1", 50);
  await route("wide", "/list", 100);
  const owner = await newToken(at, "reader", ["routes:read"]);
  const { body } = await admin<ProxyRoutesAnswer>("GET", "/routes");
  const told = Object.fromEntries(body.items.map(({ route_id: id, conflicts }) => [id, conflicts]));
  assert.deepEqual(told["narrow"], [
    { other: "wide", kind: "shadowed", why: "could never take a request: wide (priority 100) is asked first and takes them all" },
  ]);
  assert.deepEqual(told["wide"], [{ other: "narrow", kind: "shadows", why: "takes every request that narrow could" }]);
  assert.deepEqual((await ask<ProxyRoutesAnswer>(at, owner, "GET", "/v1/routes?owned_only=true")).body.items, []);
  for (const id of ["wide", "narrow"]) await admin("DELETE", `/routes/${id}`);
  await route("alone", "/list", 50);
  assert.deepEqual((await admin<ProxyRoutesAnswer>("GET", "/routes")).body.items[0]?.conflicts, []);
  await admin("DELETE", "/routes/alone");
});

test("no earlier version of a route comes back beside one that is in its way by now", async () => {
  await route("first", "/back", 50);
  await admin("PATCH", "/routes/first", { path_pattern: "/elsewhere" });
  await route("second", "/back", 50);
  const refused = await admin<Problem>("POST", "/revisions/route/first/rollback", { version: 1 });
  assert.deepEqual([refused.status, refused.body.code], [409, "ROUTE_CONFLICT"], refused.text);
  assert.match(refused.body.detail, /As it was then, the route first takes the same requests as second with the same priority, 50\./);
  assert.match(refused.body.hint ?? "", /tidegate route show second/);
  assert.equal((await admin<ProxyRouteDoneAnswer>("GET", "/routes/first")).body.path_pattern, "/elsewhere");
  await admin("DELETE", "/routes/second");
  await admin("DELETE", "/routes/first");
  await route("wide", "/", 100);
  assert.equal(
    (await admin<Problem>("POST", "/revisions/route/first/rollback", { version: 1 })).body.code,
    "ROUTE_CONFLICT",
    "deleted ones too",
  );
  await admin("DELETE", "/routes/wide");
  assert.equal((await admin("POST", "/revisions/route/first/rollback", { version: 1 })).status, 200);
  await admin("DELETE", "/routes/first");
});

test("an import with routes in each other's way is refused as a whole and says which; what was so where it comes from is only told", async () => {
  await route("here", "/import", 50);
  const { body: file } = await admin<Exported>("GET", "/config/export");
  const data = file.entities.route["here"]?.data ?? {};
  const withRoutes = (routes: Record<string, object>): Exported => ({
    ...file,
    entities: {
      ...file.entities,
      route: Object.fromEntries(Object.entries(routes).map(([id, more]) => [id, { data: { ...data, ...more } }])),
    },
  });
  const cases: [routes: Record<string, object>, says: RegExp][] = [
    [
      { fine: { path_pattern: "/fine" }, twin: {} },
      /route twin of the file takes the same requests as here .*, 50; here is there already, and not/,
    ],
    [{ a: { path_pattern: "/x" }, b: { path_pattern: "/x" } }, /route a of the file takes the same requests as b .*; b is in the file too/],
    [{ below: { path_pattern: "/import/v1", priority: 40 } }, /route below of the file could never take a request: here \(priority 50\)/],
  ];
  for (const [routes, says] of cases) {
    for (const dry of ["true", "false"]) {
      const refused = await admin<Problem>("POST", `/config/import?dry_run=${dry}`, withRoutes(routes));
      assert.deepEqual([refused.status, refused.body.code], [409, "ROUTE_CONFLICT"], refused.text);
      assert.match(refused.body.detail, says);
    }
  }
  assert.deepEqual(await routeIds(), ["here"], "nothing of it was done");
  const inherited = { here: {}, below: { path_pattern: "/import/v1", priority: 40 } };
  const taken = await admin<ConfigImportAnswer>("POST", "/config/import", withRoutes(inherited));
  assert.deepEqual(taken.body.kinds["route"], { created: ["below"], changed: [], same: ["here"], removed: [] }, taken.text);
  assert.match(taken.body.warnings[0] ?? "", /^The route below could never take a request: here/);
  const replaced = await admin<ConfigImportAnswer>("POST", "/config/import?replace=true", withRoutes({ twin: {} }));
  assert.equal(replaced.status, 200, replaced.text);
  assert.deepEqual(await routeIds(), ["twin"], "what goes is in nobody's way");
});

test("delete_certificate takes a certificate that nobody else is shown with, in the same step; the answer says what became of it", async () => {
  await certificate("own", ["own.example"]);
  await certificate("shared", ["*.shared.example"]);
  const requests = at.gateway.entities.table<{ domains: readonly string[]; owner: string }>("certificate_request");
  await requests.create("shared", { domains: ["*.shared.example"], owner: "admin" }, "admin");
  for (const hostname of ["own.example", "a.shared.example", "b.shared.example", "bare.localhost"]) await target({ hostname });
  await target({ hostname: "pinned.example", cert_name: "own", enable_https: false });

  const named = await remove("own.example");
  assert.deepEqual(named.body.certificate, { cert_name: "own", deleted: false, used_by: ["pinned.example"] }, named.text);
  const shared = await remove("a.shared.example");
  assert.equal(shared.status, 200);
  assert.equal(shared.body.detail, "The certificate shared stays: b.shared.example is shown with it.");
  assert.equal((await remove("bare.localhost")).body.certificate, null);
  for (const [host, name] of [
    ["pinned.example", "own"],
    ["b.shared.example", "shared"],
  ] as const) {
    const { body } = await remove(host);
    assert.deepEqual([body.certificate?.deleted, body.detail], [true, `The certificate ${name} is deleted.`]);
    assert.equal((await admin("GET", `/certificates/${name}`)).status, 404);
  }
  assert.equal(await requests.get("shared"), null, "nobody renews what was deleted");
  await target({ hostname: "plain.example" });
  const plain = await admin("DELETE", "/proxy/targets/plain.example");
  assert.deepEqual([plain.status, plain.text], [204, ""]);
});

test("a certificate of somebody else keeps the target too; one without the wish stays", async () => {
  await certificate("theirs", ["mine.example"]);
  const mine = await newToken(at, "mine", ["proxy:write", "certificates:write"]);
  const made = await ask(at, mine, "POST", "/v1/proxy/targets", { hostname: "mine.example", target_url: "http://127.0.0.1:9" });
  assert.equal(made.status, 201, made.text);
  const refused = await ask<Problem>(at, mine, "DELETE", "/v1/proxy/targets/mine.example?delete_certificate=true");
  assert.deepEqual([refused.status, refused.body.code], [403, "NOT_YOURS"], refused.text);
  assert.equal((await admin("GET", "/proxy/targets/mine.example")).status, 200);
  assert.equal((await ask(at, mine, "DELETE", "/v1/proxy/targets/mine.example")).status, 204);
  assert.equal((await admin("GET", "/certificates/theirs")).status, 200);
});

test("a service is made with a host name only by who may make targets", async () => {
  const builder = await newToken(at, "builder", ["services:write"]);
  const request = { service_name: "web", image: "web:1", auto_proxy: true };
  const refused = await ask<Problem>(at, builder, "POST", "/v1/services", request);
  assert.deepEqual(
    [refused.status, refused.body.code, /proxy:write/.test(refused.body.detail)],
    [403, "SCOPE_MISSING", true],
    refused.text,
  );
});

// Helpers

function admin<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  return ask<T>(at, ADMIN_TOKEN, method, `/v1${path}`, body);
}

function remove(host: string): Promise<Answer<ProxyTargetRemovedAnswer>> {
  return admin("DELETE", `/proxy/targets/${host}?delete_certificate=true`);
}

async function route(route_id: string, path_pattern: string, priority: number): Promise<void> {
  const { status, text } = await admin("POST", "/routes", { route_id, path_pattern, priority, target_type: "port", target_value: 9 });
  assert.equal(status, 201, text);
}

async function target(fields: object): Promise<void> {
  const { status, text } = await admin("POST", "/proxy/targets", { target_url: "http://127.0.0.1:9", ...fields });
  assert.equal(status, 201, text);
}

async function certificate(cert_name: string, names: readonly string[]): Promise<void> {
  const made = await makeCertificate({ names });
  const { status, text } = await admin("POST", "/certificates", { cert_name, fullchain_pem: made.certificate, private_key_pem: made.key });
  assert.equal(status, 201, text);
}

async function routeIds(): Promise<string[]> {
  return (await admin<ProxyRoutesAnswer>("GET", "/routes")).body.items.map(({ route_id }) => route_id);
}
