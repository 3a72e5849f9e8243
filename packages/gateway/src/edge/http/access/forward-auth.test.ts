import assert from "node:assert/strict";
import { createServer as createHttp, type IncomingMessage, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import type { AccessSpec, ForwardAuth, ForwardCache } from "../../../routes/spec.ts";
import { trueClient } from "../headers/client.ts";
import { requestHead } from "../headers/request.ts";
import { accessSpec, ENDPOINT, NOBODY, peerOf, planOf, requestOf } from "../testing/plan.ts";
import { Access } from "./access.ts";
import type { Decision } from "./decision.ts";
import { AuthCache } from "./forward-cache.ts";

const bed = new AsyncDisposableStack();
let clock = 1_000_000;
const access = new Access({ tokens: () => null, unseal: ({ $sealed }) => `opened ${$sealed}`, now: () => clock });
bed.defer(() => access.close());
after(() => bed.disposeAsync());

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("close", () => sockets.delete(socket));
  });
  bed.defer(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify?from=edge`;
}

const http = (listener: RequestListener): Promise<string> => listen(createHttp(listener));
/** Says this to every connection that says anything. */
const raw = (text: string, end = true): Promise<string> =>
  listen(createServer((socket) => socket.on("data", () => (end ? socket.end(text) : socket.write(text))).on("error", () => {})));

function forward(url: string, some: Partial<ForwardAuth> = {}, rest: Partial<AccessSpec> = {}): AccessSpec {
  const defaults = {
    mode: "forward",
    login_url: null,
    copy_headers: [],
    timeout: 5_000,
    on_failure: "closed",
    headers: {},
    cache: null,
  } as const;
  return accessSpec({ ...rest, forward: { url, ...defaults, ...some } });
}

interface Other {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly from?: string;
  readonly secure?: boolean;
}

async function decide(spec: AccessSpec, lines: readonly string[] = [], other: Other = {}): Promise<Decision> {
  const { method = "POST", target = "/a/b?c=%41", host = "a.test", from = "203.0.113.9", secure = true } = other;
  const request = requestOf(`${method} ${target}`, [`Host: ${host}`, ...lines], peerOf(from, secure));
  return access.decide([spec], request, trueClient(request, NOBODY), target.split("?")[0] ?? "");
}

async function said(spec: AccessSpec, lines: readonly string[] = []): Promise<string> {
  const decision = await decide(spec, lines);
  return decision.ok ? `in as ${decision.identity?.id ?? "nobody"}` : `${decision.status} ${decision.reason}`;
}

test("it is asked with what we know and what the client may say of itself, and nothing else", async () => {
  let asked: IncomingMessage | undefined;
  const url = await http((request, response) => {
    asked = request;
    response.writeHead(204).end();
  });
  const sealed = { $sealed: "v1.x" };
  await decide(forward(url, { headers: { "X-Edge-Key": sealed, "X-Plain": "p" } }), [
    "Cookie: session=1",
    "User-Agent: test",
    "Content-Length: 5",
    "If-None-Match: x",
    "x-edge-key: forged",
    "X-Forwarded-Uri: /forged",
    "x_forwarded_method: forged",
    "X-Auth-User-Id: forged",
    "Connection: close, User-Agent, X-Forwarded-Uri",
  ]);
  assert.equal(`${asked?.method} ${asked?.url}`, "GET /verify?from=edge");
  const told = Object.fromEntries(Object.entries(asked?.headers ?? {}).filter(([name]) => name !== "host" && name !== "connection"));
  assert.deepEqual(told, {
    cookie: "session=1",
    "x-forwarded-method": "POST",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "a.test",
    "x-forwarded-uri": "/a/b?c=%41",
    "x-forwarded-for": "203.0.113.9",
    "x-real-ip": "203.0.113.9",
    "x-edge-key": "opened v1.x",
    "x-plain": "p",
  });
});

test("who it is comes from the service, never from the client, also where the service is silent", async () => {
  let silent = false;
  const url = await http((_, response) => {
    if (!silent) response.setHeader("Remote-User", "ann").setHeader("Remote-Groups", "ops, staff").setHeader("X-Tenant", ["7", "8"]);
    response.setHeader("X-Forwarded-For", "6.6.6.6").setHeader("Transfer-Encoding", "chunked").end("x");
  });
  const spec = forward(url, { copy_headers: ["Remote-User", "X-Tenant", "X-Forwarded-For", "Transfer-Encoding", "X-Auth-User-Id"] });
  const headFor = async (): Promise<string> => {
    const lines = ["x_tenant: forged", "X.Tenant: forged", "X-Tenant: forged", "Remote-User: forged", "X-Auth-User-Id: forged"];
    const decision = await decide(spec, lines);
    assert.ok(decision.ok);
    const { identity, hide, extra } = decision;
    return requestHead(planOf(requestOf("GET /", ["Host: a.test", ...lines]), { identity, hide, extra }), ENDPOINT);
  };
  const head = await headFor();
  assert.match(
    head,
    /\r\nX-Auth-User-Id: ann\r\n.*\r\nX-Auth-User-Groups: ops,staff\r\nRemote-User: ann\r\nX-Tenant: 7\r\nX-Tenant: 8\r\n/s,
  );
  assert.doesNotMatch(head, /forged|6\.6\.6\.6|chunked/i);
  silent = true;
  assert.doesNotMatch(await headFor(), /forged|tenant|remote-user|x-auth/i);
  assert.equal(await said({ ...spec, required_groups: ["ops"] }), "403 not_allowed");
  silent = false;
  assert.equal(await said({ ...spec, required_groups: ["ops"] }), "in as ann");
});

test("its no is the answer, with the fields a login needs; redirects are not followed", async () => {
  let asked = 0;
  const url = await http((request, response) => {
    asked += 1;
    const status = Number(request.headers["x-want"]);
    response.setHeader("Set-Cookie", ["a=1", "b=2"]).setHeader("WWW-Authenticate", "Bearer").setHeader("X-Internal", "1");
    if (status === 302) response.setHeader("Location", "https://login.test/?x=1");
    response.writeHead(status).end("go away");
  });
  const fieldsOf = async (want: string): Promise<string> => {
    const decision = await decide(forward(url), [`X-Want: ${want}`]);
    return decision.ok ? "in" : `${decision.status} ${decision.fields}`;
  };
  assert.equal(await fieldsOf("401"), "401 Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nWWW-Authenticate: Bearer\r\n");
  assert.match(await fieldsOf("403"), /^403 Set-Cookie/);
  assert.match(await fieldsOf("302"), /^302 Location: https:\/\/login\.test\/\?x=1\r\nSet-Cookie/);
  assert.equal(asked, 3);
  const toLogin = forward(url, { mode: "redirect", login_url: "https://login.test/?rd={url}" });
  for (const want of ["401", "302"]) {
    const decision = await decide(toLogin, [`X-Want: ${want}`]);
    assert.equal(decision.ok ? "" : decision.fields, "Location: https://login.test/?rd=https%3A%2F%2Fa.test%2Fa%2Fb%3Fc%3D%2541\r\n");
  }
  assert.equal(await said(toLogin, ["X-Want: 403"]), "403 auth_refused");
  for (const want of ["200", "404", "500", "304"])
    assert.equal(
      await said(forward(url, { on_failure: "open" }), [`X-Want: ${want}`]),
      want === "200" ? "in as nobody" : "503 auth_unavailable",
    );
});

test("a service that misbehaves lets nobody in, holds nobody up, and opens only what says so", async () => {
  const cases: Readonly<Record<string, string>> = {
    "is not there": await closedPort(),
    "hangs up": await raw(""),
    "speaks no HTTP": await raw("220 mail ready\r\n\r\n"),
    "never answers": await raw("", false),
    "stops in its head": await raw("HTTP/1.1 200 OK\r\nX-A: ", false),
    "has an endless head": await raw(`HTTP/1.1 200 OK\r\n${"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(2_000)}\r\n`),
    "changes the protocol": await raw("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    smuggles: await raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  };
  for (const [what, url] of Object.entries(cases)) {
    const began = performance.now();
    assert.equal(await said(forward(url, { timeout: 300 })), "503 auth_unavailable", what);
    assert.equal(await said(forward(url, { timeout: 300, on_failure: "open" })), "in as nobody", what);
    assert.equal(await said(forward(url, { timeout: 300, on_failure: "open" }, { required_users: ["ann"] })), "403 not_allowed", what);
    assert.ok(performance.now() - began < 3_000, what);
  }
});

test("of an endless body nothing is kept, and a connection that was closed meanwhile is replaced", async () => {
  const cut = Promise.withResolvers<void>();
  const endless = await http((_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on("drain", more).on("close", () => cut.resolve());
    more();
  });
  assert.equal(await said(forward(endless)), "in as nobody");
  const dying = createHttp((_, response) => response.end()).on("connection", (socket: Socket) =>
    // Closed at once when it is asked a second time.
    socket.once("data", () => socket.once("data", () => socket.destroy())),
  );
  const url = await listen(dying);
  for (let time = 0; time < 3; time += 1) assert.equal(await said(forward(url)), "in as nobody");
  await cut.promise;
});

interface Service {
  readonly url: string;
  readonly asked: IncomingMessage[];
  control: string;
}

/** Lets in whoever has the cookie `in`, as whom it names. */
async function service(): Promise<Service> {
  const made: Service = { url: "", asked: [], control: "" };
  const url = await http((request, response) => {
    made.asked.push(request);
    const [, user = ""] = /in=(\w+)/.exec(request.headers.cookie ?? "") ?? [];
    if (made.control !== "") response.setHeader("Cache-Control", made.control);
    response
      .setHeader("Remote-User", user)
      .writeHead(user === "" ? 401 : 200)
      .end();
  });
  return Object.assign(made, { url });
}

const cache = (some: Partial<ForwardCache> = {}): ForwardCache => ({ seconds: 30, headers: ["cookie"], paths: "each", ...some });
const ANN = ["Cookie: in=ann"];

test("a yes is kept for its time, for the very same question only; a no never is", async () => {
  const told = await service();
  const spec = forward(told.url, { cache: cache() });
  const ask = async (lines: readonly string[], other: Other = {}): Promise<string> => {
    const decision = await decide(spec, lines, other);
    return `${decision.ok ? (decision.identity?.id ?? "nobody") : decision.status} ${told.asked.splice(0).length}`;
  };
  assert.deepEqual([await ask(ANN), await ask(ANN), await ask([...ANN, "X-Other: 1"])], ["ann 1", "ann 0", "ann 0"]);
  const others = [
    { method: "GET" },
    { target: "/a/c" },
    { target: "/a/b?c=2" },
    { host: "b.test" },
    { from: "203.0.113.10" },
    { secure: false },
  ];
  for (const other of others) assert.equal(await ask(ANN, other), "ann 1", JSON.stringify(other));
  assert.deepEqual([await ask(["Cookie: in=ben"]), await ask([]), await ask([])], ["ben 1", "401 1", "401 1"]);
  clock += 30_000;
  assert.deepEqual([await ask(ANN), await ask(ANN)], ["ann 1", "ann 0"]);
  clock -= 3_600_000;
  assert.deepEqual([await ask(ANN), await ask(ANN)], ["ann 1", "ann 0"]);
  assert.equal(await said({ ...spec, required_users: ["ben"] }, ANN), "403 not_allowed");
});

test("the service decides by nothing that is not part of the question, and may say how long its yes holds", async () => {
  const told = await service();
  const spec = forward(told.url, { cache: cache({ headers: ["cookie", "x-team"], paths: "all" }), headers: { "X-Edge-Key": "k" } });
  const lines = [...ANN, "X-Team: 1", "X-Api-Key: secret", "User-Agent: test"];
  await decide(spec, lines);
  const names = Object.keys(told.asked[0]?.headers ?? {}).filter((name) => !/^(?:x-forwarded-.*|x-real-ip|host|connection)$/.test(name));
  assert.deepEqual(names, ["cookie", "x-team", "x-edge-key"]);
  await decide(spec, lines, { target: "/other?path" });
  assert.equal(told.asked.length, 1);
  // A changed rule is another one.
  await decide({ ...spec }, lines);
  assert.equal(told.asked.length, 2);
  for (const [control, asked] of [
    ["no-store", 2],
    ["private, max-age=0", 2],
    ["max-age=10", 2],
    ["max-age=3600", 1],
  ] as const) {
    told.control = control;
    told.asked.length = 0;
    const fresh = { ...spec };
    await decide(fresh, lines);
    clock += 20_000;
    await decide(fresh, lines);
    assert.equal(told.asked.length, asked, control);
  }
});

test("what is kept is bounded, and the latest is known", () => {
  const kept = new AuthCache(cache(), () => clock);
  const answer = { status: 200, get: () => null, all: () => [] };
  for (let nth = 0; nth < 5_000; nth += 1) kept.keep(String(nth), { ok: true, identity: null, hide: null, extra: [] }, answer);
  assert.equal(Array.from({ length: 5_000 }, (_, nth) => kept.get(String(nth))).filter((yes) => yes !== null).length, 4_096);
  assert.ok(kept.get("4999")?.ok);
});

async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return `http://127.0.0.1:${port}/`;
}
