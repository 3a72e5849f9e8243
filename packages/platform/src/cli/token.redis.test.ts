/** `tidegate token` as a person and a script meet it: the real program, asking a real control server. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { NewTokenAnswer, RevokedAnswer, TokenAnswer } from "../contract.ts";
import { ADMIN_TOKEN, ask, NAMESPACE, newToken, TokenBed, type Instance } from "../rest/testing/token-bed.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/tidegate.js", import.meta.url));
const stack = new AsyncDisposableStack();
let folder: string;
let instance: Instance;

before(async () => {
  const bed = stack.use(await TokenBed.open());
  instance = await bed.instance("cli");
  folder = await mkdtemp(join(tmpdir(), "tidegate-token-cli-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const file = { pid: process.pid, startedAt: 0, namespace: NAMESPACE, redisUrl: bed.redis.url, redisPasswordFile: null, ports: {} };
  await writeFile(join(folder, "instance.json"), JSON.stringify({ ...file, consoleUrl: instance.url }));
  await writeFile(join(folder, "admin-token"), `${ADMIN_TOKEN}\n`);
});
after(() => stack.disposeAsync());

test("a token is made, used, changed, rotated and revoked", async () => {
  const created = await tidegate({}, "token", "create", "ci", "--scopes", "logs:read,tokens:read", "--expires-in", "90d");
  assert.equal(created.code, 0, created.stderr);
  const [secret = ""] = /tg_[\w-]{43}/.exec(created.stdout) ?? [];
  assert.match(created.stdout, new RegExp(`export TIDEGATE_TOKEN=${secret}`));
  const own = { TIDEGATE_TOKEN: secret };
  const refused = await tidegate(own, "token", "set", "ci", "--add", "services:write");
  assert.equal(refused.code, 4);
  assert.match(
    refused.stderr,
    /needs the scope tokens:write; the token "ci" has logs:read, tokens:read\.\n.*token set ci --add tokens:write/,
  );
  const widened = await tidegate({}, "token", "set", "ci", "--add", "services:write", "--expires-in", "never", "--json");
  const { scopes, expires_at } = JSON.parse(widened.stdout) as TokenAnswer;
  assert.deepEqual([scopes, expires_at], [["logs:read", "services:write", "tokens:read"], null]);

  const rotated = JSON.parse((await tidegate({}, "token", "rotate", "ci", "--json")).stdout) as NewTokenAnswer;
  assert.match(
    (await tidegate({ TIDEGATE_TOKEN: rotated.token }, "token", "ls")).stdout,
    /ci\tactive\tlogs:read services:write tokens:read/,
  );

  await ask(instance, rotated.token, "POST", "/v1/services/external", { service_name: "search", url: "http://example.org" });
  assert.equal((await tidegate({}, "token", "revoke", "ci", "--cascade")).code, 2, "nobody there to ask");
  const revoked = await tidegate({}, "token", "revoke", "ci", "--cascade", "--yes", "--json");
  assert.deepEqual((JSON.parse(revoked.stdout) as RevokedAnswer).removed, { services: 1 });
});

test("what a token may not do ends with code 4 and the scope that is missing, in JSON too", async () => {
  const reader = await newToken(instance, "reader", ["traces:read"]);
  const { code, stdout, stderr } = await tidegate({ TIDEGATE_TOKEN: reader }, "status", "--json");
  assert.deepEqual([code, stdout], [4, ""]);
  assert.match(stderr, /system:read/);
  const other = await tidegate({ TIDEGATE_TOKEN: reader }, "audit", "--json");
  assert.equal((JSON.parse(other.stderr) as { error: { code: string } }).error.code, "SCOPE_MISSING");
  assert.equal((await tidegate({}, "token", "create", "x", "--expires-in", "soon")).code, 2);
  assert.equal((await tidegate({}, "token", "admin")).stdout, `${ADMIN_TOKEN}\n`);
});

// Helpers

async function tidegate(env: Record<string, string>, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { TIDEGATE_TOKEN: _, ADMIN_TOKEN: __, ...rest } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...rest, ...env, TIDEGATE_DATA: folder, NO_COLOR: "1" } });
  const ended = once(child, "close") as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
