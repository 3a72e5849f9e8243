/** The service routes over a stand-in of the gateway: shapes of answers, what is passed on, versions, streams, errors. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GatewayError, type Done, type Entity, type Gateway, type LogLine, type ServiceData, type Services } from "@tidegate/gateway";
import { connect } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import type { Problem, RevisionsAnswer, ServiceAnswer, ServiceDoneAnswer, ServicesAnswer } from "../contract.ts";
import { controlServer, noGateway } from "./testing/control-server.ts";

const SECRET = "a-secret-nobody-may-see";
const bed = new AsyncDisposableStack();
let url: string;
let token: string;
let auditOf: () => Promise<string>;
/** What the gateway was asked for, in order. */
const asked: unknown[][] = [];
const unexpected: unknown[] = [];
const log = Promise.withResolvers<AbortSignal>();

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-services-"));
  bed.defer(() => rm(folder, { recursive: true }));
  const redis = bed.use(await startRedis());
  const tide = bed.use(await connect({ url: redis.url, namespace: "services", service: "test" }));
  const auth = await Auth.open(folder);
  token = auth.firstToken ?? "";
  const gone = (): Promise<never> => Promise.reject(new GatewayError("UNKNOWN_TARGET", "There is none."));
  const gateway = { ...noGateway(), services: standIn(), proxies: { targets: { get: gone } } } as unknown as Gateway;
  const server = controlServer({ tide, auth, gateway, onError: (error) => unexpected.push(error) });
  bed.defer(() => server.stop());
  ({ url } = await server.start());
  auditOf = async () => {
    await tide.flush();
    return JSON.stringify((await ask("GET", "/audit?limit=100")).body);
  };
});
after(() => bed.disposeAsync());

test("a list says whether there is Docker, shows ports and limits, and no secret", async () => {
  const { status, body } = await ask<ServicesAnswer>("GET", "/services/");
  assert.equal(status, 200);
  assert.deepEqual(body.docker, { available: false, version: null, problem: "Docker is not installed." });
  const [service] = body.items;
  assert.equal(service?.memory_limit, "256m");
  assert.deepEqual(service.environment, { MODE: "quiet", API_KEY: "***" });
  assert.deepEqual(service.volumes, ["data:/var/lib:ro"]);
  assert.deepEqual(
    service.port_configs.map(({ host_port, require_token }) => [host_port, require_token]),
    [
      [18_080, true],
      [null, false],
    ],
  );
  assert.deepEqual(service.operation, { id: "op", kind: "update", by: "admin", at: 5, trace: "0af7651916cd43dd8448eb211c80319c" });
  await ask("GET", "/services?owned_only=true");
  assert.deepEqual(asked.at(-1), ["list", { owner: "admin" }]);
});

test("what is made is passed on as it was sent; 201, or 202 for whoever does not wait", async () => {
  const request = { service_name: "web", image: "web:1", Privileged: true, environment: { TOKEN: SECRET } };
  const made = await ask<ServiceDoneAnswer>("POST", "/services", request);
  assert.deepEqual([made.status, made.headers.get("etag"), made.body.operation.kind], [201, '"3"', "create"]);
  assert.deepEqual(asked.at(-1), ["create", request, "admin", { wait: true }]);
  assert.equal((await ask("POST", "/services?wait=false", request)).status, 202);
  assert.ok(!JSON.stringify(made.body).includes(SECRET));
  assert.ok(!(await auditOf()).includes(SECRET), "the environment is no part of the audit trail");
});

test("auto_proxy is a host, or true for <name>.localhost; in the request or beside it", async () => {
  const cases = [
    ["/services", { auto_proxy: true }, "web.localhost"],
    ["/services", { auto_proxy: "app.example" }, "app.example"],
    ["/services?auto_proxy=true", {}, "web.localhost"],
    ["/services?auto_proxy=app.example", { auto_proxy: "other.example" }, "other.example"],
    ["/services?auto_proxy=false", { auto_proxy: false }, null],
  ] as const;
  for (const [path, more, autoProxy] of cases) {
    const made = await ask<ServiceDoneAnswer>("POST", path, { service_name: "web", ...more });
    assert.deepEqual([made.status, made.body.proxy], [201, undefined], "it is gone again already");
    assert.deepEqual(asked.at(-1), [
      "create",
      { service_name: "web" },
      "admin",
      { wait: true, ...(autoProxy === null ? {} : { autoProxy }) },
    ]);
  }
  assert.equal((await ask<Problem>("POST", "/services", { service_name: "web", auto_proxy: 7 })).body.code, "INVALID_REQUEST");
});

