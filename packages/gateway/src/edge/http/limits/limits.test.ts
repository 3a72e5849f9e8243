import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitSpec } from "../../../routes/spec.ts";
import type { Verdict } from "../handler-deps.ts";
import { requestOf, routeOf, targetOf } from "../testing/plan.ts";
import { isTooLarge } from "./body.ts";
import { rateOf, type Rate } from "./gcra.ts";
import { Limits } from "./limits.ts";
import { networkOf } from "./network-of.ts";
import { RateLimiter } from "./rate-limiter.ts";

const NONE: LimitSpec = { body: null, rate: null, concurrent: null };

/** The same numbers in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A bucket of `burst` that fills by one in each interval, counted in whole milliseconds. */
function bucket({ interval, burst }: Rate): (now: number) => number {
  let credit = burst * interval;
  let last = 0;
  return (now) => {
    credit = Math.min(burst * interval, credit + now - last);
    last = now;
    if (credit < interval) return interval - credit;
    credit -= interval;
    return 0;
  };
}

test("the rate is that of a bucket that fills steadily, and so is the time one is told to wait", () => {
  const roll = dice(7);
  for (let round = 0; round < 200; round += 1) {
    const rate = rateOf({ requests: [1, 2, 5, 10, 50][roll(5)] ?? 1, per: [1, 10, 60][roll(3)] ?? 1, burst: 1 + roll(20) });
    let now = 1_000;
    const limiter = new RateLimiter({ keyOf: (client) => client, clock: () => now });
    const model = bucket(rate);
    for (let step = 0; step < 200; step += 1) {
      now += roll(3) === 0 ? roll(Math.ceil(rate.interval * 3)) : roll(3);
      assert.ok(Math.abs(limiter.take("a", rate) - model(now)) < 1e-6, `${JSON.stringify(rate)} at ${now}`);
    }
  }
});

test("what a client is told that it may do at once it may, and one more when it is told", () => {
  const roll = dice(11);
  for (let round = 0; round < 500; round += 1) {
    const rate = rateOf({ requests: 1 + roll(60), per: 1 + roll(60), burst: 1 + roll(30) });
    let now = 1_000;
    const limiter = new RateLimiter({ keyOf: (client) => client, clock: () => now });
    for (let step = 0; step < 40; step += 1) {
      now += roll(Math.ceil(rate.interval * 2));
      limiter.take("a", rate);
    }
    const { left, next } = limiter.standing("a", rate);
    const due = now + next;
    for (let request = 0; request < left; request += 1) assert.equal(limiter.take("a", rate), 0);
    now = due - 0.001;
    assert.ok(limiter.take("a", rate) > 0, JSON.stringify(rate));
    now = due;
    assert.equal(limiter.take("a", rate), 0);
  }
});

test("a flood of clients takes no more than the bound, and the latest are known", () => {
  const rate = rateOf({ requests: 1, per: 60, burst: 1 });
  const limiter = new RateLimiter({ keyOf: (client) => client, clock: () => 1, mostClients: 1_000 });
  for (let client = 0; client < 5_000; client += 1) assert.equal(limiter.take(String(client), rate), 0);
  assert.equal(limiter.size, 1_000);
  assert.equal(limiter.take("4999", rate), 60_000);
});

interface Given {
  readonly lines?: readonly string[];
  readonly client?: string;
  readonly route?: LimitSpec | null;
}

function enter(limits: Limits, spec: LimitSpec, { lines = [], client = "203.0.113.9", route = null }: Given = {}): Verdict {
  const entry = route === null ? null : { name: "r", data: routeOf({ limits: route }) };
  return limits.enter({ name: "a.test", data: targetOf({ limits: spec }) }, entry, client, requestOf("POST /", lines));
}

function said(verdict: Verdict): string {
  return verdict.ok ? "in" : `${verdict.status} ${verdict.reason} ${verdict.fields.trim()}`.trim();
}

function limitsAt(clock: () => number = () => 1): Limits {
  return new Limits(new RateLimiter({ keyOf: (client) => client, clock }));
}

test("a body that says it is too large is refused before it comes, another one when it is", () => {
  const spec = { ...NONE, body: 10 };
  assert.equal(said(enter(limitsAt(), spec, { lines: ["Content-Length: 10"] })), "in");
  assert.equal(said(enter(limitsAt(), spec, { lines: ["Content-Length: 11"] })), "413 body_too_large");
  assert.equal(said(enter(limitsAt(), spec, { lines: ["Transfer-Encoding: chunked"] })), "in");
  assert.equal(said(enter(limitsAt(), spec, { lines: ["Content-Length: 11"], route: NONE })), "in");
  const target = targetOf({ limits: spec });
  assert.deepEqual(
    [10, 11].map((bytes) => isTooLarge({ target, route: null }, bytes)),
    [false, true],
  );
  assert.equal(isTooLarge({ target, route: routeOf({ limits: { ...NONE, body: 20 } }) }, 11), false);
  assert.equal(isTooLarge({ target: targetOf(), route: null }, 1e12), false);
});

test("too much at once is refused for the client alone, and a place is given back once", () => {
  const limits = limitsAt();
  const spec = { ...NONE, concurrent: 2 };
  const first = enter(limits, spec);
  assert.equal(said(enter(limits, spec)), "in");
  assert.equal(said(enter(limits, spec)), "429 too_many_at_once Retry-After: 1");
  assert.equal(said(enter(limits, spec, { client: "203.0.113.10" })), "in");
  assert.equal(said(enter(limits, spec, { route: spec })), "in");
  assert.ok(first.ok && first.leave !== null);
  first.leave();
  first.leave();
  assert.equal(said(enter(limits, spec)), "in");
  assert.equal(said(enter(limits, spec)), "429 too_many_at_once Retry-After: 1");
});

test("too often is refused with the time to wait, in whole seconds; who is refused otherwise pays nothing", () => {
  let now = 1_000;
  const limits = limitsAt(() => now);
  const spec = { ...NONE, rate: { requests: 2, per: 10, burst: 2 }, body: 10 };
  assert.equal(said(enter(limits, spec, { lines: ["Content-Length: 11"] })), "413 body_too_large");
  const told = (left: number, seconds: number): string =>
    `RateLimit-Policy: "edge";q=2;w=10\r\nRateLimit: "edge";r=${left};t=${seconds}\r\n`;
  assert.deepEqual([enter(limits, spec).fields, enter(limits, spec).fields], [told(1, 5), told(0, 5)]);
  assert.equal(said(enter(limits, spec)), `429 rate_limited Retry-After: 5\r\n${told(0, 5).trim()}`);
  now += 4_500;
  assert.equal(said(enter(limits, spec)), `429 rate_limited Retry-After: 1\r\n${told(0, 1).trim()}`);
  now += 500;
  assert.equal(enter(limits, spec).fields, told(0, 5));
  now += 60_000;
  assert.equal(enter(limits, spec).fields, told(1, 5));
  assert.equal(enter(limits, { ...NONE, concurrent: 2 }).fields, "");
});

test("a client is an address of IPv4 or a network of IPv6", () => {
  assert.equal(networkOf("203.0.113.9"), "203.0.113.9");
  assert.equal(networkOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(networkOf("2001:db8:1:2::9"), "2001:db8:1:2::/64");
  assert.equal(networkOf("2001:db8::9"), "2001:db8:0:0::/64");
  assert.equal(networkOf("::1"), "0:0:0:0::/64");
});
