import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Auth } from "../auth/auth.ts";
import type { Problem } from "../contract.ts";
import type { ControlServer } from "./server.ts";
import { controlServer, noTide } from "./testing/control-server.ts";

const bed = new AsyncDisposableStack();
let auth: Auth;
let url: string;
let port: number;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-console-"));
  bed.defer(() => rm(folder, { recursive: true }));
  auth = await Auth.open(folder);
  const server = newServer(await consoleFiles(folder));
  bed.defer(() => server.stop());
  ({ url, port } = await server.start());
});

after(() => bed.disposeAsync());

test("console files: index for pages, hashed assets for ever, nothing outside the folder", async () => {
  for (const path of ["/", "/topics/identity", "/login?x=1"]) {
    const page = await fetch(url + path);
    assert.match(await page.text(), /the console/, path);
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'self'.*frame-ancestors 'none'/);
    assert.equal(page.headers.get("cache-control"), "no-cache");
  }
  const script = await fetch(`${url}/assets/index-a1B2c3D4.js`);
  assert.match(script.headers.get("content-type") ?? "", /javascript/);
  assert.match(script.headers.get("cache-control") ?? "", /immutable/);
  assert.equal((await fetch(`${url}/assets/gone-a1B2c3D4.js`)).status, 404);
  assert.equal((await fetch(`${url}/`, { method: "POST", headers: bearer() })).status, 404);
  for (const path of [
    "/../tokens.json",
    "/%2e%2e/tokens.json",
    "/..%2ftokens.json",
    "/assets/..%5c..%5ctokens.json",
    "/%00",
    "/.env",
    "/%zz",
    "//../tokens.json",
  ]) {
    const { status, body } = await raw(path);
    assert.equal(status, 400, `${path} ${body}`);
    assert.ok(!body.includes("hash"), path);
  }
  const { body } = await raw("/outside.json");
  assert.ok(!body.includes("hash"));
});

test("without a built console a page says how to build it", async () => {
  const other = newServer(null);
  try {
    assert.match(await (await fetch((await other.start()).url)).text(), /npm run build -w @tidegate\/console/);
  } finally {
    await other.stop();
  }
});

test("a foreign Host is refused on loopback, even with a token", async () => {
  const { status, body } = await raw("/api/streams", { host: "evil.example", ...bearer() });
  assert.equal(status, 421);
  assert.equal((JSON.parse(body) as Problem).code, "HOST_NOT_ALLOWED");
});

test("the OpenAPI document lists every route once, with references that resolve", async () => {
  const text = await (await fetch(`${url}/api/openapi.json`, { headers: bearer() })).text();
  const document = JSON.parse(text) as { openapi: string; paths: Record<string, object>; components: { schemas: Record<string, unknown> } };
  assert.equal(document.openapi, "3.1.0");
  for (const path of ["/health", "/api/stream/{stream}", "/api/v1/dead-letters/replay", "/api/docs", "/api/v1/session/link"])
    assert.ok(document.paths[path], path);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
    assert.ok(document.components.schemas[name ?? ""], name);
  assert.ok(!text.includes("$defs"));
  const page = await fetch(`${url}/api/docs`, { headers: bearer() });
  assert.match(await page.text(), /\/api\/v1\/dead-letters\/replay/);
});

// Helpers

/** Nothing here asks Redis. */
function newServer(consoleFolder: string | null): ControlServer {
  return controlServer({ tide: noTide(), auth, consoleFolder });
}

function bearer(): { authorization: string } {
  return { authorization: `Bearer ${auth.firstToken}` };
}

async function consoleFiles(folder: string): Promise<string> {
  const root = join(folder, "console");
  await mkdir(join(root, "assets"), { recursive: true });
  await writeFile(join(root, "index.html"), "<p>the console");
  await writeFile(join(root, "assets", "index-a1B2c3D4.js"), "1");
  await symlink(join(folder, "tokens.json"), join(root, "outside.json"));
  return root;
}

/** fetch() tidies paths and hosts up; this does not. */
function raw(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const request = httpRequest({ host: "127.0.0.1", port, path, headers, agent: false }, (answer) => {
    let body = "";
    answer.setEncoding("utf8").on("data", (part: string) => (body += part));
    answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
  });
  request.on("error", reject).end();
  return promise;
}
