/** `tidegate token` as a person and a script meet it: the real program, asking a real control server. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NewTokenAnswer, RevokedAnswer, TokenAnswer } from "../contract.ts";
import { ADMIN_TOKEN, ask, newToken } from "../rest/testing/token-bed.ts";
import { CommandLine } from "./testing/command-line.ts";

const stack = new AsyncDisposableStack();
let line: CommandLine;
let tidegate: CommandLine["runWith"];

before(async () => {
  line = stack.use(await CommandLine.open());
  tidegate = line.runWith;
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

  await ask(line.instance, rotated.token, "POST", "/v1/services/external", { service_name: "search", url: "http://example.org" });
  assert.equal((await tidegate({}, "token", "revoke", "ci", "--cascade")).code, 2, "nobody there to ask");
  const revoked = await tidegate({}, "token", "revoke", "ci", "--cascade", "--yes", "--json");
  assert.deepEqual((JSON.parse(revoked.stdout) as RevokedAnswer).removed, { services: 1 });
});

test("what a token may not do ends with code 4 and the scope that is missing, in JSON too", async () => {
  const reader = await newToken(line.instance, "reader", ["traces:read"]);
  const { code, stdout, stderr } = await tidegate({ TIDEGATE_TOKEN: reader }, "status", "--json");
  assert.deepEqual([code, stdout], [4, ""]);
  assert.match(stderr, /system:read/);
  const other = await tidegate({ TIDEGATE_TOKEN: reader }, "audit", "--json");
  assert.equal((JSON.parse(other.stderr) as { error: { code: string } }).error.code, "SCOPE_MISSING");
  assert.equal((await tidegate({}, "token", "create", "x", "--expires-in", "soon")).code, 2);
  assert.equal((await tidegate({}, "token", "admin")).stdout, `${ADMIN_TOKEN}\n`);
});
