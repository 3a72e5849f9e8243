import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { composeGateway, type Gateway } from "@tidegate/gateway";
import { NO_CA } from "@tidegate/gateway/testing";
import { connect } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import { digest } from "../auth/secret.ts";
import type { ConfigImportAnswer, Problem, RevisionsAnswer } from "../contract.ts";
import { controlServer } from "./testing/control-server.ts";

const bed = new AsyncDisposableStack();
const ADMIN = "an-admin-token";
const SECRET = "sealed-and-never-shown";
/** Secrets of tokens that only some things are allowed. */
const READER = `tg_${"r".repeat(43)}`;
const CARETAKER = `tg_${"c".repeat(43)}`;
let gateway: Gateway;
let url: string;

before(async () => {
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), "config-"));
  bed.defer(() => rm(folder, { recursive: true }));
  const tide = bed.use(await connect({ url: redis.url, namespace: "configtest" }));
  gateway = composeGateway({
    acme: NO_CA,
    settings: {
      namespace: "configtest",
      prefix: "",
      instance: "test",
      encryptionKey: "a sentence nobody guesses, 4711",
      dataFolder: folder,
      dockerHost: `unix://${folder}/none.sock`,
      contexts: folder,
      restrictedPorts: [],
    },
    connection: { url: redis.url, namespace: "configtest" },
    tide: () => tide,
    leads: () => false,
    onTrouble: () => {},
  });
  const store = gateway.parts.find(({ part }) => part.name === "store")?.part;
  await store?.start(new AbortController().signal);
  bed.defer(async () => await store?.stop(new AbortController().signal));
  const auth = await Auth.open(folder, ADMIN);
  auth.lookIn({
    find: (id) =>
      id === digest(READER)
        ? { subject: "reader", scopes: ["config:read"] }
        : id === digest(CARETAKER)
          ? { subject: "caretaker", scopes: ["config:admin"] }
          : null,
    used: () => {},
  });
  const server = controlServer({ tide, auth, gateway });
  ({ url } = await server.start());
  bed.defer(() => server.stop());
});

after(() => bed.disposeAsync());

test("what was changed is listed, shown without its secrets, and brought back", async () => {
  const table = gateway.entities.table<object>("certificate");
  const password = gateway.vault.seal(SECRET, "certificate/example.com/PASSWORD");
  const made = await table.create("example.com", { url: "http://127.0.0.1:1", password, token_hashes: [digest(SECRET)] }, "ann");
  await table.put(made, { url: "http://127.0.0.1:2" }, "ben");
  const all = (await ask("GET", "/api/v1/revisions?limit=1")) as RevisionsAnswer;
  assert.deepEqual([all.items[0]?.kind, all.items[0]?.name, all.items[0]?.version], ["certificate", "example.com", 2]);
  const next = (await ask("GET", `/api/v1/revisions?limit=1&cursor=${all.next}`)) as RevisionsAnswer;
  assert.equal(next.items[0]?.version, 1);
  const past = (await ask("GET", "/api/v1/revisions/certificate/example.com")) as RevisionsAnswer;
  assert.deepEqual(past.items[1]?.data, { url: "http://127.0.0.1:1", password: "***", token_hashes: ["***"] });
  assert.ok(!JSON.stringify(past).includes(password.$sealed));
  const back = await ask("POST", "/api/v1/revisions/certificate/example.com/rollback", { version: 1 });
  assert.deepEqual(back, { kind: "certificate", name: "example.com", version: 3 });
  assert.deepEqual((await table.get("example.com"))?.data, made.data);
});

test("what programs only note down is not listed, and a page of one kind leaves out nothing", async () => {
  const { entities } = gateway;
  const made = await entities.table<{ n: number }>("certificate").create("noted", { n: 0 }, "ann");
  for (let n = 1; n <= 3; n++) {
    await entities.table<{ n: number }>("certificate").update("noted", "tidegate", () => ({ data: { n }, revision: false }));
    await entities.table("external_service").create(`between-${n}`, { url: "http://127.0.0.1:1", description: "", owner: "ann" }, "ann");
  }
  await entities.table<{ n: number }>("certificate").update("noted", "ben", () => ({ data: { n: 9 } }));
  const pages: RevisionsAnswer[] = [];
  for (let next: string | null = ""; next !== null; next = pages.at(-1)?.next ?? null) {
    const cursor = next === "" ? "" : `&cursor=${next}`;
    pages.push((await ask("GET", `/api/v1/revisions?kind=certificate&limit=1${cursor}`)) as RevisionsAnswer);
  }
  const own = pages.flatMap(({ items }) => items).filter(({ name }) => name === "noted");
  const listed = own.map(({ name, version, by }) => [name, version, by]);
  assert.deepEqual(listed, [
    ["noted", 5, "ben"],
    ["noted", made.version, "ann"],
  ]);
  const { items } = (await ask("GET", "/api/v1/revisions?limit=5")) as RevisionsAnswer;
  assert.deepEqual(
    items.map(({ name, version }) => `${name} ${version}`),
    ["noted 5", "between-3 1", "between-2 1", "between-1 1", "noted 1"],
  );
});