test("errors of the gateway are problem details with its code, hint and the log's last lines", async () => {
  const { status, body } = await ask<Problem>("PATCH", "/services/broken", { image: "web:2" });
  assert.deepEqual([status, body.code, body.detail, body.hint], [422, "CONTAINER_EXITED", "It ended with 1.", "Look at the log."]);
  assert.deepEqual(body.log_tail, ["boom"]);
  assert.equal((await ask<Problem>("GET", "/services/nobody")).body.code, "UNKNOWN_SERVICE");
  assert.equal((await ask("POST", "/services", [])).status, 400);
  for (const service_name of ["ports", "external"])
    assert.equal((await ask<Problem>("POST", "/services", { service_name })).body.code, "INVALID_NAME", service_name);
  assert.equal((await ask("GET", "/services?owned_only=perhaps")).status, 400);
});

test("If-Match: the version seen is changed, another one is not", async () => {
  const before = asked.length;
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    const { status, body } = await ask<Problem>(method, "/services/web", method === "DELETE" ? undefined : {}, { "if-match": '"2"' });
    assert.deepEqual([status, body.code], [412, "VERSION_CONFLICT"], method);
  }
  assert.ok(asked.slice(before).every(([name]) => name === "get"));
  assert.equal((await ask("PATCH", "/services/web", { image: "web:2" }, { "if-match": 'W/"3"' })).status, 200);
  assert.equal((await ask("DELETE", "/services/web?force=true&volumes=true", undefined, { "if-match": "*" })).status, 204);
  assert.deepEqual(asked.at(-1), ["delete", "web", "admin", { wait: true, force: true, volumes: true }]);
});

test("acts reach the service, and the audit trail by their names", async () => {
  for (const verb of ["start", "stop", "restart", "rollback"]) {
    assert.equal((await ask("POST", `/services/web/${verb}`)).status, 200, verb);
    assert.deepEqual(asked.at(-1), [verb, "web", "admin", { wait: true }]);
  }
  assert.equal((await ask<ServiceAnswer>("POST", "/services/web/pause?hold=5")).body.service_name, "web");
  assert.deepEqual(asked.at(-1), ["pause", "web", "admin", 5]);
  assert.equal((await ask("POST", "/services/web/adopt", { container: "redis" })).status, 201);
  assert.equal((await ask("POST", "/services/cleanup?dry_run=true")).status, 200);
  const audit = await auditOf();
  for (const action of ["rolled_back", "paused", "adopted"]) assert.ok(audit.includes(action), action);
  assert.ok(!audit.includes("cleaned_up"), "nothing was changed");
});

test("a port is added, changed and removed as a deploy of all of them", async () => {
  const added = await ask<ServiceDoneAnswer>("POST", "/services/web/ports", { name: "admin", host: 9_001 });
  assert.equal(added.status, 201);
  const { port_configs: now } = DATA.spec;
  assert.deepEqual(asked.at(-1)?.[2], { port_configs: [...now, { container: 80, name: "admin", host: 9_001 }] });
  await ask("PUT", "/services/web/ports/dns", { bind: "0.0.0.0" });
  assert.deepEqual(asked.at(-1)?.[2], { port_configs: [now[0], { ...now[1], bind: "0.0.0.0" }] });
  await ask("DELETE", "/services/web/ports/main");
  assert.deepEqual(asked.at(-1)?.[2], { port_configs: [now[1]] });
  const { body } = await ask<Problem>("DELETE", "/services/web/ports/other");
  assert.deepEqual([body.code, /it has: main, dns/.test(body.detail)], ["UNKNOWN_PORT", true]);
});

test("revisions show what it was, without secrets", async () => {
  const { body } = await ask<RevisionsAnswer>("GET", "/services/web/revisions");
  assert.deepEqual(
    body.items.map(({ version, change }) => [version, change]),
    [
      [4, "deleted"],
      [3, "updated"],
    ],
  );
  const { environment } = (body.items[1]?.data ?? {}) as Partial<ServiceAnswer>;
  assert.equal(environment?.["API_KEY"], "***");
});

test("logs: JSON, text, and text that goes on until the client leaves", async () => {
  const { body } = await ask<{ lines: LogLine[] }>("GET", "/services/web/logs?lines=5&since=7");
  assert.deepEqual(body.lines, LINES);
  assert.deepEqual(asked.at(-1), ["logs", "web", { tail: 5, follow: false, since: 7 }]);
  const text = await fetch(`${url}/api/v1/services/web/logs?timestamps=true`, { headers: { ...authorized(), accept: "text/plain" } });
  assert.match(text.headers.get("content-type") ?? "", /^text\/plain/);
  assert.equal(await text.text(), "1970-01-01T00:00:00.001Z one\ntwo\n");

  const leave = new AbortController();
  const followed = await fetch(`${url}/api/v1/services/web/logs?follow=true`, { headers: authorized(), signal: leave.signal });
  const reader = followed.body?.getReader();
  assert.equal(new TextDecoder().decode((await reader?.read())?.value), "one\n");
  const signal = await log.promise;
  const left = signal.aborted ? Promise.resolve() : once(signal, "abort");
  leave.abort();
  await left;
  assert.deepEqual(unexpected, []);
  assert.equal((await ask<Problem>("GET", "/services/nobody/logs?follow=true")).body.code, "UNKNOWN_SERVICE");
});

