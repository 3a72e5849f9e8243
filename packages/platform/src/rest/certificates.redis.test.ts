/** Certificates that a CA is asked for, over REST: what is answered, whose they are, what is refused and why. Nobody orders here; tests/system does. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeCertificate } from "../../../gateway/src/certificates/testing/certificate.ts";
import type {
  CertificateAnswer,
  CertificateExplanationAnswer,
  CertificatesAnswer,
  CertificateStatusAnswer,
  PreflightAnswer,
  Problem,
} from "../contract.ts";
import { ADMIN_TOKEN, ask, newToken, TokenBed, type Answer, type Instance } from "./testing/token-bed.ts";

const stack = new AsyncDisposableStack();
let at: Instance;

before(async () => {
  const bed = stack.use(await TokenBed.open());
  at = await bed.instance("certificates");
});
after(() => stack.disposeAsync());

const skipped = { skip_preflight: true };
const path = "/certificates/app.tidegate-tests.net";

test("a certificate is asked for in the earlier systems' words, and told of while there is none", async () => {
  const body = {
    domain: "App.tidegate-tests.net",
    email: "ann@tidegate-tests.net",
    acme_directory_url: "https://ca.example.org/dir",
    ...skipped,
  };
  const { status, headers, body: made } = await admin<CertificateAnswer>("POST", "/certificates", body);
  assert.deepEqual([status, headers.get("location"), headers.get("etag")], [202, `/api/v1${path}`, '"1"']);
  const { cert_name, domains, status: state, origin, staging, fullchain_pem: chain, expires_at, acme_directory_url: ca } = made;
  assert.deepEqual([cert_name, domains, state, origin], ["app.tidegate-tests.net", ["app.tidegate-tests.net"], "pending", "acme"]);
  assert.deepEqual([staging, chain, expires_at, ca], [false, null, null, "https://ca.example.org/dir"]);
  assert.deepEqual([made.request?.challenge, made.request?.key_type, made.owner], ["auto", "ec-p256", "admin"]);
  const status_ = (await admin<CertificateStatusAnswer>("GET", `${path}/status`)).body;
  assert.deepEqual([status_.status, status_.generation, status_.trace_id], ["pending", "in_progress", null]);
  const explained = (await admin<CertificateExplanationAnswer>("GET", `${path}/explain`)).body;
  assert.deepEqual([explained.state, explained.next_ask?.directory], ["waiting", "https://ca.example.org/dir"]);
  assert.match(explained.summary, /^app\.tidegate-tests\.net is to be obtained/);
  assert.deepEqual(
    explained.budget.map(({ used }) => used),
    explained.budget.map(() => 0),
  );
  const [row] = (await admin<CertificatesAnswer>("GET", "/certificates")).body.items;
  assert.deepEqual([row?.cert_name, row !== undefined && "fullchain_pem" in row], ["app.tidegate-tests.net", false]);
});

test("what is wanted is changed over the version that was seen, and several domains have one certificate", async () => {
  const changed = await admin<CertificateAnswer>("PATCH", path, { domains: ["app.tidegate-tests.net", "www.tidegate-tests.net"] }, '"1"');
  assert.deepEqual([changed.status, changed.headers.get("etag")], [200, '"2"'], changed.text);
  assert.deepEqual(changed.body.request?.domains, ["app.tidegate-tests.net", "www.tidegate-tests.net"]);
  assert.equal(changed.body.email, "ann@tidegate-tests.net");
  const stale = await admin<Problem>("PATCH", path, { email: "ben@tidegate-tests.net" }, '"1"');
  assert.deepEqual([stale.status, stale.body.code], [412, "VERSION_CONFLICT"]);
  const forced = await admin<CertificateAnswer>("POST", `${path}/renew?force=true`);
  assert.deepEqual([forced.status, typeof forced.body.request?.renew_asked_at], [202, "number"]);
  const several = {
    cert_name: "shop",
    domains: ["shop.tidegate-tests.net", "shop.tidegate-tests.net", "www.shop.tidegate-tests.net"],
    ...skipped,
  };
  const made = await admin<CertificateAnswer>("POST", "/certificates/multi-domain", several);
  assert.deepEqual([made.status, made.body.domains], [202, ["shop.tidegate-tests.net", "www.shop.tidegate-tests.net"]], made.text);
  assert.equal((await admin("DELETE", "/certificates/shop")).status, 204);
});

test("what is in the way is told domain by domain, and nothing is ordered", async () => {
  const { status, body, text } = await admin<PreflightAnswer>("POST", "/certificates/preflight", { domain: "nowhere.tidegate-tests.net" });
  assert.equal(status, 200, text);
  assert.ok(body.findings.length > 0 && body.findings.every(({ domain }) => domain === "nowhere.tidegate-tests.net"), text);
  assert.equal((await admin("GET", "/certificates/nowhere.tidegate-tests.net")).status, 404);
});

test("somebody else's is neither changed nor removed, with the token that asked for one it goes", async () => {
  const mine = await newToken(at, "mine", ["certificates:write"]);
  const made = await ask<CertificateAnswer>(at, mine, "POST", "/v1/certificates", { domain: "mine.tidegate-tests.net", ...skipped });
  assert.deepEqual([made.status, made.body.owner], [202, "mine"], made.text);
  for (const [method, act] of [
    ["PATCH", ""],
    ["POST", "/renew"],
    ["POST", "/revoke"],
    ["POST", "/convert-to-production"],
    ["DELETE", ""],
  ] as const) {
    const refused = await ask<Problem>(at, mine, method, `/v1${path}${act}`, method === "PATCH" ? {} : undefined);
    assert.deepEqual([refused.status, refused.body.code], [403, "NOT_YOURS"], `${method} ${act}`);
  }
  assert.equal((await admin("DELETE", "/tokens/mine?cascade=true")).status, 200);
  assert.equal((await admin("GET", "/certificates/mine.tidegate-tests.net")).status, 404);
});

test("an uploaded one is renewed by nobody, and is not asked for beside", async () => {
  const { certificate, key } = await makeCertificate({ names: ["up.tidegate-tests.net"] });
  const up = { cert_name: "up", fullchain_pem: certificate, private_key_pem: key };
  const made = await admin<CertificateAnswer>("POST", "/certificates", up);
  assert.deepEqual([made.status, made.body.origin, made.body.request, made.body.next_attempt_at], [201, "uploaded", null, null], made.text);
  const state = "CERTIFICATE_STATE";
  await refuses("POST", "/certificates/up/renew", undefined, 409, state, /uploaded/);
  await refuses("POST", "/certificates/up/convert-to-production", undefined, 409, state, /uploaded/);
  await refuses("POST", "/certificates/up/revoke", { reason: "superseded" }, 409, state, /not issued by a CA/);
  await refuses("PUT", path, { fullchain_pem: certificate, private_key_pem: key }, 409, state, /issued by a CA/);
  await refuses("POST", "/certificates", { domain: "up.tidegate-tests.net", cert_name: "up", ...skipped }, 409, "NAME_TAKEN", /up/);
});

test("what cannot be meant is refused with the field and what it may be", async () => {
  const request = "INVALID_CERTIFICATE_REQUEST";
  const cases: [object, number, string, RegExp][] = [
    [{}, 400, request, /neither a domain .* nor a certificate/],
    [{ domain: "a.tidegate-tests.net", fullchain_pem: "x" }, 400, request, /fullchain_pem uploads/],
    [{ domain: "a.tidegate-tests.net", domains: ["b.tidegate-tests.net"] }, 400, request, /both domains and domain/],
    [{ domain: "a.tidegate-tests.net", owner: "ben" }, 400, request, /owner is no field/],
    [{ domain: "a.tidegate-tests.net", colour: "red" }, 400, request, /"colour" is no field/],
    [{ domain: "a.tidegate-tests.net", challenge: "dns" }, 400, request, /challenge/],
    [{ domain: "a.tidegate-tests.net", staging: "yes" }, 400, request, /staging is true or false/],
    [{ domain: "a.tidegate-tests.net", staging: true }, 400, request, /no staging server/],
    [{ domain: "*.tidegate-tests.net" }, 400, request, /dns-01/],
    [{ domain: "127.0.0.1" }, 400, request, /127\.0\.0\.1/],
    [{ domain: 7 }, 400, request, /7/],
    [{ domain: "a.tidegate-tests.net", cert_name: "../x", ...skipped }, 400, "INVALID_NAME", /name of a certificate/],
    [{ domain: "a.tidegate-tests.net", skip_preflight: "yes" }, 400, "INVALID_REQUEST", /skip_preflight/],
  ];
  for (const [body, status, code, detail] of cases) await refuses("POST", "/certificates", body, status, code, detail);
  await refuses("POST", `${path}/revoke`, { reason: "boredom" }, 400, "INVALID_REQUEST", /reason/);
  await refuses("GET", `${path}/status?wait=true&timeout=121`, undefined, 400, "INVALID_REQUEST", /timeout/);
  await refuses("GET", "/certificates/none/explain", undefined, 404, "UNKNOWN_ENTITY", /none/);
});

// Helpers

async function admin<T = unknown>(method: string, where: string, body?: unknown, version?: string): Promise<Answer<T>> {
  if (version === undefined) return await ask<T>(at, ADMIN_TOKEN, method, `/v1${where}`, body);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json", "if-match": version };
  const answer = await fetch(`${at.url}/api/v1${where}`, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text) as T, text, headers: answer.headers };
}

async function refuses(method: string, where: string, body: unknown, status: number, code: string, detail: RegExp): Promise<void> {
  const refused = await admin<Problem>(method, where, body);
  assert.deepEqual([refused.status, refused.body.code], [status, code], refused.text);
  assert.match(refused.body.detail, detail);
}
