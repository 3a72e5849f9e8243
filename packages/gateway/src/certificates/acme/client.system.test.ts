import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { startPebble, type Pebble } from "../../testing/acme/pebble.ts";
import { SYSTEM_CLOCK, type Clock } from "../clock.ts";
import type { CertificateRequest } from "../request-spec.ts";
import { certId } from "./ari.ts";
import { AcmeClient } from "./client.ts";
import { newCsr, newKey } from "./csr.ts";
import { AcmeProblem } from "./problem.ts";

const EAB = { kid: "kid-1", hmacKey: Buffer.alloc(32, 7).toString("base64url") };
/** The CA decides in milliseconds; a second between questions would be most of the test. */
const HASTY: Clock = { now: () => SYSTEM_CLOCK.now(), sleep: (milliseconds, signal) => SYSTEM_CLOCK.sleep(milliseconds / 20, signal) };

describe("AcmeClient with a real CA", { concurrency: false }, () => {
  const bed = new AsyncDisposableStack();
  const signal = AbortSignal.timeout(50_000);
  const accountKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const answers = new Map<string, string>();
  let pebble: Pebble;
  let client: AcmeClient;

  before(async () => {
    pebble = bed.use(await startPebble({ nonceReject: 30, alternateRoots: 1, chainLength: 3, eab: { [EAB.kid]: EAB.hmacKey } }));
    const web = createServer((request, response) => response.end(answers.get(request.url ?? "") ?? "not the answer"));
    await new Promise<void>((resolve) => web.listen(pebble.httpPort, "127.0.0.1", resolve));
    bed.defer(() => void web.close());
    client = bed.use(clientOf(accountKey));
    await client.register("ann@mail.example", signal);
  });
  after(() => bed.disposeAsync());

  it("registers with the external binding the CA demands, and finds the account again by its key", async () => {
    await using mine = new AsyncDisposableStack();
    assert.equal((await client.directory(signal)).meta.externalAccountRequired, true);
    const [again, unbound] = [mine.use(clientOf(accountKey)), mine.use(clientOf(newAccountKey(), null))];
    const url = await client.register(null, signal);
    assert.deepEqual([await again.findAccount(signal), await again.register(null, signal)], [url, url]);
    assert.equal(await unbound.findAccount(signal), null);
    await assert.rejects(
      unbound.register(null, signal),
      (error: AcmeProblem) => error.is("externalAccountRequired") && error.hint?.includes("ACME_EAB_KID") === true,
    );
    const forged = mine.use(clientOf(newAccountKey(), { ...EAB, hmacKey: Buffer.alloc(32, 8).toString("base64url") }));
    await assert.rejects(forged.register(null, signal), { code: "ACME_PROBLEM" });
    await assert.rejects(unbound.newOrder({ domains: ["one.example"] }, signal), /register it/);
  });

  it("brings a certificate for two names, in the chain that is preferred, and revokes it", async () => {
    const domains = ["one.example", "two.example"];
    const { chain, key, certificate } = await issue(client, domains, "ec-p256");
    const [leaf] = certificates(chain);
    assert.ok(leaf !== undefined && leaf.checkPrivateKey(key));
    assert.deepEqual(leaf.subjectAltName?.split(", ").sort(), ["DNS:one.example", "DNS:two.example"]);
    assert.equal(certificates(chain).length, 4);
    assert.ok(await leadsTo(chain, 0));

    const other = /CN=(.*)/.exec(new X509Certificate(await pebble.root(1)).subject)?.[1] ?? "";
    const preferred = await client.download(certificate, other, signal);
    assert.ok(await leadsTo(preferred, 1));
    assert.deepEqual(certificates(preferred)[0]?.raw, leaf.raw);
    assert.equal(await client.download(certificate, "No Such Root", signal), chain);

    assert.match(certId(chain) ?? "", /^[\w-]+\.[\w-]+$/);
    assert.equal(await client.renewalInfo(certId(chain) ?? "", signal), null);
    assert.equal((await pebble.statusOf(leaf.serialNumber))?.status, "Valid");
    await client.revoke(leaf.raw, 4, signal);
    assert.deepEqual(pick(await pebble.statusOf(leaf.serialNumber)), { status: "Revoked", reason: 4 });
    await client.revoke(leaf.raw, 4, signal);
  });

  for (const type of ["ec-p384", "rsa-2048"] as const) {
    it(`brings a certificate with a key of ${type} for a name too long for a subject`, async () => {
      const long = `${"a".repeat(60)}.${"b".repeat(30)}.example`;
      const { chain, key } = await issue(client, [long], type);
      assert.ok(certificates(chain)[0]?.checkPrivateKey(key));
      assert.equal(certificates(chain)[0]?.subjectAltName, `DNS:${long}`);
    });
  }

  it("says of which name the proof failed and how, without the key authorization", async () => {
    const order = await client.newOrder({ domains: ["wrong.example"] }, signal);
    const open = await client.authorization(order.authorizations[0] ?? "", signal);
    const challenge = open.challenges.find(({ type }) => type === "http-01");
    assert.deepEqual([open.domain, open.wildcard, open.status, order.status], ["wrong.example", false, "pending", "pending"]);
    const proof = client.keyAuthorization(challenge?.token ?? "");
    answers.set(`/.well-known/acme-challenge/${challenge?.token}`, `${proof}x`);
    await client.answer(challenge?.url ?? "", signal);
    const failed = await client.settled("authorization", open.url, soon(["valid"]), signal).catch((error: unknown) => error);
    assert.ok(failed instanceof AcmeProblem && failed.is("unauthorized"), String(failed));
    assert.deepEqual(failed.subproblems, [{ domain: "wrong.example", type: failed.type, detail: failed.detail }]);
    assert.match(failed.detail, /key authorization/i);
    assert.equal(failed.answerStatus, 403);
    assert.ok(!`${failed.message} ${JSON.stringify(failed)}`.includes(proof));
    const ended = await client.settled("order", order.url, soon(["invalid"]), signal);
    assert.equal(ended.status, "invalid");
    await assert.rejects(client.settled("order", order.url, soon(["ready"]), signal), { code: "ACME_PROBLEM" });
  });

  it("gives up an authorization, and hands on the CA's words about an order it refuses", async () => {
    const order = await client.newOrder({ domains: ["given-up.example"] }, signal);
    const [url = ""] = order.authorizations;
    await client.deactivate(url, signal);
    assert.equal((await client.authorization(url, signal)).status, "deactivated");
    await assert.rejects(client.settled("authorization", url, soon(["valid"]), signal), /became deactivated/);
    await assert.rejects(
      client.finalize(order, await newCsr(await newKey("ec-p256"), ["given-up.example"]), signal),
      (error: AcmeProblem) => error.is("orderNotReady") && error.answerStatus === 403 && error.detail !== "",
    );
    await assert.rejects(client.newOrder({ domains: ["not a name"] }, signal), (error: AcmeProblem) => error.is("malformed"));
    await assert.rejects(client.newOrder({ domains: ["a.example"], profile: "shortlived" }, signal), (error: AcmeProblem) =>
      error.is("invalidProfile"),
    );
  });

  // What the tests ask with

  function clientOf(key: KeyObject, eab: typeof EAB | null = EAB): AcmeClient {
    const { directoryUrl, trusted } = pebble;
    return new AcmeClient({ directoryUrl, accountKey: key, accountUrl: null, eab, trusted, clock: HASTY });
  }

  async function issue(asking: AcmeClient, domains: string[], type: CertificateRequest["key_type"]) {
    const order = await asking.newOrder({ domains }, signal);
    assert.deepEqual(order.identifiers.toSorted(), domains);
    await Promise.all(order.authorizations.map((url) => prove(asking, url)));
    const ready = await asking.settled("order", order.url, soon(["ready"]), signal);
    const key = await newKey(type);
    await asking.finalize(ready, await newCsr(key, domains), signal);
    const { certificate } = await asking.settled("order", order.url, soon(["valid"]), signal);
    assert.ok(certificate);
    return { certificate, key, chain: await asking.download(certificate, null, signal) };
  }

  async function prove(asking: AcmeClient, url: string): Promise<void> {
    const { challenges } = await asking.authorization(url, signal);
    const challenge = challenges.find(({ type }) => type === "http-01");
    assert.ok(challenge);
    answers.set(`/.well-known/acme-challenge/${challenge.token}`, asking.keyAuthorization(challenge.token));
    await asking.answer(challenge.url, signal);
    await asking.settled("authorization", url, soon(["valid"]), signal);
  }

  async function leadsTo(chain: string, root: number): Promise<boolean> {
    const [end, top] = [certificates(chain).at(-1), new X509Certificate(await pebble.root(root))];
    return end?.checkIssued(top) === true && end.verify(createPublicKey(top.toString()));
  }
});

function soon<Status extends string>(until: readonly Status[]): { until: readonly Status[]; deadline: number } {
  return { until, deadline: Date.now() + 20_000 };
}

function newAccountKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function certificates(chain: string): X509Certificate[] {
  return chain.split(/(?=-----BEGIN)/).map((pem) => new X509Certificate(pem));
}

function pick(found: { readonly status: string; readonly reason: number | null } | null): unknown {
  return found === null ? null : { status: found.status, reason: found.reason };
}