test("the document says of each body whether a request without one is refused", async () => {
  const { paths } = (await ask("GET", "/api/openapi.json")) as { paths: Record<string, Record<string, { requestBody?: Body }>> };
  const bodies = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody: body }]) =>
      body === undefined ? [] : [[`${method} ${path}`, body] as const],
    ),
  );
  const optional = bodies.filter(([, { required }]) => !required).map(([name]) => name);
  assert.deepEqual(optional.toSorted(), [
    "post /api/v1/certificates/{name}/revoke",
    "post /api/v1/proxy/targets/{host}/maintenance",
    "post /api/v1/services/ports/check",
    "post /api/v1/services/{name}/proxy",
    "post /api/v1/tokens/{name}/rotate",
  ]);
  assert.ok(bodies.length > 25);
  const refused = await refusal("POST", "/api/v1/config/import", undefined);
  assert.deepEqual([refused.status, refused.code], [400, "INVALID_REQUEST"]);
});

test("what cannot be brought back says why, and names what to do", async () => {
  const refused: [string, unknown, number, string][] = [
    ["/api/v1/revisions/certificate/example.com/rollback", { version: 99 }, 404, "UNKNOWN_REVISION"],
    ["/api/v1/revisions/certificate/example.com/rollback", { version: 0 }, 400, "INVALID_REQUEST"],
    ["/api/v1/revisions/port/tcp%2F8080/rollback", { version: 1 }, 409, "ROLLBACK_REFUSED"],
    ["/api/v1/revisions/token/ann/rollback", { version: 1 }, 409, "ROLLBACK_REFUSED"],
    ["/api/v1/revisions/cookie/ann/rollback", { version: 1 }, 400, "INVALID_REQUEST"],
    ["/api/v1/config/import", { tidegate: "nothing" }, 400, "INVALID_IMPORT"],
  ];
  for (const [path, body, status, code] of refused) {
    const problem = await refusal("POST", path, body);
    assert.deepEqual([problem.status, problem.code], [status, code]);
    assert.ok((problem.hint ?? "").length > 10);
  }
});

test("everything comes out as one file and back in, larger than other bodies may be; a dry run changes nothing", async () => {
  const description = "x".repeat(1_000);
  const services = Array.from({ length: 3_000 }, (_, n) => [`r-${n}`, { data: { url: "http://127.0.0.1:1", owner: "ann", description } }]);
  const file = { ...((await ask("GET", "/api/v1/config/export")) as { entities: object }) };
  const body = { ...file, entities: { ...file.entities, external_service: Object.fromEntries(services) } };
  assert.ok(JSON.stringify(body).length > 2 * 1024 * 1024);
  const dry = (await ask("POST", "/api/v1/config/import?dry_run=true", body)) as ConfigImportAnswer;
  assert.deepEqual(
    [dry.dry_run, dry.kinds["external_service"]?.created.length, dry.kinds["certificate"]?.same],
    [true, 3_000, ["example.com", "noted"]],
  );
  assert.equal((await gateway.entities.table("external_service").list()).length, 3);
  await ask("POST", "/api/v1/config/import", body);
  assert.equal((await gateway.entities.table("external_service").list()).length, 3_003);
  const replaced = (await ask("POST", "/api/v1/config/import?replace=1", file)) as ConfigImportAnswer;
  assert.equal(replaced.kinds["external_service"]?.removed.length, 3_000);
});

test("reading, taking everything out and bringing it in need a scope each; bringing in needs all", async () => {
  assert.equal((await call("GET", "/api/v1/revisions", undefined, READER)).status, 200);
  assert.equal((await call("GET", "/api/v1/config/export", undefined, READER)).status, 403);
  assert.equal((await call("POST", "/api/v1/revisions/certificate/example.com/rollback", { version: 1 }, READER)).status, 403);
  assert.equal((await call("GET", "/api/v1/config/export", undefined, CARETAKER)).status, 200);
  assert.equal((await call("POST", "/api/v1/config/import?dry_run", { tidegate: "export" }, CARETAKER)).status, 403);
  const foreign = await call("POST", "/api/v1/revisions/certificate/example.com/rollback", { version: 1 }, CARETAKER);
  assert.equal(((await foreign.json()) as Problem).code, "NOT_YOURS");
});

// Private

interface Body {
  readonly required: boolean;
}

async function call(method: string, path: string, body?: unknown, token = ADMIN): Promise<Response> {
  return await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await call(method, path, body);
  const found: unknown = await answer.json();
  assert.ok(answer.ok, JSON.stringify(found));
  return found;
}

async function refusal(method: string, path: string, body: unknown): Promise<Problem> {
  return (await (await call(method, path, body)).json()) as Problem;
}
