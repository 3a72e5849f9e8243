/** API tokens as programs meet them: over REST and the live channel of two control processes on one Redis. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { GatewayError } from "@tidegate/gateway";
import { WebSocket } from "ws";
import { TokenDirectory } from "../auth/token-directory.ts";
import { digest } from "../auth/secret.ts";
import type { NewTokenAnswer, Problem, RevokedAnswer, SessionAnswer, TokenAnswer, TokensAnswer } from "../contract.ts";
import { recordsOf } from "./testing/telemetry-records.ts";
import { until } from "./testing/alert-bed.ts";
import { ADMIN_TOKEN, ask, type Instance, newToken, TokenBed } from "./testing/token-bed.ts";

const stack = new AsyncDisposableStack();
const secrets: string[] = [];
let bed: TokenBed;
let one: Instance;
let other: Instance;

before(async () => {
  bed = stack.use(await TokenBed.open());
  one = await bed.instance("one");
  other = await bed.instance("other");
});
after(() => stack.disposeAsync());

test("a token is made once, shown without its secret, and only its hash is kept", async () => {
  const form = { name: "laptop", email: "ada@example.org", scopes: ["messages:write", "messages:read"] };
  const { status, body, headers } = await ask<NewTokenAnswer>(one, ADMIN_TOKEN, "POST", "/v1/tokens/", form);
  secrets.push(body.token);
  assert.equal(status, 201);
  assert.match(body.token, /^tg_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual([headers.get("location"), headers.get("cache-control")], ["/api/v1/tokens/laptop", "no-store"]);
  assert.deepEqual([body.scopes, body.created_by, body.hint, body.state], [["messages:write"], "admin", body.token.slice(0, 7), "active"]);

  for (const path of ["/v1/tokens", "/v1/tokens/Laptop", "/v1/tokens/formatted?format=csv"]) {
    const { text } = await ask(one, ADMIN_TOKEN, "GET", path);
    assert.ok(text.includes("laptop") && !text.includes(body.token), path);
  }
  assert.equal((await ask<TokensAnswer>(one, ADMIN_TOKEN, "GET", "/v1/tokens?email=ADA@example.org")).body.items.length, 1);
  assert.equal((await ask<TokensAnswer>(one, ADMIN_TOKEN, "GET", "/v1/tokens?email=x@example.org")).body.items.length, 0);
  const revealed = await ask<Problem>(one, ADMIN_TOKEN, "GET", "/v1/tokens/laptop/reveal");
  assert.deepEqual([revealed.status, revealed.body.code], [410, "TOKEN_NOT_KEPT"]);
});

test("names, addresses, scopes and ends that cannot be are refused by name", async () => {
  const cases: [object, number, string, RegExp][] = [
    [{ name: "Laptop" }, 400, "INVALID_NAME", /as laptop/],
    [{ name: "laptop" }, 409, "NAME_TAKEN", /laptop/],
    [{ name: "ADMIN" }, 409, "ADMIN_TOKEN", /ADMIN_TOKEN/],
    [{ name: "system" }, 400, "INVALID_NAME", /own/],
    [{ name: "info" }, 400, "INVALID_NAME", /own/],
    [{ name: "../x" }, 400, "INVALID_NAME", /a-z/],
    [{ name: "x", email: "nobody" }, 400, "INVALID_REQUEST", /email/],
    [{ name: "x", scopes: ["services:own"] }, 400, "UNKNOWN_SCOPE", /services:own.*Resources: messages/],
    [{ name: "x", expires_at: 5 }, 400, "INVALID_REQUEST", /past/],
    [{ name: "x", expires_at: 5, expires_in: 5 }, 400, "INVALID_REQUEST", /not both/],
  ];
  for (const [form, status, code, words] of cases) {
    const found = await ask<Problem>(one, ADMIN_TOKEN, "POST", "/v1/tokens/generate", form);
    assert.deepEqual([found.status, found.body.code], [status, code], found.text);
    assert.match(found.text, words);
  }
  for (const [method, path] of [
    ["PUT", ""],
    ["DELETE", ""],
    ["POST", "/rotate"],
  ] as const) {
    const { body, status } = await ask<Problem>(one, ADMIN_TOKEN, method, `/v1/tokens/Admin${path}`, method === "DELETE" ? undefined : {});
    assert.deepEqual([status, body.code], [409, "ADMIN_TOKEN"], method);
  }
  assert.equal((await ask<Problem>(one, ADMIN_TOKEN, "DELETE", "/v1/tokens/nobody")).body.code, "UNKNOWN_TOKEN");
});

test("every operation names the scope it needs; without it the answer says which", async () => {
  const { body } = await ask<{ paths: Record<string, Record<string, { security?: { token?: string[] }[]; tags: string[] }>> }>(
    one,
    ADMIN_TOKEN,
    "GET",
    "/openapi.json",
  );
  const free = ["/api/v1/tokens/info", "/api/v1/tokens/email"];
  for (const [path, operations] of Object.entries(body.paths))
    for (const [method, { security, tags }] of Object.entries(operations)) {
      const [scope] = security?.[0]?.token ?? [];
      const none = security?.length === 0 || ["session", "docs", "live"].includes(tags[0] ?? "") || free.includes(path);
      assert.match(scope ?? "none", none ? /^none$/ : /^\w+:(read|write|admin)$/, `${method} ${path}`);
    }

  const reader = await newToken(one, "reader", ["logs:read"]);
  secrets.push(reader);
  const refused = await ask<Problem>(one, reader, "GET", "/streams");
  assert.deepEqual([refused.status, refused.body.code], [403, "SCOPE_MISSING"]);
  assert.match(refused.body.detail, /messages:read.*"reader" has logs:read/);
  assert.equal((await ask(one, reader, "DELETE", "/v1/services/external/x")).status, 403);
  assert.equal((await ask<TokenAnswer>(one, reader, "GET", "/v1/tokens/info")).body.name, "reader");
  assert.equal((await ask<TokenAnswer>(one, ADMIN_TOKEN, "GET", "/v1/tokens/info")).body.name, "admin");
  const mailed = await ask<TokenAnswer>(one, reader, "PUT", "/v1/tokens/email", { email: "grace@example.org" });
  assert.equal(mailed.body.email, "grace@example.org");
});

test("nobody gets further than its own scopes, tokens and time", async () => {
  const maker = (
    await ask<NewTokenAnswer>(one, ADMIN_TOKEN, "POST", "/v1/tokens", {
      name: "maker",
      scopes: ["tokens:write", "logs:read"],
      expires_in: 3600,
    })
  ).body.token;
  const code = async (method: string, path: string, body?: unknown): Promise<string> =>
    (await ask<Problem>(one, maker, method, `/v1/tokens${path}`, body)).body.code;
  assert.equal(await code("POST", "", { name: "more", scopes: ["*"] }), "SCOPE_MISSING");
  assert.equal(await code("POST", "", { name: "more" }), "SCOPE_MISSING", "the default scopes are more than its own");
  assert.equal(await code("POST", "", { name: "more", scopes: ["logs:read"], expires_at: null }), "OUTLIVES_MAKER");
  assert.equal(await code("PUT", "/maker", { expires_at: null }), "OUTLIVES_MAKER");
  assert.equal(await code("PUT", "/maker", { scopes: ["*"] }), "SCOPE_MISSING");
  assert.equal(await code("POST", "/laptop/rotate"), "NOT_YOURS");
  assert.equal(await code("DELETE", "/laptop"), "NOT_YOURS");

  const made = await ask<NewTokenAnswer>(one, maker, "POST", "/v1/tokens", { name: "made", scopes: ["logs:read"] });
  assert.ok(made.body.expires_at !== null, "it ends with its maker");
  secrets.push(maker, made.body.token);
  // Now that it may do more, its secret is more than its maker may have.
  await ask(one, ADMIN_TOKEN, "PUT", "/v1/tokens/made", { scopes: ["logs:write"] });
  assert.equal(await code("POST", "/made/rotate"), "SCOPE_MISSING");
  assert.equal((await ask<RevokedAnswer>(one, maker, "DELETE", "/v1/tokens/made")).body.name, "made");
});

test("what one process revokes or rotates, it refuses at once, and every other one within a second", async () => {
  const secret = await newToken(one, "roamer", ["logs:read"]);
  const works = async (at: Instance, shown: string): Promise<boolean> => (await ask(at, shown, "GET", "/v1/tokens/info")).status === 200;
  await until("the other one knows it", () => works(other, secret), 5_000);

  const graceful = await ask<NewTokenAnswer>(one, ADMIN_TOKEN, "POST", "/v1/tokens/roamer/rotate", { grace: 60 });
  assert.deepEqual([await works(one, secret), await works(one, graceful.body.token)], [true, true]);
  bed.ahead += 61_000;
  assert.deepEqual([await works(one, secret), await works(one, graceful.body.token)], [false, true]);
  const rotated = await ask<NewTokenAnswer>(one, ADMIN_TOKEN, "POST", "/v1/tokens/roamer/rotate");
  assert.deepEqual([await works(one, graceful.body.token), await works(one, rotated.body.token)], [false, true]);
  await until("the other one refuses the old one", async () => !(await works(other, graceful.body.token)), 5_000);
  assert.ok(await works(other, rotated.body.token));

  await ask(one, ADMIN_TOKEN, "DELETE", "/v1/tokens/roamer");
  assert.ok(!(await works(one, rotated.body.token)));
  await until("the other one refuses it", async () => !(await works(other, rotated.body.token)), 5_000);
  secrets.push(secret, graceful.body.token, rotated.body.token);
});

test("it ends by the clock, and says so", async () => {
  const { body } = await ask<NewTokenAnswer>(one, ADMIN_TOKEN, "POST", "/v1/tokens", {
    name: "short",
    scopes: ["logs:read"],
    expires_in: 300,
  });
  secrets.push(body.token);
  assert.equal((await ask(one, body.token, "GET", "/v1/tokens/info")).status, 200);
  bed.ahead += 300_000;
  const ended = await ask<Problem>(one, body.token, "GET", "/v1/tokens/info");
  assert.deepEqual([ended.status, ended.body.code], [401, "TOKEN_EXPIRED"]);
  assert.equal((await ask<TokenAnswer>(one, ADMIN_TOKEN, "GET", "/v1/tokens/short")).body.state, "expired");
});

test("a session and its live line may what the token may, and end with it", async () => {
  const secret = await newToken(one, "viewer", ["messages:read", "alerts:read"]);
  secrets.push(secret);
  const { body: link } = await ask<{ url: string }>(one, secret, "POST", "/v1/session/link");
  const signedIn = await fetch(`${one.url}/api/v1/session/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code: link.url.split("#code=")[1] }),
  });
  const { subject, scopes } = (await signedIn.json()) as SessionAnswer;
  assert.deepEqual([subject, scopes], ["viewer", ["messages:read", "alerts:read"]]);
  const headers = { cookie: signedIn.headers.get("set-cookie")?.split(";")[0] ?? "", origin: one.url };
  assert.equal((await fetch(`${one.url}/api/streams`, { headers })).status, 200);
  assert.equal((await fetch(`${one.url}/api/v1/tokens`, { headers })).status, 403);

  const line = new WebSocket(`${one.url.replace("http", "ws")}/api/v1/live`, { headers });
  const patience = { signal: AbortSignal.timeout(15_000) };
  const first = once(line, "message", patience);
  await once(line, "open", patience);
  assert.equal((JSON.parse(String((await first)[0])) as { type: string }).type, "alerts", "the state of the system is not for it");
  const problem = once(line, "message", patience);
  line.send(JSON.stringify({ type: "subscribe", feed: "logs" }));
  assert.match(String((await problem)[0]), /SCOPE_MISSING.*logs:read/);
  const closed = once(line, "close", patience) as Promise<[number]>;
  await ask(other, ADMIN_TOKEN, "DELETE", "/v1/tokens/viewer");
  assert.equal((await closed)[0], 4401);
  assert.equal((await fetch(`${one.url}/api/streams`, { headers })).status, 401);
});

test("an answer that goes on ends with its token", async () => {
  const secret = await newToken(one, "follower", ["services:read"]);
  secrets.push(secret);
  one.gateway.services.logs = async function* (_name, _options, signal) {
    yield { stream: "stdout", at: null, text: "the first line" };
    await once(signal, "abort").catch(() => {});
  };
  const answer = await fetch(`${one.url}/api/v1/services/web/logs?follow=true`, {
    headers: { authorization: `Bearer ${secret}` },
    signal: AbortSignal.timeout(15_000),
  });
  const reader = answer.body?.getReader();
  assert.match(new TextDecoder().decode((await reader?.read())?.value), /the first line/);
  await ask(one, ADMIN_TOKEN, "PUT", "/v1/tokens/follower", { email: "ada@example.org" });
  const cut = assert.rejects(async () => await reader?.read(), /terminated/);
  await ask(one, ADMIN_TOKEN, "DELETE", "/v1/tokens/follower");
  await cut;
});

test("what a token owns passes to the admin, or goes with it on request", async () => {
  const secret = await newToken(one, "team", ["services:write", "ports:write", "tokens:write"]);
  const child = await newToken(one, "child", ["services:write"], secret);
  secrets.push(secret, child);
  const register = (by: string, name: string): Promise<{ status: number }> =>
    ask(one, by, "POST", "/v1/services/external", { service_name: name, url: "http://example.org" });
  const owner = async (name: string): Promise<unknown> =>
    (await ask<{ owner?: string }>(one, ADMIN_TOKEN, "GET", `/v1/services/external/${name}`)).body.owner;
  assert.equal((await register(secret, "search")).status, 201);
  assert.equal((await register(child, "mail")).status, 201);
  assert.equal((await ask(one, secret, "DELETE", "/v1/services/external/mail")).status, 403);
  assert.equal((await ask(one, secret, "POST", "/v1/services/ports", { owner: "by-hand" })).status, 201);
  const { body: shown } = await ask<TokenAnswer>(one, ADMIN_TOKEN, "GET", "/v1/tokens/team");
  assert.deepEqual(shown.owns, { services: 1, ports: 1, tokens: 1 });

  const kept = await ask<RevokedAnswer>(one, ADMIN_TOKEN, "DELETE", "/v1/tokens/team");
  assert.deepEqual([kept.body.removed, kept.body.passed_to], [{}, "admin"]);
  assert.deepEqual(kept.body.passed, { services: 1, ports: 1, tokens: 1 });
  assert.match(kept.body.detail, /belongs to admin now: 1 token, 1 service, 1 port/);
  assert.equal(await owner("search"), "admin");
  const again = await newToken(one, "team", ["services:write", "tokens:write"]);
  assert.equal(
    (await ask(one, again, "DELETE", "/v1/services/external/search")).status,
    403,
    "a new one of the same name inherits nothing",
  );

  const grandchild = await newToken(one, "grandchild", ["services:write"], again);
  await register(grandchild, "queue");
  secrets.push(again, grandchild);
  const refused = await ask<Problem>(one, again, "DELETE", "/v1/tokens/grandchild?cascade=true");
  assert.equal(refused.body.code, "NOT_YOURS");
  const gone = await ask<RevokedAnswer>(one, ADMIN_TOKEN, "DELETE", "/v1/tokens/team?cascade=true");
  assert.deepEqual([gone.body.removed, gone.body.passed], [{ services: 1, tokens: 1 }, {}]);
  assert.equal(await owner("queue"), undefined);
  assert.equal((await ask(one, grandchild, "GET", "/v1/tokens/info")).status, 401);
});

test("a revocation that cannot be finished refuses the token all the same, and goes on when asked again", async () => {
  const secret = await newToken(one, "deployer", ["services:write"]);
  secrets.push(secret);
  const container = { id: "c1", generation: 1, image_id: "i1", address: null };
  const nothing = { ports: {}, previous: null, operation: null, failure: null };
  const service = {
    owner: "deployer",
    desired: "running",
    state: "running",
    spec: { port_configs: [] },
    generation: 1,
    container,
    ...nothing,
  };
  await one.gateway.entities.table("service").create("web", service, "deployer");
  one.gateway.services.delete = () => Promise.reject(new GatewayError("DOCKER_UNREACHABLE", "Docker does not answer."));
  const stuck = await ask<Problem>(one, ADMIN_TOKEN, "DELETE", "/v1/tokens/deployer?cascade=true");
  assert.deepEqual([stuck.status, stuck.body.code], [503, "DOCKER_UNREACHABLE"]);
  assert.equal((await ask(one, secret, "GET", "/v1/tokens/info")).status, 401);
  assert.equal((await ask<TokenAnswer>(one, ADMIN_TOKEN, "GET", "/v1/tokens/deployer")).body.state, "revoking");
  assert.equal((await ask<Problem>(one, ADMIN_TOKEN, "POST", "/v1/tokens/deployer/rotate")).body.code, "UNKNOWN_TOKEN");
  const done = await ask<RevokedAnswer>(one, ADMIN_TOKEN, "DELETE", "/v1/tokens/deployer");
  assert.deepEqual(done.body.passed, { services: 1 });
  assert.equal((await ask(one, ADMIN_TOKEN, "GET", "/v1/tokens/deployer")).status, 404);
});

test("a process that has not seen the store for ten seconds lets in the admin only", async () => {
  const secret = await newToken(one, "patient", ["logs:read"]);
  secrets.push(secret);
  let later = 0;
  const directory = new TokenDirectory({ entities: one.gateway.entities, onTrouble: () => {}, clock: () => performance.now() + later });
  const find = (): string | undefined => directory.find(digest(secret))?.subject;
  assert.throws(find, { status: 503, code: "TOKENS_UNKNOWN" });
  await directory.start();
  try {
    assert.equal(find(), "patient");
    later += 10_001;
    assert.throws(find, { code: "TOKENS_UNKNOWN" });
    await until("it has looked again", () => {
      try {
        return find() === "patient";
      } catch {
        return false;
      }
    });
  } finally {
    await directory.stop();
  }
});

test("use, changes and refusals are told, and no secret is anywhere", async () => {
  const used = async (): Promise<boolean> =>
    (await ask<TokenAnswer>(one, ADMIN_TOKEN, "GET", "/v1/tokens/reader")).body.last_used_at !== null;
  await until("its use is noted", used, 5_000);
  const wrong = `tg_${"x".repeat(43)}`;
  assert.equal((await ask<Problem>(one, wrong, "GET", "/v1/tokens/info")).body.code, "WRONG_TOKEN");
  await Promise.all([one.tide.flush(), other.tide.flush()]);
  const store = one.tide.store("test");
  using _ = { [Symbol.dispose]: () => store.close() };
  const acts = (await recordsOf(store, "logs:audit:stream")).map(({ fields }) =>
    ["action", "resource", "result"].map((name) => String(fields[name])).join(" "),
  );
  for (const act of [
    "created tokens done",
    "rotated tokens/roamer done",
    "deleted tokens/roamer done",
    "deleted services/external/x denied",
  ])
    assert.ok(acts.includes(act), `${act} in ${[...new Set(acts)].join("\n")}`);
  const events = (await recordsOf(store, "events:token:stream")).map(({ eventType, fields }) => `${eventType} ${String(fields["token"])}`);
  for (const event of ["token_created roamer", "token_revoked roamer", "token_revoked grandchild"])
    assert.ok(events.includes(event), events.join("\n"));

  const everything = await dump(store);
  assert.ok(everything.includes(digest(secrets[0] ?? "")), "the dump sees what is kept");
  for (const secret of [...secrets, ADMIN_TOKEN, wrong]) assert.ok(!everything.includes(secret), `${secret.slice(0, 7)}… is in Redis`);
});

// Helpers

/** Every key with what it holds, as text. */
async function dump(store: ReturnType<Instance["tide"]["store"]>): Promise<string> {
  const reads: Record<string, (key: string) => string[]> = {
    string: (key) => ["GET", key],
    hash: (key) => ["HGETALL", key],
    list: (key) => ["LRANGE", key, "0", "-1"],
    set: (key) => ["SMEMBERS", key],
    zset: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
    stream: (key) => ["XRANGE", key, "-", "+"],
  };
  const keys = (await store.call(["KEYS", "*"])) as string[];
  const texts = keys.map(async (key) => {
    const read = reads[String(await store.call(["TYPE", key]))];
    return `${key} ${JSON.stringify(read === undefined ? null : await store.call(read(key)))}`;
  });
  return (await Promise.all(texts)).join("\n");
}
