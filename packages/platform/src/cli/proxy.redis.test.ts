/** `tidegate proxy`, `route`, `cert` and `why <url>` as a person and a script meet them: the real program, asking a real control server. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ProxyAuthAnswer, ProxyRouteAnswer, ProxyTargetAnswer } from "../contract.ts";
import { ADMIN_TOKEN, ask } from "../rest/testing/token-bed.ts";
import { CommandLine } from "./testing/command-line.ts";

const stack = new AsyncDisposableStack();
let line: CommandLine;
let tidegate: CommandLine["run"];

before(async () => {
  line = stack.use(await CommandLine.open());
  tidegate = line.run;
});
after(() => stack.disposeAsync());

test("a host name is made, listed, changed, locked and deleted", async () => {
  const made = await tidegate("proxy", "create", "app.example", "3000", "--no-https", "--header", "X-Env=test", "--rate", "100/10s");
  assert.match(
    made.stdout,
    /^✓ app\.example is kept\nto {6}http:\/\/127\.0\.0\.1:3000\naccess {2}everybody\nnext {4}tidegate proxy show app\.example\n/,
  );
  assert.match(made.stdout, /! It is kept, but not every edge worker serves it yet\. See: tidegate status\n/, "there is none here");
  assert.match(
    (await tidegate("proxy", "ls")).stdout,
    /HOST\tTO\tSTATE\tHTTP\tHTTPS\tACCESS\tROUTES\napp\.example\thttp:\/\/127\.0\.0\.1:3000\tnobody serves it\tserved\toff\teverybody\tall\n/,
  );
  const changed = await tidegate("proxy", "update", "app.example", "web:admin", "--header", "X-More=1", "--without", "old", "--json");
  const { target_url, custom_headers, disabled_routes } = JSON.parse(changed.stdout) as ProxyTargetAnswer;
  assert.deepEqual([target_url, custom_headers, disabled_routes], ["service:web:admin", { "X-Env": "test", "X-More": "1" }, ["old"]]);

  const locked = await line.runWith(
    { TIDEGATE_BASIC_PASSWORD: "correct horse" },
    "proxy",
    "access",
    "app.example",
    "--user",
    "ann",
    "--allow",
    "10.0.0.0/8",
  );
  assert.match(locked.stdout, /^✓ app\.example – may pass: basic \(1 user\), from 10\.0\.0\.0\/8\nusers {2}ann\n/, locked.stderr);
  const wider = await tidegate("proxy", "access", "app.example", "--tokens", "ci", "--exclude", "/health", "--json");
  const { access } = JSON.parse(wider.stdout) as ProxyAuthAnswer;
  assert.deepEqual(
    [access?.tokens?.names, Object.keys(access?.basic?.users ?? {}), access?.excluded_paths],
    [["ci"], ["ann"], ["/health"]],
  );
  assert.match(
    (await tidegate("proxy", "show", "app.example")).stdout,
    /access {6}tokens ci or basic \(1 user\), from 10\.0\.0\.0\/8\nopen paths {2}\/health\n/,
  );
  const any = await tidegate("proxy", "access", "app.example", "--reset", "--tokens", "--token-scope", "proxy:read", "--json");
  const { access: anew } = JSON.parse(any.stdout) as ProxyAuthAnswer;
  assert.deepEqual([anew?.tokens, anew?.basic, anew?.excluded_paths], [{ names: null, scopes: ["proxy:read"] }, null, []], any.stderr);
  assert.match((await tidegate("proxy", "access", "app.example", "--off")).stdout, /✓ app\.example – may pass: everybody/);

  assert.match(
    (await tidegate("proxy", "pause", "app.example", "--hold", "5")).stdout,
    /wait for up to 5 s\.\n {2}Let them in again: tidegate proxy resume app\.example/,
  );
  assert.match((await tidegate("proxy", "maintenance", "app.example", "--message", "soon")).stdout, /answers every request with 503/);
  assert.match((await tidegate("proxy", "maintenance", "app.example", "--off")).stdout, /takes requests again/);
  assert.equal((await tidegate("proxy", "delete", "app.example")).code, 2, "nobody there to ask");
  assert.equal((await tidegate("proxy", "delete", "app.example", "--yes", "--json")).stdout, '{"deleted":"app.example"}\n');
  assert.equal((await tidegate("proxy", "show", "app.example")).code, 3);
});

test("a route is made, explained, changed and deleted; what hangs on it is named", async () => {
  await ask(line.instance, ADMIN_TOKEN, "POST", "/v1/proxy/targets", {
    hostname: "shop.example",
    target_url: "http://127.0.0.1:9",
    enable_https: false,
  });
  const made = await tidegate("route", "create", "/api", "host:api.example", "--host", "shop.example,b.example", "--method", "get,post");
  assert.match(
    made.stdout,
    /^✓ api is kept\npath {3}\/api\nto {5}host api\.example\nhosts {2}shop\.example b\.example\nnext {3}tidegate route explain https:\/\/shop\.example\/api\n/,
    made.stderr,
  );
  assert.match(made.stdout, /! There is no target api\.example yet: tidegate proxy create api\.example <url>\n/);
  assert.match(
    (await tidegate("route", "ls", "--scope", "proxy")).stdout,
    /api\t\/api\thost api\.example\t50\tGET POST\tshop\.example b\.example\ton\n/,
  );
  const moved = await tidegate(
    "route",
    "update",
    "api",
    "redirect:/new{path}",
    "--all-hosts",
    "--status",
    "307",
    "--method",
    "*",
    "--json",
  );
  const { target_type, target_value, scope, methods, status } = JSON.parse(moved.stdout) as ProxyRouteAnswer;
  assert.deepEqual([target_type, target_value, scope, methods, status], ["redirect", "/new{path}", "global", null, 307]);
  const why = await tidegate("why", "http://shop.example/api/x");
  assert.match(why.stdout, /^307 to \/new\/api\/x\n\n· The path is \/api\/x\.\n/, why.stderr);
  assert.match(
    why.stdout,
    /→\tapi\t\/api\t50\tmatches, and is the first to\n\nNext:\n {2}tidegate proxy show shop\.example\n {2}tidegate route show api\n$/,
  );
  const nobody = await tidegate("route", "explain", "https://nobody.example/");
  assert.match(nobody.stdout, /^404: no host name of this instance\n/);
  const taken = await tidegate("route", "create", "/api", "3000", "--id", "second");
  assert.deepEqual([taken.code, /takes the same requests as api/.test(taken.stderr)], [5, true], taken.stderr);
  assert.equal((await tidegate("route", "delete", "api", "--yes")).stdout, "✓ api is gone.\n");
});

test("what is written wrongly ends with code 2 and words", async () => {
  const cases: [words: RegExp, ...args: string[]][] = [
    [/It must be a size/, "proxy", "create", "a.example", "1", "--max-body", "much"],
    [/It must be requests in a time/, "proxy", "create", "a.example", "1", "--rate", "fast"],
    [/--also stands beside the first URL/, "proxy", "update", "a.example", "--also", "http://x.example"],
    [/Say what to change/, "proxy", "update", "a.example"],
    [/--off goes alone/, "proxy", "access", "a.example", "--off", "--user", "ann"],
    [/--host and --all-hosts/, "route", "create", "/x", "1", "--host", "a.example", "--all-hosts"],
    [/--rewrite is written as/, "route", "create", "/x", "1", "--rewrite", "wrong"],
    [/cannot be read/, "cert", "upload", "--chain", "/nowhere.pem", "--key", "/nowhere.pem"],
  ];
  const answers = await Promise.all(cases.map(([, ...args]) => tidegate(...args)));
  for (const [at, { code, stderr }] of answers.entries()) {
    assert.equal(code, 2, stderr);
    assert.match(stderr, cases[at]?.[0] ?? /^$/);
  }
});
