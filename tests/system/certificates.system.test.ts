/** Certificates as a person meets them: a real Tidegate, a real CA that validates at its edge, `tidegate cert`, the recipes, and HTTPS with what was issued. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { request as ask } from "node:https";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { after, before, test } from "node:test";
import { startPebble, type Pebble } from "../../packages/gateway/src/testing/acme/pebble.ts";
import type {
  CertificateAnswer,
  CertificateExplanationAnswer,
  CertificateStatusAnswer,
  LogEntry,
} from "../../packages/platform/src/contract.ts";
import { until } from "../../packages/streams/src/testing/events.ts";
import { Program, type Result } from "./program.ts";

const bed = new AsyncDisposableStack();
const name = "app.example.org";
let pebble: Pebble;
let program: Program;
let root: string;
let target: string;

before(async () => {
  pebble = bed.use(await startPebble());
  const folder = await mkdtemp(join(tmpdir(), "tidegate-ca-"));
  bed.defer(() => rm(folder, { recursive: true, force: true }));
  const trusted = join(folder, "ca.pem");
  await writeFile(trusted, pebble.trusted);
  root = await pebble.root();
  const { directoryUrl: url, httpPort, tlsPort } = pebble;
  const ports = { HTTP_PORT: String(httpPort), HTTPS_PORT: String(tlsPort), ACME_HTTP_PORT: String(httpPort) };
  program = bed.use(await Program.up({ ...ports, ACME_DIRECTORY_URL: url, ACME_STAGING_URL: url, ACME_CA_FILE: trusted }));
  const upstream = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  bed.defer(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  target = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  succeeded(await program.tidegate(["proxy", "create", name, target, "--https"]));
});

after(() => bed.disposeAsync());

test("a certificate is asked for at the command line, watched until it is there, and served", async () => {
  const made = await program.tidegate(["cert", "create", name, "www.example.org", "--staging", "--skip-preflight"]);
  const words = /^✓ app\.example\.org is issued by the staging server for app\.example\.org, www\.example\.org; it ends in \d+ d /;
  assert.match(made.stdout, words, made.stderr);
  assert.match(made.stdout, /Then for good: tidegate cert convert app\.example\.org\n$/);
  for (const stage of ["place the order", "let the CA look at the domains", "have it signed"])
    assert.match(made.stderr, new RegExp(`✓ ${stage}, \\d+ m?s`));
  const { fingerprint } = await json<CertificateAnswer>("cert", "show", name);
  await until("it is served", async () => (await served())?.fingerprint === fingerprint);
  assert.equal((await served())?.text, "hello");
});

test("it is told of: how far it is, why, what it took, and what happened", async () => {
  const status = await json<CertificateStatusAnswer>("cert", "status", name, "--wait");
  assert.deepEqual([status.status, status.generation, status.attempts, status.last_problem], ["active", "completed", 0, null]);
  const explained = await json<CertificateExplanationAnswer>("cert", "explain", name);
  assert.deepEqual([explained.state, explained.window?.why, explained.next_ask?.server], ["valid", "share", "staging"]);
  assert.deepEqual(explained.budget.find(({ bucket }) => bucket === "names")?.used, 1);
  const page = succeeded(await program.tidegate(["cert", "explain", name]));
  assert.match(page, /^✓ app\.example\.org is good until .* and will be renewed at /);
  assert.match(page, /limits of the CA +1 of 30000 new orders of the account\n/);
  assert.match(succeeded(await program.tidegate(["trace", "show", explained.trace_id ?? ""])), /certificate\.validation/);
  await until("the event is stored", async () => (await events("certificate_ready")).length === 1);
  assert.equal((await events("certificate_ready"))[0]?.fields["certificate"], name);
  assert.match(succeeded(await program.just("cert-list")), /app\.example\.org\tapp\.example\.org www\.example\.org\tactive \(staging\)\t/);
  assert.match(succeeded(await program.just("cert-status", name)), /state +active\n/);
});

test("it is converted with all its names, renewed on demand only with force, changed, revoked and removed", async () => {
  const before = await json<CertificateAnswer>("cert", "show", name);
  const early = await program.just("cert-renew", name);
  assert.match(early.stderr, /does not need to be renewed before .*\n.*tidegate cert renew app\.example\.org --force/);
  succeeded(await program.just("cert-convert-to-production", name));
  const converted = await json<CertificateAnswer>("cert", "show", name);
  assert.deepEqual([converted.staging, converted.domains], [false, [name, "www.example.org"]]);
  assert.notEqual(converted.serial, before.serial);
  assert.match(succeeded(await program.tidegate(["cert", "change", name, "--drop", "www.example.org"])), /issued for app\.example\.org;/);
  const changed = await json<CertificateAnswer>("cert", "show", name);
  succeeded(await program.tidegate(["cert", "revoke", name, "--reason", "keyCompromise", "--yes"]));
  assert.equal((await json<CertificateStatusAnswer>("cert", "status", name, "--wait")).generation, "completed");
  const revoked = await pebble.statusOf(changed.serial ?? "");
  assert.deepEqual([revoked?.status, revoked?.reason], ["Revoked", 1]);
  const last = await json<CertificateAnswer>("cert", "show", name);
  assert.notEqual(last.fingerprint, changed.fingerprint);
  await until("the last one is served", async () => (await served())?.fingerprint === last.fingerprint);
  succeeded(await program.just("cert-delete", name, "true"));
  assert.equal((await program.tidegate(["cert", "show", name])).code, 3);
  await until("it is served no longer", async () => (await served()) === null);
});

test("a host is made and its certificate issued in one step", async () => {
  const [host, to] = ["both.example.org", target];
  const made = await program.tidegate(["proxy", "create", host, to, "--issue", "--email", "ann@example.org", "--skip-preflight"]);
  assert.match(made.stdout, /^✓ both\.example\.org is served\n[^]*! The certificate .* is being issued/, made.stderr);
  assert.match(made.stdout, /\n✓ The certificate both\.example\.org is issued for both\.example\.org; it ends in \d+ d .*by itself\.\n$/);
  assert.match(made.stderr, /✓ let the CA look at the domains, \d+ m?s/);
  const { fingerprint, email } = await json<CertificateAnswer>("cert", "show", host);
  assert.equal(email, "ann@example.org");
  await until("it is served", async () => (await served(host))?.fingerprint === fingerprint);
  const unseen = await program.tidegate(["proxy", "create", "unseen.example.org", to, "--issue"]);
  assert.equal(unseen.code, 1);
  assert.match(unseen.stdout, /^✓ unseen\.example\.org is served\n[^]*! No certificate was ordered for unseen\.example\.org: /);
  assert.match(
    unseen.stderr,
    /✗ unseen\.example\.org is made, but it has no certificate: see above\n.*tidegate cert create unseen\.example\.org/,
  );
});

test("what fails says why, when it is tried again, and where to look", async () => {
  const nobody = ["--directory", "https://127.0.0.1:1/directory", "--skip-preflight"];
  const failed = await program.tidegate(["cert", "create", "bad.example.org", ...nobody]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /✗ bad\.example\.org was not issued \(account at https:\/\/127\.0\.0\.1:1\/directory\): .*ECONNREFUSED/);
  assert.match(failed.stderr, /tried again by itself at .* More: tidegate cert explain bad\.example\.org\n$/);
  const explained = await json<CertificateExplanationAnswer>("cert", "explain", "bad.example.org");
  assert.deepEqual([explained.state, explained.last_problem?.code], ["failing", "ACME_UNREACHABLE"]);
  const waited = await program.tidegate(["cert", "status", "bad.example.org", "--wait", "--timeout", "1"]);
  assert.deepEqual([waited.code, /state +failed\n/.test(waited.stdout)], [1, true]);
  const refused = [
    [["create", "*.example.org"], 2, /ACME_DNS_EXEC/],
    [["create", "bad.example.org", "--skip-preflight"], 5, /already/],
    [["convert", "bad.example.org"], 5, /of production already/],
    [["show", "bad.example.org", "--pem"], 3, /There is no certificate/],
    [["change", "bad.example.org", "--drop", "x.example.org"], 2, /does not have the domain/],
    [["status", "bad.example.org", "--wait", "--timeout", "0"], 2, /--timeout/],
  ] as const;
  const answers = await Promise.all(refused.map(([args]) => program.tidegate(["cert", ...args])));
  for (const [at, [args, code, words]] of refused.entries()) {
    assert.equal(answers[at]?.code, code, `${args.join(" ")}: ${answers[at]?.stderr}`);
    assert.match(answers[at]?.stderr ?? "", words);
  }
});

// Helpers

function succeeded({ code, stdout, stderr }: Result): string {
  assert.equal(code, 0, stderr);
  return stdout;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the test expects
async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(succeeded(await program.tidegate([...args, "--json"]))) as T;
}

async function events(type: string): Promise<LogEntry[]> {
  const lines = succeeded(await program.tidegate(["log", "search", "--event", type, "--json"])).trim();
  return lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line) as LogEntry);
}

/** What a client that trusts the CA alone gets; null: it trusts nothing of what it is shown. */
async function served(host = name): Promise<{ readonly fingerprint: string; readonly text: string } | null> {
  const asked = ask({ host: "127.0.0.1", port: pebble.tlsPort, servername: host, ca: root, headers: { host }, agent: false });
  try {
    asked.end();
    const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream & { socket: TLSSocket }];
    const { fingerprint256 } = response.socket.getPeerCertificate();
    return { fingerprint: `sha256:${fingerprint256.replaceAll(":", "").toLowerCase()}`, text: await text(response) };
  } catch {
    return null;
  } finally {
    asked.destroy();
  }
}
