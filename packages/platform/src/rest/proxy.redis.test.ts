/** Targets and routes through REST, over a real store and a real edge worker: what is answered, kept, hidden, refused, and served. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { until } from "../../../streams/src/testing/events.ts";
import { EdgeWorker } from "../../../gateway/src/edge/worker.ts";
import type {
  CertificateAnswer,
  ConfigImportAnswer,
  Problem,
  ProxyAuthAnswer,
  ProxyExplanationAnswer,
  ProxyRouteDoneAnswer,
  ProxyTargetAnswer,
  ProxyTargetDoneAnswer,
  ProxyTargetMadeAnswer,
  ProxyTargetRoutesAnswer,
  RevisionsAnswer,
  RevokedAnswer,
} from "../contract.ts";
import { ADMIN_TOKEN, ask, NAMESPACE, newToken, TokenBed, type Answer, type Instance } from "./testing/token-bed.ts";

const stack = new AsyncDisposableStack();
let bed: TokenBed;
let at: Instance;
let upstream: string;
let door: number;

before(async () => {
  bed = stack.use(await TokenBed.open());
  at = await bed.instance("proxy");
  upstream = `http://127.0.0.1:${await listen(createServer((asked, answer) => answer.end(`upstream ${asked.headers.host} ${asked.url}`)))}`;
  const dataFolder = await mkdtemp(join(tmpdir(), "tidegate-proxy-"));
  stack.defer(() => rm(dataFolder, { recursive: true }));
  const http = { ports: { host: "127.0.0.1", http: 0, https: null }, trusted: [], tokens: () => () => null };
  const connection = { url: bed.redis.url, namespace: NAMESPACE };
  const worker = new EdgeWorker({ connection, namespace: NAMESPACE, prefix: "", id: "1", dataFolder, http });
  await worker.start();
  stack.defer(() => worker.stop());
  await until("the edge listens", async () => (await listening()).length > 0);
  door = Number(new URL((await listening())[0] ?? "").port);
});
after(() => stack.disposeAsync());

test("a host name is served as soon as the answer says so; changes are followed, and it is gone afterwards", async () => {
  const made = await admin<ProxyTargetDoneAnswer>("POST", "/proxy/targets", {
    hostname: "App.Example.",
    target_url: upstream,
    enable_https: false,
  });
  assert.deepEqual(
    [made.status, made.headers.get("etag"), made.headers.get("location")],
    [201, '"1"', "/api/v1/proxy/targets/app.example"],
  );
  assert.deepEqual([made.body.hostname, made.body.served, made.body.warnings], ["app.example", true, []], made.text);
  assert.deepEqual(made.body.urls, [`http://app.example:${door}`]);
  assert.deepEqual(await through("app.example", "/x?y=1"), [200, "upstream app.example /x?y=1"]);

  const changed = await admin<ProxyTargetDoneAnswer>("PATCH", "/proxy/targets/app.example", { preserve_host_header: false });
  assert.deepEqual([changed.body.version, changed.body.served, changed.body.target_url], [2, true, upstream]);
  assert.deepEqual(await through("app.example", "/"), [200, `upstream ${new URL(upstream).host} /`]);
  await admin("POST", "/proxy/targets/app.example/maintenance", { message: "back at noon" });
  const [status, body] = await through("app.example", "/");
  assert.deepEqual([status, body.includes("back at noon")], [503, true]);
  assert.equal((await admin<ProxyTargetAnswer>("POST", "/proxy/targets/app.example/open")).body.mode, "open");
  const paused = await admin<ProxyTargetAnswer>("POST", "/proxy/targets/app.example/pause?hold=5");
  assert.deepEqual([paused.body.mode, paused.body.hold], ["paused", 5]);
  const held = through("app.example", "/held");
  await admin("POST", "/proxy/targets/app.example/resume");
  assert.equal((await held)[0], 200);

  assert.equal((await admin("DELETE", "/proxy/targets/app.example")).status, 204);
  assert.equal((await admin<Problem>("GET", "/proxy/targets/app.example")).body.code, "UNKNOWN_TARGET");
  assert.equal((await through("app.example", "/"))[0], 404);
  assert.deepEqual(await eventsOf("proxy_", "app.example"), [
    "proxy_created",
    ...Array.from({ length: 5 }, () => "proxy_updated"),
    "proxy_deleted",
  ]);
});

test("versions: the one that was seen is changed, another is not; a name is taken once", async () => {
  await target("seen.example");
  assert.equal(
    (await admin<Problem>("POST", "/proxy/targets", { hostname: "seen.example", target_url: upstream })).body.code,
    "NAME_TAKEN",
  );
  const secure = await admin<ProxyTargetDoneAnswer>("PATCH", "/proxy/targets/seen.example", { enable_https: true, http: "redirect" });
  assert.match(secure.body.warnings[0] ?? "", /No certificate fits seen\.example.*nobody reaches seen\.example/);
  const local = await admin<ProxyTargetDoneAnswer>("POST", "/proxy/targets", { hostname: "seen.localhost", target_url: upstream });
  assert.deepEqual(local.body.warnings, []);
  const stale = await put("/proxy/targets/seen.example", { description: "x" }, '"9"');
  assert.deepEqual([stale.status, ((await stale.json()) as Problem).code], [412, "VERSION_CONFLICT"]);
  assert.equal((await put("/proxy/targets/seen.example", { description: "x" }, 'W/"2"')).status, 200);
  const csv = await admin("GET", "/proxy/targets/formatted?format=csv");
  assert.match(csv.text, /^hostname,target_url[^]*seen\.example,http/);
  const json = await admin<{ items: ProxyTargetAnswer[] }>("GET", "/proxy/targets/formatted?format=json");
  assert.ok(json.body.items.some(({ hostname }) => hostname === "seen.example"));
});

test("a certificate is asked for with its host; what stands in the way is told, and the host is served all the same", async () => {
  const made = await withCertificate({ hostname: "One.tidegate-tests.net", email: "ann@tidegate-tests.net", skip_preflight: true });
  const pending = { name: "one.tidegate-tests.net", status: "pending" };
  assert.deepEqual([made.status, made.body.certificate, made.body.certificate_problem], [201, pending, null], made.text);
  assert.match(
    made.body.warnings.join(),
    /The certificate one\.tidegate-tests\.net for .* is being issued: tidegate cert status .*nobody reaches/,
  );
  assert.ok(!("email" in made.body) && !("email" in (await stored("one.tidegate-tests.net"))), "nothing of it is the target's");
  const { email, owner } = (await admin<CertificateAnswer>("GET", "/certificates/one.tidegate-tests.net")).body;
  assert.deepEqual([email, owner], ["ann@tidegate-tests.net", "admin"]);
  await admin("DELETE", "/proxy/targets/one.tidegate-tests.net");
  const again = await withCertificate({ hostname: "one.tidegate-tests.net", issue_certificate: true });
  assert.deepEqual(again.body.certificate, pending, "the one that is asked for already");
  assert.match(again.body.warnings[0] ?? "", /is asked for already, and fits .*: no other one is ordered/);

  const blocked = await withCertificate({ hostname: "nowhere.tidegate-tests.net", issue_certificate: true, cert_name: "later" });
  assert.deepEqual([blocked.status, blocked.body.served, blocked.body.certificate], [201, true, null], blocked.text);
  const problem = /^No certificate was ordered for nowhere\..* Then: tidegate cert create nowhere\.tidegate-tests\.net --name later$/;
  assert.match(blocked.body.certificate_problem ?? "", problem);
  assert.equal(blocked.body.warnings[0], blocked.body.certificate_problem);
  assert.match(
    blocked.body.warnings[1] ?? "",
    /no certificate later yet: tidegate cert create .* --name later, or tidegate cert upload later /,
  );
  assert.equal((await admin("GET", "/certificates/later")).status, 404);

  const told = [
    [{ hostname: "dev.localhost", issue_certificate: true }, /dev\.localhost is a name for development/],
    [{ hostname: "plain.tidegate-tests.net", email: "ann@tidegate-tests.net", enable_https: false }, /not served by HTTPS/],
    [
      { hostname: "bare.tidegate-tests.net" },
      /No certificate fits .*: tidegate cert create bare\.tidegate-tests\.net, or tidegate cert upload/,
    ],
    [{ hostname: "never.example" }, /No certificate fits never\.example, so HTTPS refuses it: tidegate cert upload/],
  ] as const;
  for (const [fields, words] of told) {
    const { status, body, text: all } = await withCertificate(fields);
    assert.deepEqual([status, body.certificate, body.certificate_problem], [201, null, null], all);
    assert.match(body.warnings.join(), words);
  }
});

test("a certificate that cannot be, or is not the caller's to ask for, leaves no host behind", async () => {
  const proxyOnly = await newToken(at, "proxy-only", ["proxy:write"]);
  const wish = { hostname: "mine.tidegate-tests.net", target_url: upstream, issue_certificate: true };
  const denied = await ask<Problem>(at, proxyOnly, "POST", "/v1/proxy/targets", wish);
  assert.deepEqual([denied.status, denied.body.code, /certificates:write/.test(denied.body.detail)], [403, "SCOPE_MISSING", true]);
  const refused = [
    [{ hostname: "*.tidegate-tests.net" }, "INVALID_CERTIFICATE_REQUEST", /needs dns-01/],
    [{ hostname: "mine.example" }, "INVALID_CERTIFICATE_REQUEST", /no public CA issues for/],
    [{ email: "nobody" }, "INVALID_CERTIFICATE_REQUEST", /email/],
    [{ staging: "yes" }, "INVALID_CERTIFICATE_REQUEST", /staging/],
    [{ issue_certificate: "yes" }, "INVALID_REQUEST", /issue_certificate/],
    [{ skip_preflight: 1 }, "INVALID_REQUEST", /skip_preflight/],
  ] as const;
  for (const [fields, code, words] of refused) {
    const { status, body } = await admin<Problem>("POST", "/proxy/targets", { ...wish, ...fields });
    assert.deepEqual([status, body.code], [400, code], body.detail);
    assert.match(body.detail, words);
  }
  const { items } = (await admin<{ items: ProxyTargetAnswer[] }>("GET", "/proxy/targets")).body;
  assert.deepEqual(
    items.map(({ hostname }) => hostname).filter((host) => host.startsWith("mine.") || host.startsWith("*.")),
    [],
  );
  const own = await newToken(at, "both", ["proxy:write", "certificates:write"]);
  const made = await ask(at, own, "POST", "/v1/proxy/targets", { ...wish, skip_preflight: true });
  assert.equal(made.status, 201, made.text);
  assert.equal((await admin<CertificateAnswer>("GET", "/certificates/mine.tidegate-tests.net")).body.owner, "both");
});

test("passwords are hashed, header values sealed, and neither is ever shown; *** leaves them as they are", async () => {
  await target("locked.example");
  const access = {
    basic: { realm: "Staff", users: { ann: { password: "correct horse", groups: ["ops"] } } },
    forward: { url: "http://127.0.0.1:1/verify", headers: { "X-Key": "forward-secret" } },
    allow_ips: ["127.0.0.1"],
  };
  const set = await admin<ProxyAuthAnswer>("POST", "/proxy/targets/locked.example/auth", access);
  assert.equal(set.status, 200, set.text);
  assert.deepEqual(set.body.access?.basic?.users, { ann: { password: "***", email: null, groups: ["ops"] } });
  assert.deepEqual([set.body.auth_enabled, set.body.access?.forward?.headers], [true, { "X-Key": "***" }]);
  const first = JSON.stringify(await stored("locked.example"));
  assert.match(first, /scrypt\$16384\$8\$5\$/);
  assert.match(first, /\$sealed/);
  for (const secret of ["correct horse", "forward-secret"]) assert.ok(!first.includes(secret));

  const again = await admin<ProxyAuthAnswer>("POST", "/proxy/targets/locked.example/auth", set.body.access);
  assert.equal(again.status, 200, again.text);
  assert.equal(JSON.stringify((await stored("locked.example")).access), JSON.stringify(JSON.parse(first).access), "as it was");
  const shown = [
    await admin("GET", "/proxy/targets/locked.example"),
    await admin("GET", "/proxy/targets"),
    await admin("GET", "/revisions/target/locked.example"),
    await admin("GET", "/audit?limit=100"),
  ];
  for (const { text: words } of shown) assert.doesNotMatch(words, /scrypt|\$sealed|correct horse|forward-secret/);
  assert.equal((await through("locked.example", "/"))[0], 503, "forward-auth does not answer");
  const missing = await admin<Problem>("POST", "/proxy/targets/locked.example/auth", { basic: { users: { ben: {} } } });
  assert.deepEqual([missing.status, missing.body.code], [400, "INVALID_TARGET"]);
  assert.match(missing.body.detail, /users\.ben has no password/);
  assert.equal((await admin<ProxyAuthAnswer>("DELETE", "/proxy/targets/locked.example/auth")).body.auth_enabled, false);
  assert.equal((await through("locked.example", "/"))[0], 200);
});

test("routes: made, tried in order, listed for a host, turned off for it, explained, and refused where two mean the same", async () => {
  await target("routed.example");
  const made = await admin<ProxyRouteDoneAnswer>("POST", "/routes", {
    path_pattern: "/api/v2",
    target_type: "redirect",
    target_value: "/elsewhere{path}",
    scope: "proxy",
    proxy_hostnames: ["routed.example", "later.example"],
  });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.body.route_id, made.body.served, made.body.status], ["api-v2", true, 308]);
  assert.deepEqual(made.body.warnings, ["There is no target later.example yet: tidegate proxy create later.example <url>"]);
  assert.equal((await through("routed.example", "/api/v2/x"))[0], 308);
  const twice = await admin<Problem>("POST", "/routes", {
    path_pattern: "/api/v2",
    target_type: "port",
    target_value: 9,
    scope: "proxy",
    proxy_hostnames: ["routed.example"],
  });
  assert.deepEqual([twice.status, twice.body.code], [409, "ROUTE_CONFLICT"], twice.text);

  const why = await admin<ProxyExplanationAnswer>("GET", `/proxy/explain?url=${encodeURIComponent("http://routed.example/api/v2/x")}`);
  assert.deepEqual([why.body.target, why.body.route, why.body.status], ["routed.example", "api-v2", 308], why.text);
  const off = await admin<ProxyTargetRoutesAnswer>("POST", "/proxy/targets/routed.example/routes/api-v2/disable");
  assert.deepEqual([off.body.disabled_routes, off.body.routes], [["api-v2"], []]);
  assert.equal((await through("routed.example", "/api/v2/x"))[0], 200);
  const on = await admin<ProxyTargetRoutesAnswer>("POST", "/proxy/targets/routed.example/routes/api-v2/enable");
  assert.deepEqual([on.body.disabled_routes, on.body.routes.map(({ route_id }) => route_id)], [[], ["api-v2"]]);
  const only = await admin<ProxyTargetRoutesAnswer>("PUT", "/proxy/targets/routed.example/routes", { route_mode: "none" });
  assert.deepEqual([only.body.route_mode, only.body.routes], ["none", []]);

  const named = await admin<Problem>("DELETE", "/proxy/targets/routed.example");
  assert.deepEqual(
    [named.status, named.body.code, named.body.detail],
    [409, "STILL_NAMED", "The target routed.example is named by the route api-v2."],
  );
  assert.equal((await admin("DELETE", "/proxy/targets/routed.example?force=true")).status, 204);
  assert.equal((await admin("DELETE", "/routes/api-v2")).status, 204);
  assert.deepEqual(await eventsOf("route_", "api-v2"), ["route_created", "route_deleted"]);
});

test("a service gets a host name, and is not deleted while that leads to it", async () => {
  await admin("POST", "/services/external", { service_name: "search", url: upstream });
  const made = await admin<ProxyTargetDoneAnswer>("POST", "/services/search/proxy?hostname=search.example&enable_https=false");
  assert.deepEqual([made.status, made.body.target_url, made.body.warnings], [201, "service:search", []], made.text);
  assert.deepEqual(await through("search.example", "/s"), [200, "upstream search.example /s"]);
  const again = await admin<ProxyTargetAnswer>("PUT", "/proxy/targets/search.example", { target_url: made.body.target_url });
  assert.equal(again.body.target_url, "service:search", "what was answered can be sent back");
  const refused = await admin<Problem>("DELETE", "/services/external/search");
  assert.deepEqual([refused.body.code, refused.body.detail], ["STILL_NAMED", "The service search is named by the target search.example."]);
  assert.equal((await admin("DELETE", "/services/external/search?force=true")).status, 204);
  const left = await admin<ProxyTargetDoneAnswer>("PATCH", "/proxy/targets/search.example", { description: "left" });
  assert.match(left.body.warnings[0] ?? "", /There is no service search yet/);
  assert.equal((await admin<Problem>("POST", "/services/search/proxy?hostname=other.example")).body.code, "UNKNOWN_SERVICE");
});

test("whose it is: others read it, only its owner and an admin change it, and it goes with its token", async () => {
  const owner = await newToken(at, "owner", ["proxy:write", "routes:write"]);
  const other = await newToken(at, "other", ["proxy:write"]);
  const mine = { hostname: "mine.example", target_url: upstream, enable_https: false };
  assert.equal((await ask(at, owner, "POST", "/v1/proxy/targets", mine)).status, 201);
  const route = { route_id: "mine", path_pattern: "/mine", target_type: "url", target_value: upstream };
  assert.equal((await ask(at, owner, "POST", "/v1/routes", route)).status, 201);
  for (const [method, path] of [
    ["PATCH", ""],
    ["POST", "/pause"],
    ["DELETE", ""],
    ["DELETE", "/auth"],
  ] as const) {
    const answer = await ask<Problem>(at, other, method, `/v1/proxy/targets/mine.example${path}`, method === "PATCH" ? {} : undefined);
    assert.deepEqual([answer.status, answer.body.code], [403, "NOT_YOURS"], `${method} ${path}`);
  }
  assert.equal((await ask<Problem>(at, other, "GET", "/v1/routes")).body.code, "SCOPE_MISSING");
  assert.equal((await ask(at, other, "GET", "/v1/proxy/targets/mine.example")).status, 200);
  const all = await ask<{ items: unknown[] }>(at, other, "GET", "/v1/proxy/targets?owned_only=true");
  assert.deepEqual(all.body.items, []);
  const ended = await admin<RevokedAnswer>("DELETE", "/tokens/owner?cascade=true");
  assert.deepEqual(ended.body.removed, { routes: 1, proxy: 1 });
  assert.match(ended.body.detail, /1 route, 1 proxy went with it/);
  assert.equal((await through("mine.example", "/"))[0], 404);
});

test("back to an earlier version, and whole again from an export", async () => {
  await target("kept.example");
  await admin("PATCH", "/proxy/targets/kept.example", { description: "worse" });
  await admin("POST", "/routes", { route_id: "kept", path_pattern: "/kept", target_type: "port", target_value: 9000 });
  assert.equal((await admin("POST", "/revisions/target/kept.example/rollback", { version: 1 })).status, 200);
  assert.equal((await admin<ProxyTargetAnswer>("GET", "/proxy/targets/kept.example")).body.description, "");
  const { items } = (await admin<RevisionsAnswer>("GET", "/revisions/target/kept.example")).body;
  assert.deepEqual(
    items.map(({ version, change }) => [version, change]),
    [
      [3, "rolled_back"],
      [2, "updated"],
      [1, "created"],
    ],
  );
  const file = (await admin("GET", "/config/export")).body;
  await admin("DELETE", "/proxy/targets/kept.example");
  await admin("DELETE", "/routes/kept");
  const back = await admin<ConfigImportAnswer>("POST", "/config/import", file);
  assert.deepEqual([back.body.kinds["target"]?.created, back.body.kinds["route"]?.created], [["kept.example"], ["kept"]], back.text);
  assert.equal((await admin<ProxyTargetAnswer>("GET", "/proxy/targets/kept.example")).body.target_url, upstream);
  const broken = { ...(file as object), entities: { target: { "x.example": { data: { owner: "admin" } } } } };
  assert.equal((await admin<Problem>("POST", "/config/import", broken)).body.code, "INVALID_IMPORT");
  const told = await eventsOf("proxy_", "kept.example");
  assert.deepEqual(told, ["proxy_created", "proxy_updated", "proxy_updated", "proxy_deleted", "proxy_created"]);
});

test("bad requests say what is wrong", async () => {
  await target("bad.example");
  const cases: [method: string, path: string, body: unknown, code: string, words: RegExp][] = [
    ["POST", "/proxy/targets", { target_url: upstream }, "INVALID_REQUEST", /hostname/],
    ["POST", "/proxy/targets", { hostname: "http://x.example", target_url: upstream }, "INVALID_NAME", /host name/],
    ["POST", "/proxy/targets", { hostname: "x.example" }, "INVALID_TARGET", /nowhere to go/],
    ["POST", "/proxy/targets", { hostname: "x.example", target_url: "ftp://x" }, "INVALID_TARGET", /target_url/],
    ["POST", "/proxy/targets", { hostname: "x.example", target_url: upstream, nope: 1 }, "INVALID_TARGET", /no field nope/],
    ["POST", "/proxy/targets", { hostname: "x.example", target_url: upstream, custom_headers: { Host: "x" } }, "INVALID_TARGET", /Host/],
    ["POST", "/proxy/targets", [], "INVALID_REQUEST", /./],
    ["PATCH", "/proxy/targets/bad.example", { mode: "closed" }, "INVALID_TARGET", /mode/],
    ["PATCH", "/proxy/targets/bad.example", { hostname: "other.example" }, "INVALID_TARGET", /keeps its name/],
    ["POST", "/proxy/targets/bad.example/pause?hold=abc", undefined, "INVALID_REQUEST", /hold/],
    ["POST", "/proxy/targets/bad.example/pause?hold=0", undefined, "INVALID_TARGET", /hold/],
    ["POST", "/proxy/targets/bad.example/auth", { basic: { users: { ann: "" } } }, "INVALID_TARGET", /password must be/],
    ["POST", "/proxy/targets/bad.example/auth", { basic: { users: { ann: { hash: "md5" } } } }, "INVALID_TARGET", /scrypt/],
    ["POST", "/proxy/targets/bad.example/auth", { required_users: ["ann"] }, "INVALID_TARGET", /who somebody is/],
    ["POST", "/proxy/targets/bad.example/routes/none/enable", undefined, "UNKNOWN_ROUTE", /no route/],
    ["POST", "/routes", { path_pattern: "api", target_type: "port", target_value: 1 }, "INVALID_ROUTE", /path_pattern/],
    ["POST", "/routes", { path_pattern: "/api", target_type: "port", target_value: 70_000 }, "INVALID_ROUTE", /target_value/],
    ["POST", "/routes", { path_pattern: "/api", target_type: "port", target_value: 1, scope: "proxy" }, "INVALID_ROUTE", /proxy_hostnames/],
    [
      "POST",
      "/routes",
      { route_id: "Not An Id", path_pattern: "/api", target_type: "port", target_value: 1 },
      "INVALID_NAME",
      /id of a route/,
    ],
    ["GET", "/routes/nothing", undefined, "UNKNOWN_ROUTE", /nothing/],
    ["GET", "/proxy/targets/nothing.example", undefined, "UNKNOWN_TARGET", /nothing\.example/],
    ["GET", "/proxy/explain", undefined, "INVALID_REQUEST", /url/],
    ["POST", "/certificates", { fullchain_pem: "x" }, "INVALID_CERTIFICATE", /./],
    ["GET", "/certificates/nothing", undefined, "UNKNOWN_ENTITY", /certificate/],
  ];
  for (const [method, path, body, code, words] of cases) {
    const answer = await admin<Problem>(method, path, body);
    assert.equal(answer.body.code, code, `${method} ${path}: ${answer.text}`);
    assert.match(answer.body.detail, words);
  }
});

// Helpers

function admin<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  return ask<T>(at, ADMIN_TOKEN, method, `/v1${path}`, body);
}

async function target(hostname: string): Promise<void> {
  const { status, text: words } = await admin("POST", "/proxy/targets", { hostname, target_url: upstream, enable_https: false });
  assert.equal(status, 201, words);
}

function withCertificate(fields: object): Promise<Answer<ProxyTargetMadeAnswer>> {
  return admin("POST", "/proxy/targets", { target_url: upstream, ...fields });
}

async function put(path: string, body: unknown, version: string): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json", "if-match": version };
  return await fetch(`${at.url}/api/v1${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
}

async function stored(host: string): Promise<{ access: unknown }> {
  return (await at.gateway.entities.table<{ access: unknown }>("target").get(host))?.data ?? { access: null };
}

/** Types of the events that tell of it, oldest first. */
async function eventsOf(prefix: string, name: string): Promise<string[]> {
  const store = at.tide.store("test");
  try {
    await store.whenUp(5_000);
    const found = (await store.call(["XRANGE", "events:all:stream", "-", "+"])) as [string, string[]][];
    const told = found.map(([, fields]) => fields).filter((fields) => fields.join(" ").includes(`"${name}"`));
    return told.flatMap((fields) => fields.find((field) => field.startsWith(prefix) && !field.startsWith("proxy_request")) ?? []);
  } finally {
    store.close();
  }
}

async function listening(): Promise<readonly string[]> {
  const [worker] = await at.gateway.edge.workers();
  return worker?.http.listening ?? [];
}

/** Through the edge; fetch would not send another Host. */
async function through(host: string, path: string): Promise<[status: number, body: string]> {
  const asked = request({ host: "127.0.0.1", port: door, path, headers: { host }, agent: false });
  asked.end();
  const [answer] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  return [answer.statusCode ?? 0, await text(answer)];
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  });
  return (server.address() as AddressInfo).port;
}
