/** `tidegate config` as a person and a script meet it: the real program, asking a real control server. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";

import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ConfigImportAnswer, RevisionAnswer } from "../contract.ts";
import type { Instance } from "../rest/testing/token-bed.ts";
import { CommandLine } from "./testing/command-line.ts";

const stack = new AsyncDisposableStack();
let instance: Instance;
let folder: string;
let tidegate: CommandLine["run"];

before(async () => {
  ({ instance, folder, run: tidegate } = stack.use(await CommandLine.open()));
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
