/** Certificates from a real CA by as many instances as wanted: each name exactly once, with its events and its trace, whatever happens on the way. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { CertificatesBed, type Instance } from "../testing/acme/certificates-bed.ts";
import { startClockCa, type ClockCa } from "../testing/acme/clock-ca.ts";
import { startPebble, type Pebble } from "../testing/acme/pebble.ts";
import { startAcmeShim, type AcmeShim } from "../testing/acme/shim.ts";
import { until } from "../../../streams/src/testing/events.ts";

const ann = { by: "ann", owner: "ann" };
const SIGNAL = AbortSignal.timeout(100_000);

describe("certificates of a CA", () => {
  const stack = new AsyncDisposableStack();
  let bed: CertificatesBed;
  let pebble: Pebble;
  let shim: AcmeShim;
  let one: Instance;
  let two: Instance;

  before(async () => {
    bed = stack.use(await CertificatesBed.open());
    pebble = stack.use(await startPebble({ httpPort: bed.httpPort, nonceReject: 30 }));
    shim = stack.use(await startAcmeShim({ upstream: pebble }));
    const settings = { authorities: [{ directoryUrl: shim.directoryUrl, stagingUrl: null, eab: null }], trusted: shim.trusted };
    [one, two] = [await bed.instance("one", settings), await bed.instance("two", settings)];
    await Promise.all([one.keeper.start(), two.keeper.start()]);
  });
  after(() => stack.disposeAsync());

  /** What the CA made of it, badNonce aside. */
  const placed = (): readonly object[] => shim.orders().filter(({ status }) => status === 201);
  const ask = (instance: Instance, name: string, fields: object): Promise<unknown> =>
    instance.certificates.request(name, fields, ann, { preflight: false });

  it("one is obtained, with its names, its key and its events in one trace", async () => {
    await ask(one, "shop", { domains: ["shop.example", "www.shop.example"] });
    const view = await one.certificates.wait("shop", 60_000, SIGNAL);
    assert.equal(view.status, "active", JSON.stringify(view.progress.last_problem));
    assert.deepEqual(view.certificate?.data.domains.toSorted(), ["shop.example", "www.shop.example"]);
    assert.equal(view.certificate?.data.origin, "acme");
    assert.match(view.progress.trace ?? "", /^[\da-f]{32}$/);
    assert.equal(placed().length, 1);
    const explained = await two.certificates.explain("shop");
    assert.deepEqual([explained.state, explained.attempts, explained.last_problem], ["valid", 0, null]);
    await one.tide.flush();
    assert.match(await events(one), /certificate_generation_started[^]*certificate_ready/);
  });

  it("many are obtained by two instances, each name once", async () => {
    const names = Array.from({ length: 12 }, (_, n) => `many-${n}`);
    const before = placed().length;
    await Promise.all(names.map((name, n) => ask(n % 2 === 0 ? one : two, name, { domains: [`${name}.example`] })));
    const views = await Promise.all(names.map((name) => two.certificates.wait(name, 60_000, SIGNAL)));
    assert.deepEqual(
      views.map(({ status }) => status),
      names.map(() => "active"),
    );
    assert.equal(placed().length - before, names.length);
    assert.equal(new Set(views.map(({ certificate }) => certificate?.data.serial)).size, names.length);
    assert.ok(new Set(views.map(({ progress }) => progress.instance)).size === 2, "both worked");
  });

  it("a renewal that was asked for, another name, and the certificate serves meanwhile", async () => {
    const before = await one.certificates.show("shop");
    await assert.rejects(one.certificates.renew("shop", "ann"), { code: "CERTIFICATE_STATE" });
    await one.certificates.renew("shop", "ann", { force: true });
    const renewed = await one.certificates.wait("shop", 60_000, SIGNAL);
    assert.notEqual(renewed.certificate?.data.serial, before.certificate?.data.serial);
    await one.certificates.change("shop", { domains: ["shop.example", "api.shop.example"] }, "ann");
    const other = await one.certificates.wait("shop", 60_000, SIGNAL);
    assert.deepEqual(other.certificate?.data.domains.toSorted(), ["api.shop.example", "shop.example"]);
    assert.match(await events(one), /certificate_renewal_started[^]*certificate_renewed/);
  });

  it("a CA that refuses is not asked again at once, and its words are kept", async () => {
    shim.fail({
      path: "newOrder",
      times: 1,
      answer: { status: 429, type: "rateLimited", detail: "too many certificates", retryAfter: 3600 },
    });
    await ask(one, "refused", { domains: ["refused.example"] });
    const view = await one.certificates.wait("refused", 60_000, SIGNAL);
    assert.equal(view.status, "failed");
    const { last_problem: problem, next_at: next, attempt } = view.progress;
    assert.deepEqual([attempt, problem?.code, problem?.status, problem?.stage], [1, "ACME_PROBLEM", 429, "order"]);
    assert.match(problem?.detail ?? "", /too many certificates/);
    assert.ok((next ?? 0) - Date.now() > 3_500_000, "Retry-After is obeyed");
    assert.match((await one.certificates.explain("refused")).summary, /too many certificates/);
    assert.match(await events(one), /certificate_generation_failed/);
    await one.certificates.remove("refused", "ann");
  });

  it("an order that was placed is gone on with by whoever comes next", async () => {
    const before = placed().length;
    shim.fail({ path: "finalize", times: 1, answer: "hang" });
    await ask(one, "resumed", { domains: ["resumed.example"] });
    await until("the order hangs", async () => (await one.certificates.show("resumed")).progress.stage === "finalize", 30_000);
    const worker = (await one.certificates.show("resumed")).progress.instance === "one" ? one : two;
    await worker.keeper.stop();
    const other = worker === one ? two : one;
    const view = await other.certificates.wait("resumed", 60_000, SIGNAL);
    assert.equal(view.status, "active", JSON.stringify(view.progress));
    assert.equal(placed().length - before, 1, "no second order");
    await worker.keeper.start();
  });

  it("a certificate is revoked at the CA, and another takes its place", async () => {
    const before = await one.certificates.show("shop");
    await one.certificates.revoke("shop", 1, "ann", SIGNAL);
    const pem = before.certificate?.data.chain ?? "";
    assert.equal((await pebble.statusOf(new X509Certificate(pem).serialNumber))?.status, "Revoked");
    const view = await one.certificates.wait("shop", 60_000, SIGNAL);
    assert.notEqual(view.certificate?.data.serial, before.certificate?.data.serial);
  });

  it("no instance was in trouble", () => assert.deepEqual([...one.troubles, ...two.troubles], []));
});

