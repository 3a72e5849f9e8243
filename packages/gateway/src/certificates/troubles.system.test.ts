/**
 * What goes wrong in the middle of an order: at the CA, at Redis, with our own key. Each time it is said clearly what it is, the certificate there is stays,
 * nobody is asked again and again, and once it is over the renewal goes on by itself. By a clock that runs faster and leaps over the waits.
 */
import assert from "node:assert/strict";
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Store } from "@tidegate/streams";
import { until } from "../../../streams/src/testing/events.ts";
import { CertificatesBed, type Instance } from "../testing/acme/certificates-bed.ts";
import { LeapingClock } from "../testing/acme/leaping-clock.ts";
import { startPebble } from "../testing/acme/pebble.ts";
import type { AcmePath, WrongAnswer } from "../testing/acme/shim/rules.ts";
import { startAcmeShim, type AcmeShim } from "../testing/acme/shim.ts";
import type { LastProblem } from "./orders/progress.ts";

type CertificateView = Awaited<ReturnType<Instance["certificates"]["show"]>>;

const MINUTE = 60_000;

interface Trouble {
  readonly name: string;
  readonly what: string;
  /** Asks for a renewal, of which the order can be placed; answers how it is over. */
  readonly begin: (name: string) => Promise<() => unknown>;
  readonly told: Partial<LastProblem>;
  /** Placed at the CA for one renewal; another than the first only where the CA had spoilt it. */
  readonly orders: number;
}

