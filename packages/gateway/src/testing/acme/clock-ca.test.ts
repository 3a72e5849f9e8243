import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { certId } from "../../certificates/acme/ari.ts";
import type { AcmeClient } from "../../certificates/acme/client.ts";
import { newKey } from "../../certificates/acme/csr.ts";
import { signed, type Jws } from "../../certificates/acme/jws.ts";
import type { Clock } from "../../certificates/clock.ts";
import { startClockCa, type ClockCa, type ClockCaOptions } from "./clock-ca.ts";
import { httpsGet, httpsPost, type Answer } from "./https-ask.ts";
import { issue, registered } from "./issue.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2030, 0, 1);

describe("startClockCa()", () => {
  it("issues certificates for as long as it is told, by its own clock", async () => {
    await using bed = await Bed.make({ lifetime: 45 * DAY, profiles: { shortlived: 6 * DAY } });
    const chain = await issue(bed.client, { domains: ["a.example", "*.a.example"] });
    const [leaf = "", signer = ""] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
    const certificate = new X509Certificate(leaf);
    assert.ok(certificate.checkIssued(new X509Certificate(signer)));
    assert.ok(certificate.verify(new X509Certificate(signer).publicKey));
    assert.ok(new X509Certificate(signer).verify(new X509Certificate(bed.ca.root).publicKey));
    assert.equal(certificate.subjectAltName, "DNS:a.example, DNS:*.a.example");
    assert.equal(certificate.validFromDate.getTime(), BEGIN - HOUR);
    assert.equal(certificate.validToDate.getTime(), BEGIN - HOUR + 45 * DAY - 1_000);
    const short = new X509Certificate(await issue(bed.client, { domains: ["b.example"], profile: "shortlived" }));
    assert.equal(short.validToDate.getTime(), BEGIN - HOUR + 6 * DAY - 1_000);
    assert.deepEqual(
      bed.ca.issued.get("b.example")?.map(({ serial }) => serial),
      [short.serialNumber],
    );
    assert.equal(bed.ca.orders.length, 2);
  });

  it("wants certificates renewed after two thirds of their life, and at once when they are revoked", async () => {
    await using bed = await Bed.make();
    const chain = await issue(bed.client, { domains: ["a.example"] });
    const id = certId(chain) ?? "";
    const window = await bed.client.renewalInfo(id, bed.signal);
    assert.equal(window?.start, BEGIN - HOUR + 59 * DAY - 1_000);
    assert.equal(window?.end, BEGIN - HOUR + 61 * DAY - 1_000);
    await bed.client.revoke(new X509Certificate(chain).raw, 1, bed.signal);
    assert.equal((await bed.client.renewalInfo(id, bed.signal))?.end, BEGIN - HOUR / 2);
    await issue(bed.client, { domains: ["a.example"], replaces: id });
    await assert.rejects(issue(bed.client, { domains: ["a.example"], replaces: id }), { answerStatus: 409 });
  });

  it("limits as Let's Encrypt does, renewals of known certificates excepted", async () => {
    await using bed = await Bed.make();
    const domains = ["a.example", "b.example"];
    const first = await issue(bed.client, { domains });
    for (let more = 0; more < 4; more += 1) await issue(bed.client, { domains });
    await assert.rejects(issue(bed.client, { domains: domains.toReversed() }), {
      answerStatus: 429,
      type: "urn:ietf:params:acme:error:rateLimited",
      notBefore: BEGIN + (7 * DAY) / 5,
    });
    await issue(bed.client, { domains, replaces: certId(first) });
    bed.time += (7 * DAY) / 5;
    await issue(bed.client, { domains });
    assert.deepEqual(
      bed.ca.refused.map(({ type }) => type),
      ["rateLimited"],
    );
  });

  it("asks the test about challenges, and says what is wrong with them", async () => {
    const shown: string[] = [];
    const bedOf = {
      validate: ({ domain, keyAuthorization, token }: { domain: string; keyAuthorization: string; token: string }) => {
        shown.push(domain);
        assert.ok(keyAuthorization.startsWith(`${token}.`));
        return Promise.resolve(domain.startsWith("bad") ? "nobody answered" : null);
      },
    };
    await using bed = await Bed.make(bedOf);
    await issue(bed.client, { domains: ["good.example"] });
    for (let failures = 0; failures < 5; failures += 1)
      await assert.rejects(issue(bed.client, { domains: ["bad.example"] }), /nobody answered/);
    await assert.rejects(issue(bed.client, { domains: ["bad.example"] }), { answerStatus: 429, notBefore: BEGIN + HOUR / 5 });
    assert.equal(shown.length, 6);
  });

  it("is away when it is told", async () => {
    await using bed = await Bed.make();
    bed.ca.outage(BEGIN + HOUR, BEGIN + 2 * HOUR);
    bed.ca.outage(BEGIN + 2 * HOUR, BEGIN + 3 * HOUR, "drop");
    bed.time += HOUR;
    await assert.rejects(issue(bed.client, { domains: ["a.example"] }), { answerStatus: 503 });
    bed.time += HOUR;
    await assert.rejects(issue(bed.client, { domains: ["a.example"] }), { code: "ACME_UNREACHABLE" });
    bed.time += HOUR;
    await issue(bed.client, { domains: ["a.example"] });
  });

  it("refuses what is not rightly signed", async () => {
    await using bed = await Bed.make();
    const order = await orderOf(bed.client);
    using other = await registered(bed.ca, bed);
    await assert.rejects(other.order(order, bed.signal), { answerStatus: 403 });

    const url = new URL("/new-account", bed.ca.directoryUrl).href;
    const key = await newKey("ec-p256");
    const nonce =
      (await httpsGet(new URL("/new-nonce", bed.ca.directoryUrl).href, bed.ca.trusted)).headers["replay-nonce"]?.toString() ?? "";
    const send = (body: Jws): Promise<Answer> => httpsPost(url, bed.ca.trusted, JSON.stringify(body));
    const good = signed({}, { url, nonce }, { key, account: null });
    assert.match((await send({ ...good, payload: "e30x" })).text, /signature is wrong/);
    assert.match((await send(signed({}, { url: `${url}s`, nonce }, { key, account: null }))).text, /unauthorized/);
    assert.match((await send(signed({}, { url, nonce: "another" }, { key, account: null }))).text, /badNonce/);
    assert.match((await send(signed({}, { url, nonce }, { key, account: `${url}/7` }))).text, /accountDoesNotExist/);
    assert.equal((await send(good)).status, 201);
    assert.match((await send(good)).text, /badNonce/);
  });

  it("is quick enough for years", async () => {
    await using bed = await Bed.make({ limits: null });
    const began = process.cpuUsage();
    for (let count = 0; count < 20; count += 1) await issue(bed.client, { domains: [`n${count}.example`] });
    const { user, system } = process.cpuUsage(began);
    const each = (user + system) / 1_000 / 20;
    assert.ok(each < 60, `${each.toFixed(1)} ms of CPU for an order, the client's part included`);
  });
});

async function orderOf(client: AcmeClient): Promise<string> {
  return (await client.newOrder({ domains: ["mine.example"] }, AbortSignal.timeout(5_000))).url;
}

/** A CA and an account at it, with one clock that nobody waits for. */
class Bed implements Clock, AsyncDisposable {
  readonly signal = AbortSignal.timeout(30_000);
  readonly ca: ClockCa;
  readonly client: AcmeClient;
  readonly #time: { now: number };

  static async make(options: Omit<ClockCaOptions, "clock"> = {}): Promise<Bed> {
    const time = { now: BEGIN };
    const clock: Clock = { now: () => time.now, sleep: () => immediate() };
    const ca = await startClockCa({ ...options, clock });
    return new Bed(ca, await registered(ca, clock), time);
  }

  private constructor(ca: ClockCa, client: AcmeClient, time: { now: number }) {
    this.ca = ca;
    this.client = client;
    this.#time = time;
  }

  get time(): number {
    return this.#time.now;
  }

  set time(now: number) {
    this.#time.now = now;
  }

  now(): number {
    return this.time;
  }

  sleep(): Promise<void> {
    return immediate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.ca[Symbol.asyncDispose]();
  }
}
