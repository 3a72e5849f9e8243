/** `tidegate config` as a person and a script meet it: the real program, asking a real control server. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ConfigImportAnswer, RevisionAnswer } from "../contract.ts";
import { ADMIN_TOKEN, NAMESPACE, TokenBed, type Instance } from "../rest/testing/token-bed.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/tidegate.js", import.meta.url));
const stack = new AsyncDisposableStack();
let instance: Instance;
let folder: string;

before(async () => {
  const bed = stack.use(await TokenBed.open());
  instance = await bed.instance("one");
  folder = await mkdtemp(join(tmpdir(), "tidegate-config-cli-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const place = { redisUrl: bed.redis.url, redisPasswordFile: null, consoleUrl: instance.url, ports: {} };
  await writeFile(join(folder, "instance.json"), JSON.stringify({ pid: process.pid, startedAt: 0, namespace: NAMESPACE, ...place }));
});

after(() => stack.disposeAsync());

test("what was changed is listed, and one version brought back", async () => {
  assert.match((await tidegate("config", "history")).stdout, /Nothing was changed yet/);
  const table = instance.gateway.entities.table<{ url: string }>("certificate");
  const made = await table.create("example.com", { url: "http://127.0.0.1:1" }, "ann");
  await table.put(made, { url: "http://127.0.0.1:2" }, "ben");
  assert.match((await tidegate("config", "history", "certificate")).stdout, /certificate\texample.com\t2\tupdated\t.*\tben\t/);
  const versions = (await tidegate("config", "history", "certificate", "example.com", "--json")).stdout.trim().split("\n");
  assert.deepEqual((JSON.parse(versions[1] ?? "") as RevisionAnswer).data, { url: "http://127.0.0.1:1" });
  const back = await tidegate("config", "rollback", "certificate", "example.com", "1");
  assert.match(back.stdout, /✓ certificate example.com is as it was at version 1; it has version 3 now/);
  assert.equal((await tidegate("config", "rollback", "certificate", "example.com", "77")).code, 3);
  const port = await tidegate("config", "rollback", "port", "tcp/8080", "1");
  assert.equal(port.code, 5);
  assert.match(port.stderr, /Ports are not rolled back[^]*tidegate port allocate/);
});

test("everything as a file for its owner only, and back: said first, asked where something is removed", async () => {
  const path = join(folder, "all.json");
  assert.match((await tidegate("config", "export", path)).stdout, /✓ 1 thing written to/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const file = JSON.parse(await readFile(path, "utf8")) as { entities: object };
  const other = {
    ...file,
    entities: { ...file.entities, certificate: {}, external_service: { api: { data: { url: "http://127.0.0.1:1", owner: "ann" } } } },
  };
  await writeFile(path, JSON.stringify(other));
  const planned = await tidegate("config", "import", path, "--replace", "--dry-run");
  assert.match(planned.stdout, /\+ external.service api[^]*Nothing was changed/);
  assert.match(planned.stdout, /- certificate example.com/);
  const unasked = await tidegate("config", "import", path, "--replace");
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /remove 1 thing/);
  assert.equal((await instance.gateway.entities.table("certificate").list()).length, 1);
  const done = await tidegate("config", "import", path, "--replace", "--yes", "--json");
  assert.deepEqual((JSON.parse(done.stdout) as ConfigImportAnswer).kinds["certificate"]?.removed, ["example.com"]);
  assert.match((await tidegate("config", "import", path)).stdout, /Everything is as in the file already/);
  await writeFile(path, "{");
  assert.deepEqual([(await tidegate("config", "import", path)).code, (await tidegate("config", "import", `${path}.none`)).code], [2, 2]);
});

// Private

async function tidegate(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TIDEGATE_DATA: folder, ADMIN_TOKEN, NO_COLOR: "1" },
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close") as Promise<[number]>]);
  return { code, stdout, stderr };
}