describe("certificates in trouble", () => {
  const stack = new AsyncDisposableStack();
  const clock = new LeapingClock(10);
  let bed: CertificatesBed;
  let shim: AcmeShim;
  let one: Instance;
  let store: Store;

  /** Each has a name of its own. */
  const TROUBLES: readonly Trouble[] = [
    { name: "away", what: "is not there", begin: away, told: { code: "ACME_UNREACHABLE" }, orders: 1 },
    {
      name: "hangs",
      what: "never answers",
      begin: wrongly("finalize", "hang"),
      told: { code: "ACME_UNREACHABLE", stage: "finalize" },
      orders: 1,
    },
    {
      name: "lies",
      what: "answers with something else",
      begin: wrongly("finalize", "lie"),
      told: { code: "ACME_INVALID_ANSWER", stage: "finalize" },
      orders: 3,
    },
    {
      name: "page",
      what: "has a page of its load balancer instead",
      begin: wrongly("certificate", "html"),
      told: { code: "ACME_PROBLEM", status: 503, stage: "download" },
      orders: 1,
    },
    {
      name: "limits",
      what: "says that it is too much",
      begin: wrongly("finalize", { status: 429, type: "rateLimited", retryAfter: 120 }),
      told: { code: "ACME_PROBLEM", status: 429, stage: "finalize" },
      orders: 1,
    },
  ];
  const OWN = ["killed", "full", "noted", "key"];

  before(async () => {
    bed = stack.use(await CertificatesBed.open({ clock, random: () => 0.5, answerWithin: 2_500 }));
    const pebble = stack.use(await startPebble({ httpPort: bed.httpPort }));
    shim = stack.use(await startAcmeShim({ upstream: pebble }));
    one = await bed.instance("one", settings());
    store = one.tide.store("troubles");
    stack.defer(() => store.close());
    await one.keeper.start();
    const names = [...TROUBLES.map(({ name }) => name), ...OWN];
    await Promise.all(
      names.map((name) =>
        one.certificates.request(
          name,
          { domains: [`${name}.example`], challenge: "http-01" },
          { by: "ann", owner: "ann" },
          { preflight: false },
        ),
      ),
    );
    for (const name of names) await settles(name, ({ status }) => status === "active");
  });
  after(() => stack.disposeAsync());

  for (const { name, what, begin, told, orders } of TROUBLES) {
    it(`a CA that ${what} in the middle of an order`, async () => {
      const before = await one.certificates.show(name);
      const placed = placedOf(name);
      const end = await begin(name);
      const failed = await settles(name, ({ progress }) => progress.attempt === 1 && !progress.working);
      const asked = shim.asked.length;
      clock.leapTo(failed.progress.next_at ?? 0);
      const { progress } = await settles(name, (view) => view.progress.attempt === 2 && !view.progress.working);
      assert.ok(shim.asked.length - asked <= 20, `${shim.asked.length - asked} requests for one attempt`);
      await stays(name, before, told, failed);
      await end();
      clock.leapTo(progress.next_at ?? 0);
      const view = await settles(name, ({ status }) => status === "active");
      assert.notEqual(view.certificate?.data.serial, before.certificate?.data.serial);
      assert.equal(placedOf(name) - placed, orders);
    });
  }

  it("Redis is killed in the middle of an order, and the order goes on where it was", async () => {
    const { placed, before } = await underWay("killed");
    await bed.redis.kill("SIGKILL");
    await bed.redis.start();
    const view = await recovers("killed");
    assert.notEqual(view.certificate?.data.serial, before.certificate?.data.serial);
    assert.equal(placedOf("killed") - placed, 1);
  });

  it("Redis has no room on its disk in the middle of an order", async () => {
    const { placed, before } = await underWay("full");
    await using room = await noRoom();
    const asked = shim.asked.length;
    await until("it is told", async () => await Promise.resolve(one.troubles.some((trouble) => trouble.includes("MISCONF"))));
    assert.equal((await one.certificates.show("full")).certificate?.data.serial, before.certificate?.data.serial);
    assert.ok(shim.asked.length - asked <= 20, `${shim.asked.length - asked} requests`);
    assert.ok(one.troubles.length < 20, one.troubles.join("\n"));
    await room[Symbol.asyncDispose]();
    const view = await recovers("full");
    assert.notEqual(view.certificate?.data.serial, before.certificate?.data.serial);
    assert.equal(placedOf("full") - placed, 1);
  });

  it("who dies between storing a certificate and noting that down does not have it fetched again as the next one", async () => {
    await underWay("noted");
    const progress = String(await store.ask(["HGET", bed.keys.acmeProgress(), "noted"]));
    assert.match(progress, /"order":\{"url"/);
    const first = await settles("noted", ({ status }) => status === "renewal_failed");
    clock.leapTo(first.progress.next_at ?? 0);
    const before = await settles("noted", ({ status }) => status === "active");
    await store.ask(["HSET", bed.keys.acmeProgress(), "noted", progress]);
    await one.certificates.renew("noted", "ann", { force: true });
    const view = await settles("noted", ({ status, request }) => status === "active" && request?.data.renew_asked_at === null);
    assert.notEqual(view.certificate?.data.serial, before.certificate?.data.serial);
  });

  it("an instance with another encryption key says so, and asks no CA", async () => {
    const before = await one.certificates.show("key");
    await one.keeper.stop();
    const stranger = await bed.instance("stranger", settings(), Buffer.alloc(32, 7).toString("base64"));
    await stranger.keeper.start();
    const asked = shim.asked.filter((path) => path !== "renewalInfo" && path !== "directory").length;
    await stranger.certificates.renew("key", "ann", { force: true });
    const failed = await settles("key", ({ progress }) => progress.attempt === 1 && !progress.working);
    clock.leapTo(failed.progress.next_at ?? 0);
    const { progress } = await settles("key", (view) => view.progress.attempt === 2 && !view.progress.working);
    await stays("key", before, { code: "ENCRYPTION_KEY_WRONG", type: null });
    assert.equal(shim.asked.filter((path) => path !== "renewalInfo" && path !== "directory").length, asked);
    await stranger.keeper.stop();
    await one.keeper.start();
    clock.leapTo(progress.next_at ?? 0);
    const view = await settles("key", ({ status }) => status === "active");
    assert.notEqual(view.certificate?.data.serial, before.certificate?.data.serial);
  });

  function settings(): { authorities: [{ directoryUrl: string; stagingUrl: null; eab: null }]; trusted: string } {
    return { authorities: [{ directoryUrl: shim.directoryUrl, stagingUrl: null, eab: null }], trusted: shim.trusted };
  }

  function placedOf(name: string): number {
    return shim.orders([`${name}.example`]).filter(({ status }) => status === 201).length;
  }

  async function settles(name: string, as: (view: CertificateView) => boolean): Promise<CertificateView> {
    let view: CertificateView | undefined;
    const seen = async (): Promise<boolean> => as((view = await one.certificates.show(name)));
    await until(`${name} settles`, () => seen().catch(() => false), 20_000).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(view)} ${one.troubles.join("; ")}`);
    });
    assert.ok(view !== undefined);
    return view;
  }

  /** Whether it could be noted down in time that the CA did not answer depends on the moment: then it waits for the next attempt. */
  async function recovers(name: string): Promise<CertificateView> {
    return await settles(name, ({ status, progress, request }) => {
      if (progress.attempt > 0) clock.leapTo(progress.next_at ?? 0);
      return status === "active" && request?.data.renew_asked_at === null;
    });
  }

  /** The old one is whole and serves, and what is the matter is told wherever somebody looks. */
  async function stays(
    name: string,
    { certificate }: CertificateView,
    told: Partial<LastProblem>,
    failed?: CertificateView,
  ): Promise<void> {
    const view = await one.certificates.show(name);
    const { last_problem: problem, next_at: next, ended_at: ended } = view.progress;
    assert.deepEqual([view.status, view.certificate?.data.serial], ["renewal_failed", certificate?.data.serial]);
    assert.deepEqual({ ...problem, ...told }, problem);
    assert.ok((next ?? 0) >= (ended ?? 0) + MINUTE, "waits");
    const since = failed?.progress.last_problem?.not_before ?? null;
    if (since !== null) assert.ok((view.progress.began_at ?? 0) >= since, "Retry-After is obeyed");
    const explained = await one.certificates.explain(name);
    assert.deepEqual([explained.state, explained.attempts, explained.last_problem], ["failing", 2, problem]);
    assert.match(explained.summary, /is good until .* and was not renewed: 2 attempts in a row failed/);
  }

  async function away(name: string): Promise<() => Promise<void>> {
    await underWay(name);
    await shim.down();
    return () => shim.up();
  }

  function wrongly(path: AcmePath, answer: WrongAnswer): Trouble["begin"] {
    return async (name) => {
      const rule = shim.fail({ path, answer });
      await one.certificates.renew(name, "ann", { force: true });
      return () => rule.remove();
    };
  }

  /** Its order is placed and noted down, and the CA takes its time. */
  async function underWay(name: string): Promise<{ placed: number; before: CertificateView }> {
    const before = await one.certificates.show(name);
    const placed = placedOf(name);
    const hung = shim.fail({ path: "finalize", times: 1, answer: "hang" });
    await one.certificates.renew(name, "ann", { force: true });
    await until("the order is under way", async () => await Promise.resolve(hung.used === 1));
    return { placed, before };
  }

  /** A snapshot cannot be written where a folder has its name; from then on Redis takes no writes, until it is over. */
  async function noRoom(): Promise<AsyncDisposable> {
    const folder = join(bed.redis.folder, "dump.rdb");
    const saved = async (as: string): Promise<void> => {
      await store.call(["BGSAVE"]);
      const told = async (): Promise<boolean> => String(await store.call(["INFO", "persistence"])).includes(`rdb_last_bgsave_status:${as}`);
      await until(`a snapshot is ${as}`, told);
    };
    await store.call(["CONFIG", "SET", "save", "3600 1"]);
    await mkdir(folder);
    await saved("err");
    let over: Promise<void> | null = null;
    return { [Symbol.asyncDispose]: () => (over ??= rmdir(folder).then(() => saved("ok"))) };
  }
});
