import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Auth } from "./auth.ts";
import { Backoff } from "./backoff.ts";
import { Gate } from "./gate.ts";
import { checkHost, isLoopback, sameOrigin } from "./origin.ts";
import { SignIns } from "./sign-ins.ts";
import type { SignInEvent } from "./sign-ins.ts";

test("the first run makes a token, shows it once and stores only its hash", async (t) => {
  const folder = await newFolder(t);
  const first = await Auth.open(folder);
  assert.match(first.firstToken ?? "", /^tg_[A-Za-z0-9_-]{43}$/);
  assert.equal(first.checkToken(first.firstToken ?? "")?.subject, "admin");
  assert.ok(!(await readFile(join(folder, "tokens.json"), "utf8")).includes(first.firstToken ?? "-"));
  assert.equal((await readFile(join(folder, "admin-token"), "utf8")).trim(), first.firstToken);

  const second = await Auth.open(folder);
  assert.equal(second.firstToken, null);
  assert.notEqual(second.checkToken(first.firstToken ?? ""), null);
});

test("secret files are for their owner only, and no draft is left behind", async (t) => {
  const folder = await newFolder(t);
  await Auth.open(folder);
  assert.deepEqual((await readdir(folder)).toSorted(), ["admin-token", "tokens.json"]);
  for (const name of ["admin-token", "tokens.json"]) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
});

test("ADMIN_TOKEN replaces the generated token as long as it is set", async (t) => {
  const folder = await newFolder(t);
  const { firstToken } = await Auth.open(folder);
  const given = await Auth.open(folder, "correct-horse-battery");
  assert.equal(given.firstToken, null);
  assert.notEqual(given.checkToken("correct-horse-battery"), null);
  assert.equal(given.checkToken(firstToken ?? ""), null);
  assert.ok(!(await readFile(join(folder, "tokens.json"), "utf8")).includes("correct-horse"));
  assert.ok(!(await readdir(folder)).includes("admin-token"));

  const after = await Auth.open(folder);
  assert.notEqual(after.firstToken, null);
  assert.equal(after.checkToken("correct-horse-battery"), null);
});

test("a weak ADMIN_TOKEN is refused without being printed", async (t) => {
  const folder = await newFolder(t);
  await assert.rejects(
    Auth.open(folder, "hunter2"),
    (error: Error) => /at least 8/.test(error.message) && !error.message.includes("hunter2"),
  );
});

test("a damaged tokens.json is an error that says what to do", async (t) => {
  const folder = await newFolder(t);
  await writeFile(join(folder, "tokens.json"), '{"tokens":[{"id":');
  await assert.rejects(Auth.open(folder), { code: "INVALID_CONFIG", hint: /Remove it/ });
});

test("a login link works once and for ten minutes", async (t) => {
  let now = 1_000_000;
  const auth = await Auth.open(await newFolder(t), undefined, () => now);
  const code = codeOf(auth.loginLink("http://127.0.0.1:8090/"));
  const session = auth.exchange(code);
  assert.equal(session?.identity.kind, "session");
  assert.equal(auth.exchange(code), null);

  const late = codeOf(auth.loginLink("http://127.0.0.1:8090"));
  now += 10 * 60_000;
  assert.equal(auth.exchange(late), null);
});

test("a session lasts twelve hours, or until it is ended", async (t) => {
  let now = 1_000_000;
  const auth = await Auth.open(await newFolder(t), undefined, () => now);
  const [one, other] = [auth.openSession("admin"), auth.openSession("admin")];
  auth.endSession(one.identity);
  assert.equal(auth.checkSession(one.cookie), null);
  assert.equal(auth.stillGood(one.identity), false);
  assert.equal(auth.checkSession(other.cookie)?.subject, "admin");
  now += 12 * 3_600_000;
  assert.equal(auth.checkSession(other.cookie), null);
});

test("one token's sessions push out its own oldest, not those of others", async (t) => {
  const auth = await Auth.open(await newFolder(t));
  auth.lookIn({ find: (id) => ({ subject: id, scopes: [] }), used: () => {} });
  const admin = auth.openSession("admin");
  const greedy = Array.from({ length: 60 }, () => auth.openSession("greedy", "its digest"));
  assert.equal(auth.checkSession(admin.cookie)?.subject, "admin");
  assert.deepEqual(
    [0, 59].map((n) => auth.checkSession(greedy[n]?.cookie ?? "") !== null),
    [false, true],
  );
});

test("ten wrong secrets within a minute make an address wait, others not", () => {
  let now = 0;
  const backoff = new Backoff(() => now);
  for (let n = 0; n < 9; n++) backoff.failed("10.0.0.1");
  assert.equal(backoff.wait("10.0.0.1"), 0);
  backoff.failed("10.0.0.1");
  assert.equal(backoff.wait("10.0.0.1"), 60);
  assert.equal(backoff.wait("10.0.0.2"), 0);
  now = 60_000;
  assert.equal(backoff.wait("10.0.0.1"), 0);
});

test("the gate tells of a token's first use, refusals and nothing in between", async (t) => {
  const auth = await Auth.open(await newFolder(t));
  const signIns = new SignIns();
  const events: SignInEvent[] = [];
  signIns.listen((event) => events.push(event));
  const gate = new Gate({ auth, signIns, loopback: true });
  for (let n = 0; n < 3; n++) gate.admit(request({ authorization: `Bearer ${auth.firstToken}` }), true);
  assert.throws(() => gate.admit(request({ authorization: "Bearer wrong" }), false), { status: 401, code: "WRONG_TOKEN" });
  assert.throws(() => gate.admit(request({}), false), { status: 401, code: "NOT_SIGNED_IN" });
  assert.deepEqual(
    events.map(({ kind, via }) => [kind, via]),
    [
      ["login", "token"],
      ["refused", "token"],
    ],
  );
});

test("host names that are ours on loopback", () => {
  for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1:8090", "[::1]:8090"]) assert.doesNotThrow(() => checkHost(request({ host })));
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.1@evil", "0.0.0.0", ""]) {
    assert.throws(() => checkHost(request({ host })), { status: 421 }, host);
  }
  assert.deepEqual(["127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "::"].map(isLoopback), [true, true, true, true, false, false]);
});

test("an origin is ours only when its host is the one asked", () => {
  const host = "127.0.0.1:8090";
  assert.ok(sameOrigin(request({ host, origin: "http://127.0.0.1:8090" })));
  for (const origin of ["http://127.0.0.1:8091", "http://evil.example", "null", "", "http://localhost:8090"])
    assert.ok(!sameOrigin(request({ host, origin })), origin);
  assert.ok(!sameOrigin(request({ host })));
});

function codeOf(link: string): string {
  assert.match(link, /^http:\/\/127\.0\.0\.1:8090\/login#code=/);
  return link.split("#code=")[1] ?? "";
}

function request(headers: Record<string, string>): IncomingMessage {
  return { headers, socket: { localPort: 8090, remoteAddress: "127.0.0.1" } } as unknown as IncomingMessage;
}

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-auth-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}