// Private

const LINES: readonly LogLine[] = [
  { stream: "stdout", at: 1, text: "one" },
  { stream: "stderr", at: null, text: "two" },
];

const DATA: ServiceData = {
  spec: {
    image: "web:1",
    build: null,
    pull: "missing",
    command: null,
    environment: { MODE: "quiet" },
    secret_environment: { API_KEY: { $sealed: "v1.a.b.c.d" } },
    labels: {},
    volumes: [{ name: "data", path: "/var/lib", read_only: true }],
    networks: [],
    memory_limit: 256 * 1024 * 1024,
    cpu_limit: 1,
    pids_limit: 256,
    restart_policy: "always",
    healthcheck: { kind: "tcp", path: "/", port: null, interval: 1, timeout: 5, deadline: 30 },
    read_only_root: true,
    user: null,
    port_configs: [
      {
        name: "main",
        host: null,
        container: 80,
        bind: "127.0.0.1",
        protocol: "tcp",
        access: { token_hashes: ["ab"], client_ca: null },
        description: "",
      },
      { name: "dns", host: null, container: 53, bind: "127.0.0.1", protocol: "udp", access: null, description: "" },
    ],
    strategy: "rolling",
    drain_timeout: 30,
    stop_timeout: 10,
  },
  generation: 2,
  desired: "running",
  state: "updating",
  container: { id: "c1", generation: 2, image_id: "i1", address: "10.0.0.2:80" },
  ports: { main: { host: 18_080, bind: "127.0.0.1", protocol: "tcp" } },
  previous: null,
  operation: {
    id: "op",
    kind: "update",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    by: "admin",
    at: 5,
    generation: 2,
    spec: null,
    image_id: null,
    from: "running",
    replaces: null,
    begun: 1,
    failure: null,
    options: {},
  },
  failure: null,
  owner: "somebody",
  origin: "created",
};

const ENTITY: Entity<ServiceData> = { kind: "service", name: "web", version: 3, created_at: 1, updated_at: 2, by: "admin", data: DATA };

/** Notes down what it is asked for, and answers always the same. */
function standIn(): Services {
  const note = (...call: unknown[]): void => void asked.push(call);
  const done =
    (kind: Done["operation"]["kind"]) =>
    (name: unknown, ...rest: unknown[]) => {
      note(kind, name, ...rest);
      if (name === "broken")
        return Promise.reject(new GatewayError("CONTAINER_EXITED", "It ended with 1.", { hint: "Look at the log.", logTail: ["boom"] }));
      return Promise.resolve({ service: ENTITY, operation: { id: "op", kind, duration_ms: 7 } });
    };
  const one =
    (verb: string) =>
    (name: string, ...rest: unknown[]) => {
      note(verb, name, ...rest);
      return name === "nobody"
        ? Promise.reject(new GatewayError("UNKNOWN_SERVICE", "There is no service nobody."))
        : Promise.resolve(ENTITY);
    };
  const known = {
    create: done("create"),
    update: done("update"),
    start: done("start"),
    stop: done("stop"),
    restart: done("restart"),
    rollback: done("rollback"),
    get: one("get"),
    pause: one("pause"),
    resume: one("resume"),
    adopt: one("adopt"),
    delete: (...call: unknown[]) => Promise.resolve(note("delete", ...call)),
    list: (options: unknown) => (note("list", options), Promise.resolve([ENTITY])),
    engine: () => ({ info: null, problem: "Docker is not installed." }),
    cleanUp: () => Promise.resolve({ containers: [], ports: [] }),
    revisions: () =>
      Promise.resolve([
        { kind: "service", name: "web", version: 4, change: "deleted", at: 9, by: "admin", trace: null, data: null },
        { kind: "service", name: "web", version: 3, change: "updated", at: 8, by: "admin", trace: null, data: DATA },
      ]),
    async *logs(name: string, options: { follow?: boolean }, signal: AbortSignal): AsyncGenerator<LogLine> {
      note("logs", name, options);
      if (name === "nobody") throw new GatewayError("UNKNOWN_SERVICE", "There is no service nobody.");
      yield* options.follow === true ? LINES.slice(0, 1) : LINES;
      if (options.follow !== true) return;
      log.resolve(signal);
      if (!signal.aborted) await once(signal, "abort");
    },
  };
  return known as unknown as Services;
}

function authorized(): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

async function ask<T>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Answer<T>> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { ...authorized(), ...more, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === "" ? null : JSON.parse(text)) as T };
}