describe("a staging server beside the CA", () => {
  const stack = new AsyncDisposableStack();
  const refused = new Set<string>();
  let staging: ClockCa;
  let production: ClockCa;
  let one: Instance;

  before(async () => {
    const bed = stack.use(await CertificatesBed.open());
    const validate = ({ domain }: { domain: string }): Promise<string | null> =>
      Promise.resolve(refused.delete(domain) ? "nobody answered" : null);
    staging = stack.use(await startClockCa({ clock: Date }));
    production = stack.use(await startClockCa({ clock: Date, validate }));
    const authorities = [{ directoryUrl: production.directoryUrl, stagingUrl: staging.directoryUrl, eab: null }];
    one = await bed.instance("one", { authorities, trusted: production.trusted + staging.trusted });
    await one.keeper.start();
  });
  after(() => stack.disposeAsync());

  it("a staging certificate is converted with every name it has", async () => {
    const domains = ["a.example", "b.example", "c.example"];
    await one.certificates.request("names", { domains, staging: true }, ann, { preflight: false });
    const first = await one.certificates.wait("names", 30_000, SIGNAL);
    assert.deepEqual([first.status, first.certificate?.data.acme?.staging], ["active", true]);
    await one.certificates.convert("names", "ann");
    const converted = await one.certificates.wait("names", 30_000, SIGNAL);
    assert.deepEqual(converted.certificate?.data.domains.toSorted(), domains);
    assert.equal(converted.certificate?.data.acme?.staging, false);
    assert.equal(production.orders.length, 1);
    assert.match(await events(one), /certificate_converted/);
    await assert.rejects(one.certificates.convert("names", "ann"), { code: "CERTIFICATE_STATE" });
  });

  it("what production refused is tried at staging, and then once more at production", async () => {
    refused.add("picky.example");
    const [before, probes] = [production.orders.length, staging.orders.length];
    await one.certificates.request("picky", { domains: ["picky.example"] }, ann, { preflight: false });
    const failed = await one.certificates.wait("picky", 30_000, SIGNAL);
    assert.deepEqual([failed.status, failed.progress.last_problem?.stage], ["failed", "validation"]);
    assert.equal((await one.certificates.explain("picky")).next_ask?.server, "probe");
    await one.certificates.renew("picky", "ann", { force: true });
    const view = await one.certificates.wait("picky", 30_000, SIGNAL);
    assert.deepEqual([view.status, view.certificate?.data.acme?.staging], ["active", false]);
    assert.deepEqual([production.orders.length - before, staging.orders.length - probes], [2, 1]);
  });
});

async function events({ tide }: Instance): Promise<string> {
  await tide.flush();
  const store = tide.store("events");
  const found = JSON.stringify(await store.ask(["XRANGE", "events:certificate:stream", "-", "+"]));
  store.close();
  return found;
}
