/** The ledger keeps every limit of a CA, over several instances at once and over weeks, and forgets what does not count any more. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, type Store, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { GatewayKeys } from "../../keys.ts";
import { delayAfter } from "../renewal/ladder.ts";
import { LETS_ENCRYPT } from "./limits.ts";
import { Ledger, type IdentifiedOrder } from "./ledger.ts";
import { registeredDomain } from "./registered-domain.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const bed = new AsyncDisposableStack();
const keys = new GatewayKeys("ledgertest", "");
let now = Date.UTC(2026, 0, 1);
let made = 0;
let tide: Tide;
let look: Store;
let one: Ledger;
let two: Ledger;

before(async () => {
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url }));
  look = await store("look");
  [one, two] = [await ledger("one"), await ledger("two")];
});

after(() => bed.disposeAsync());

test("400 orders at once over two instances: exactly 300 are taken; none of those refused left a trace", async () => {
  const orders = Array.from({ length: 400 }, (_, n) => order([`app.d${n}.example`], "crowd"));
  const answers = await Promise.all(orders.map(async (each, n) => await (n % 2 === 0 ? one : two).take(each)));
  assert.equal(answers.filter(({ ok }) => ok).length, 300);
  const refused = orders.filter((_, n) => answers[n]?.ok === false);
  for (const { domains } of refused.slice(0, 5)) {
    const budgets = await one.left(order(domains, "other"));
    assert.deepEqual(
      budgets.map(({ bucket, used }) => [bucket, used]),
      [
        ["account", 0],
        ["domain", 0],
        ["names", 0],
      ],
    );
  }
  const answer = await one.take(order(["late.example"], "crowd"));
  assert.deepEqual(answer, {
    ok: false,
    bucket: "account",
    what: "new orders of the account",
    used: 300,
    limit: 300,
    again_at: now + 3 * HOUR,
  });
  now += 3 * HOUR;
  assert.equal((await one.take(order(["late.example"], "crowd"))).ok, true);
});

test("exactly these names five times a week, the domain 50 times; a renewal that replaces counts as an order only", async () => {
  const names = ["www.shop.co.uk", "shop.co.uk"];
  const began = now;
  for (let n = 0; n < 5; n += 1) {
    assert.equal((await one.take(order(n % 2 === 0 ? names : names.toReversed()))).ok, true);
    now += HOUR;
  }
  const full = await two.take(order(names));
  assert.ok(!full.ok && full.bucket === "names" && full.again_at === began + 7 * DAY);
  assert.equal((await two.take({ ...order(names), replaces: true })).ok, true);
  for (let n = 0; n < 45; n += 1) assert.equal((await two.take(order([`n${n}.shop.co.uk`]))).ok, true);
  const domain = await one.take(order(["*.shop.co.uk"]));
  assert.ok(!domain.ok && domain.bucket === "domain" && domain.what.endsWith("shop.co.uk") && domain.used === 50);
  assert.equal((await one.take(order(["shop2.co.uk"]))).ok, true, "co.uk is nobody's");
  assert.equal((await one.take({ ...order(names), directoryUrl: "https://other.example/dir" })).ok, true, "another CA counts for itself");
  now = domain.again_at;
  assert.equal((await one.take(order(names))).ok, true);
  const left = await one.left(order(names));
  assert.equal(left.find(({ bucket }) => bucket === "names")?.used, 5);
});

test("the same order is counted once; what was not ordered or not issued is given back", async () => {
  const [first, second] = [order(["once.example"]), order(["once.example"])];
  for (let n = 0; n < 8; n += 1) assert.equal((await one.take(first)).ok, true);
  await two.take(second);
  const used = async (): Promise<number[]> => (await one.left(first)).map((budget) => budget.used);
  const [account = 0] = await used();
  assert.deepEqual(await used(), [account, 2, 2]);
  await two.notIssued(second);
  assert.deepEqual(await used(), [account, 1, 1]);
  await one.notOrdered(first);
  assert.deepEqual(await used(), [account - 1, 0, 0]);
});

test("a month of failing validations climbs the ladder and never finds the CA's limit of five an hour; staging has ten times as much", async () => {
  const failures: number[] = [];
  const end = now + 30 * DAY;
  for (let attempt = 1; now < end;) {
    const wanted = order(["broken.example"]);
    const taken = await (attempt % 2 === 0 ? one : two).take(wanted);
    if (!taken.ok) now = Math.max(now + 1, taken.again_at);
    if (!taken.ok) continue;
    failures.push(now);
    await one.failedValidation(wanted, wanted.domains);
    await one.notIssued(wanted);
    now += delayAfter((attempt += 1), 0);
  }
  assert.ok(failures.length > 100 && failures.length < 200, `${failures.length} attempts`);
  for (const at of failures) assert.ok(failures.filter((other) => other >= at && other < at + HOUR).length <= 5);

  const staging = { ...order(["broken.example"]), staging: true, directoryUrl: "https://staging.example/dir" };
  for (let n = 0; n < 49; n += 1) await one.failedValidation({ ...staging, id: `f${n}` }, ["broken.example"]);
  assert.equal((await two.take({ ...staging, id: "s" })).ok, true);
  await one.failedValidation({ ...staging, id: "f49" }, ["broken.example"]);
  const full = await two.take({ ...staging, id: "t" });
  assert.ok(!full.ok && full.bucket === "failed" && full.limit === 50 && full.again_at === now + HOUR);
});

test("every key ends by itself and holds no more than its limit; a clock that was far ahead is forgiven", async () => {
  const all = await look.call(["KEYS", keys.acmeLedger("*", "*")]);
  assert.ok(Array.isArray(all) && all.length > 300);
  for (const key of all.map(String)) {
    assert.ok(Number(await look.call(["PTTL", key])) > 0, key);
    assert.ok(Number(await look.call(["ZCARD", key])) <= 300, key);
  }
  const real = now;
  now += 365 * DAY;
  for (let n = 0; n < 5; n += 1) await one.take(order(["jump.example"]));
  assert.equal((await one.take(order(["jump.example"]))).ok, false);
  now = real;
  assert.equal((await two.take(order(["jump.example"]))).ok, true);
  now -= MINUTE;
  assert.equal((await one.take(order(["jump.example"]))).ok, true);
});

test("what somebody registered", () => {
  const cases = {
    "a.b.example.com": "example.com",
    "*.example.co.uk": "example.co.uk",
    "example.com.au": "example.com.au",
    "x.co": "x.co",
  };
  for (const [domain, registered] of Object.entries(cases)) assert.equal(registeredDomain(domain), registered);
});

function order(domains: readonly string[], account = "account"): IdentifiedOrder {
  return { id: `o${(made += 1)}`, directoryUrl: "https://ca.example/dir", staging: false, account, domains, replaces: false };
}

async function ledger(name: string): Promise<Ledger> {
  const own = await store(name);
  return new Ledger({
    store: () => own,
    keys,
    limitsOf: () => LETS_ENCRYPT,
    clock: { now: () => now, sleep: async () => await Promise.resolve() },
  });
}

async function store(name: string): Promise<Store> {
  const own = tide.store(name);
  bed.defer(() => own.close());
  await own.whenUp(5_000);
  return own;
}
