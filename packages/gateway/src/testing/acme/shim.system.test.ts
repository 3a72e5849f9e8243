import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { until } from "../../../../streams/src/testing/events.ts";
import { certId } from "../../certificates/acme/ari.ts";
import { AcmeClient } from "../../certificates/acme/client.ts";
import { newKey } from "../../certificates/acme/csr.ts";
import { SYSTEM_CLOCK } from "../../certificates/clock.ts";
import { issue, registered } from "./issue.ts";
import { startPebble, type Pebble } from "./pebble.ts";
import { startAcmeShim, type AcmeShim } from "./shim.ts";

const CODES = { drop: "ACME_UNREACHABLE", html: "ACME_PROBLEM", lie: "ACME_INVALID_ANSWER" };
const signal = AbortSignal.timeout(60_000);

describe("startAcmeShim()", () => {
  let pebble: Pebble;
  let shim: AcmeShim;
  let client: AcmeClient;

  before(async () => {
    pebble = await startPebble({ alwaysValid: true });
    shim = await startAcmeShim({ upstream: pebble, meta: { profiles: { short: "six days" } } });
    client = await registered(shim, SYSTEM_CLOCK);
  });

  after(async () => {
    client?.close();
    await shim?.[Symbol.asyncDispose]();
    await pebble?.[Symbol.asyncDispose]();
  });

  it("lets a client get a certificate of the CA behind it, and counts the order", async () => {
    const leaf = await issue(client, { domains: ["a.example", "b.example"] });
    assert.equal(new X509Certificate(leaf).subjectAltName, "DNS:a.example, DNS:b.example");
    const id = certId(leaf) ?? "";
    await client.newOrder({ domains: ["b.example", "a.example"], replaces: id, profile: "short" }, signal);
    const orders = shim.orders(["a.example", "b.example"]);
    assert.deepEqual(
      orders.map(({ replaces, profile, status }) => ({ replaces, profile, status })),
      [
        { replaces: null, profile: null, status: 201 },
        { replaces: id, profile: "short", status: 201 },
      ],
    );
    assert.equal(shim.orders(["a.example"]).length, 0);
  });

  it("answers with the renewal information that was set", async () => {
    shim.ari.set("one.id", { start: 1_000, end: 2_000, explanationURL: "https://ca.example/why", retryAfter: 600 });
    const window = await client.renewalInfo("one.id", signal);
    assert.deepEqual([window?.start, window?.end, window?.explanationUrl], [1_000, 2_000, "https://ca.example/why"]);
    await assert.rejects(client.renewalInfo("another.id", signal), { code: "ACME_PROBLEM", answerStatus: 404 });
    assert.deepEqual(shim.ari.asked, ["one.id", "another.id"]);
  });

  it("fails as it is told and as often", async () => {
    const limited = shim.fail({ path: "newOrder", times: 1, answer: { status: 429, type: "rateLimited", retryAfter: 100 } });
    await assert.rejects(client.newOrder({ domains: ["c.example"] }, signal), { code: "ACME_PROBLEM", answerStatus: 429 });
    assert.equal(limited.used, 1);
    for (const answer of ["drop", "html", "lie"] as const) {
      const rule = shim.fail({ path: "newOrder", answer });
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(client.newOrder({ domains: ["c.example"] }, signal), { code: CODES[answer] });
      assert.ok(rule.used > 0, answer);
      rule.remove();
    }
    assert.equal((await client.newOrder({ domains: ["c.example"] }, signal)).status, "pending");
  });

  it("lets an order happen of which nobody hears, and a question hang", async () => {
    const lost = shim.fail({ path: "newOrder", times: 1, answer: "lose" });
    await assert.rejects(client.newOrder({ domains: ["lost.example"] }, signal), { code: "ACME_UNREACHABLE" });
    assert.equal(lost.used, 1);
    const order = await client.newOrder({ domains: ["hang.example"] }, signal);
    const impatient = new AbortController();
    const rule = shim.fail({ path: "order", answer: "hang" });
    const asked = client.order(order.url, impatient.signal);
    await until("the question to arrive", () => Promise.resolve(rule.used === 1));
    impatient.abort(new Error("waited enough"));
    await assert.rejects(asked, /waited enough/);
    rule.remove();
    assert.equal((await client.order(order.url, signal)).status, "pending");
  });

  it("goes away and comes back at the same address", async () => {
    await shim.down();
    using other = clientOf(shim, await newKey("ec-p256"));
    await assert.rejects(other.directory(signal), { code: "ACME_UNREACHABLE" });
    await shim.up();
    assert.ok((await other.directory(signal)).renewalInfo?.startsWith("https://127.0.0.1:"));
  });
});

function clientOf({ directoryUrl, trusted }: AcmeShim, accountKey: Awaited<ReturnType<typeof newKey>>): AcmeClient {
  return new AcmeClient({ directoryUrl, trusted, accountKey, accountUrl: null, eab: null, clock: SYSTEM_CLOCK });
}
