/** After failures: how long is waited, who is asked next, and what is explained of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authority } from "../authority.ts";
import { LETS_ENCRYPT } from "../orders/limits.ts";
import { FRESH, type LastProblem, type Progress, type Stage } from "../orders/progress.ts";
import type { CertificateRequest } from "../request-spec.ts";
import { explainCertificate, type ExplanationQuestion } from "./explain.ts";
import { challengeFor, delayAfter, nextAsk, nextAttemptAt, type Ask } from "./ladder.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const URN = "urn:ietf:params:acme:error:";
const NOW = Date.UTC(2026, 0, 1);
const FIRST: Authority = { directoryUrl: "https://one.example/dir", stagingUrl: "https://one.example/staging", eab: null };
const SECOND: Authority = { directoryUrl: "https://two.example/dir", stagingUrl: null, eab: { kid: "kid", hmacKey: "c2VjcmV0" } };
const REQUEST: CertificateRequest = {
  domains: ["app.example"],
  email: null,
  challenge: "auto",
  staging: false,
  directory_url: null,
  key_type: "ec-p256",
  preferred_chain: null,
  profile: null,
  renew_asked_at: null,
  owner: "admin",
};

test("the waits: a minute at first, six hours after a day, daily after 30 days, a fifth more or less; Retry-After up to a week wins", () => {
  const plain = Array.from({ length: 200 }, (_, at) => delayAfter(at + 1, 0.5) / MINUTE);
  assert.deepEqual(plain.slice(0, 8), [1, 2, 2, 5, 10, 10, 10, 20]);
  const days = (count: number): number => plain.slice(0, count).reduce((sum, each) => sum + each, 0) / 1440;
  assert.equal(plain[24], 360);
  assert.ok(Math.abs(days(plain.indexOf(1440)) - 30) < 0.3, `${days(plain.indexOf(1440))} days until daily`);
  assert.equal(plain.at(-1), 1440);
  for (let attempt = 1; attempt < 200; attempt += 1)
    for (const random of [0, 0.999]) {
      const share = delayAfter(attempt, random) / delayAfter(attempt, 0.5);
      assert.ok(share >= 0.8 && share <= 1.2, `${share}`);
    }
  const at = (notBefore: number | null): number => nextAttemptAt({ now: NOW, attempt: 1, notBefore, random: 0.5 }) - NOW;
  assert.deepEqual([at(null), at(NOW + 5), at(NOW + HOUR), at(NOW + 365 * DAY)], [MINUTE, MINUTE, HOUR, 7 * DAY]);
});

test("30 days of failing: with a staging server production hardly notices, without one five a day at most", () => {
  const withStaging = failFor(30 * DAY, [FIRST], "unauthorized");
  assert.ok(withStaging.length >= 110 && withStaging.length <= 180, `${withStaging.length} attempts`);
  assert.equal(withStaging.filter(({ server }) => server === "production").length, 1);
  const without = failFor(30 * DAY, [SECOND], "unauthorized");
  const late = without.filter(({ at }) => at > 2 * DAY);
  assert.ok(most(late, DAY) <= 5, `${most(late, DAY)} a day`);
  // The ledger holds the first hours, see its test: here are more than a CA takes.
  assert.ok(most(without, HOUR) > LETS_ENCRYPT.failed.limit);
  const unreachable = failFor(30 * DAY, [FIRST, SECOND], "serverInternal");
  assert.deepEqual(
    unreachable.slice(0, 4).map(({ directory }) => directory),
    [FIRST.directoryUrl, SECOND.directoryUrl, FIRST.directoryUrl, SECOND.directoryUrl],
  );
});

test("who is asked next, by what went wrong", () => {
  const cases: [string, Partial<Progress>, string, Ask["server"]][] = [
    ["nothing yet", {}, FIRST.directoryUrl, "production"],
    ["verdict on the names", failed("validation", "unauthorized", FIRST.directoryUrl), FIRST.stagingUrl ?? "", "probe"],
    ["the probe failed too", failed("validation", "dns", FIRST.stagingUrl), FIRST.stagingUrl ?? "", "probe"],
    ["the probe worked", { ...failed("validation", "dns", FIRST.directoryUrl), probed_at: NOW }, FIRST.directoryUrl, "production"],
    ["names, at a CA without staging", failed("validation", "connection", SECOND.directoryUrl), SECOND.directoryUrl, "production"],
    ["we could not answer", failed("challenge", null, FIRST.directoryUrl), FIRST.stagingUrl ?? "", "probe"],
    ["rate limited", failed("order", "rateLimited", FIRST.directoryUrl), SECOND.directoryUrl, "production"],
    ["unreachable", failed("account", null, FIRST.directoryUrl), SECOND.directoryUrl, "production"],
    ["the round is over", failed("order", "serverInternal", SECOND.directoryUrl), FIRST.directoryUrl, "production"],
    ["CAA allows another", failed("validation", "caa", FIRST.directoryUrl), SECOND.directoryUrl, "production"],
    ["staging is down", failed("account", null, FIRST.stagingUrl), SECOND.directoryUrl, "production"],
    ["our own store", failed("store", null, SECOND.directoryUrl), SECOND.directoryUrl, "production"],
    ["nobody was asked", failed("preflight", null, null), FIRST.directoryUrl, "production"],
  ];
  for (const [called, progress, directory, server] of cases) {
    const ask = nextAsk({ authorities: [FIRST, SECOND], request: REQUEST, progress: { ...FRESH, ...progress } });
    assert.deepEqual([ask?.directoryUrl, ask?.server], [directory, server], called);
  }
});

test("a request may name its CA, or want the staging server", () => {
  const ask = (request: Partial<CertificateRequest>, progress = FRESH): Ask | null =>
    nextAsk({ authorities: [FIRST, SECOND], request: { ...REQUEST, ...request }, progress });
  const down = { ...FRESH, ...failed("order", "serverInternal", FIRST.stagingUrl) };
  assert.deepEqual(ask({ staging: true }, down), { authority: FIRST, directoryUrl: FIRST.stagingUrl, server: "staging" });
  assert.equal(ask({ staging: true, directory_url: SECOND.directoryUrl }), null);
  assert.equal(ask({ directory_url: SECOND.directoryUrl })?.authority, SECOND);
  const own = ask({ directory_url: "https://own.example/dir" });
  assert.deepEqual([own?.directoryUrl, own?.server, own?.authority.eab], ["https://own.example/dir", "production", null]);
  const wild = { ...REQUEST, domains: ["*.app.example"] };
  const kinds = [
    challengeFor(REQUEST, 0),
    challengeFor(REQUEST, 1),
    challengeFor(wild, 1),
    challengeFor({ ...REQUEST, challenge: "http-01" }, 1),
  ];
  assert.deepEqual(kinds, ["http-01", "tls-alpn-01", "dns-01", "http-01"]);
});

test("the explanation says in one sentence what is, what is next and why", () => {
  const good = {
    domains: ["app.example"],
    not_before: NOW - DAY,
    not_after: NOW + 89 * DAY - 1000,
    fingerprint: "f",
    issued_at: NOW - DAY,
  };
  const old = { ...good, not_before: NOW - 100 * DAY, not_after: NOW - 10 * DAY };
  const broken = { ...FRESH, ...failed("validation", "unauthorized", FIRST.directoryUrl), attempt: 3, next_at: NOW + HOUR };
  const working: Progress = { ...FRESH, working: true, stage: "validation", began_at: NOW };
  const window = { start: NOW, end: NOW + DAY, chosen: NOW + HOUR, explanation_url: null, fetched_at: NOW, again_at: NOW };
  const cases: [Partial<ExplanationQuestion>, string, RegExp][] = [
    [{}, "waiting", /^web is to be obtained: the next attempt is due at 2026-01-01T00:00:00Z\.$/],
    [{ certificate: good }, "valid", /good until 2026-03-30T23:59:59Z and will be renewed at 2026-03-01T00:00:00Z: most of its life/],
    [{ certificate: good, progress: { ...FRESH, ari: { fingerprint: "f", ...window } } }, "valid", /01:00:00Z: the CA named this time\.$/],
    [{ certificate: good, request: { ...REQUEST, renew_asked_at: NOW } }, "due", /renewed now: somebody asked for it; it is good/],
    [{ progress: working }, "working", /^web is being obtained \(validation\), since 2026-01-01T00:00:00Z\.$/],
    [
      { progress: broken },
      "failing",
      /^web was not obtained: 3 attempts in a row failed, the last at .* \(validation: no such file\); the next .*T01:00:00Z\.$/,
    ],
    [{ progress: broken, certificate: old }, "expired", /^web expired at 2025-12-22T00:00:00Z: 3 attempts in a row failed/],
    [{ request: null, certificate: good }, "uploaded", /^web was uploaded and is good until .*; nobody renews it\.$/],
  ];
  for (const [part, state, words] of cases) {
    const question = {
      name: "web",
      now: NOW,
      request: REQUEST,
      certificate: null,
      progress: FRESH,
      authorities: [FIRST],
      budget: [],
      interval: 600_000,
    };
    const found = explainCertificate({ ...question, ...part });
    assert.equal(found.state, state);
    assert.match(found.summary, words);
    assert.equal(found.next_attempt_at === null, state === "working" || state === "uploaded");
    if (state === "valid") assert.ok(found.share_left === 0.989 && found.window !== null && found.window.start <= (found.chosen?.at ?? 0));
    if (state === "failing") assert.deepEqual(found.next_ask, { directory: FIRST.stagingUrl, server: "probe", challenge: "tls-alpn-01" });
  }
});

interface Attempted {
  readonly at: number;
  readonly directory: string;
  readonly server: Ask["server"];
}

function failFor(span: number, authorities: readonly Authority[], type: string): Attempted[] {
  const made: Attempted[] = [];
  let progress = FRESH;
  for (let now = NOW; now < NOW + span; now = progress.next_at ?? Infinity) {
    const ask = nextAsk({ authorities, request: REQUEST, progress });
    assert.ok(ask !== null);
    made.push({ at: now - NOW, directory: ask.directoryUrl, server: ask.server });
    const attempt = progress.attempt + 1;
    const next_at = nextAttemptAt({ now, attempt, notBefore: null, random: Math.random() });
    progress = { ...progress, ...failed("validation", type, ask.directoryUrl), attempt, next_at };
  }
  return made;
}

function failed(stage: Stage, type: string | null, ca: string | null): { attempt: number; last_problem: LastProblem } {
  const about = { code: "ACME_PROBLEM", status: 403, detail: "no such file.", subproblems: [], not_before: null };
  return { attempt: 1, last_problem: { at: NOW, stage, ca, type: type === null ? null : `${URN}${type}`, ...about } };
}

/** In any window of this width. */
function most(made: readonly Attempted[], width: number): number {
  return Math.max(...made.map(({ at }) => made.filter((other) => other.at >= at && other.at < at + width).length));
}
