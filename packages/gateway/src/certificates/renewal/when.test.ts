/** When a certificate is renewed: lives of any length, with and without a window of the CA, with clocks that are wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RenewalInfo } from "../orders/progress.ts";
import { expiryStep } from "./expiring.ts";
import { lifeOf, renewal, type IssuedCertificate, type RenewalQuestion } from "./when.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const BORN = Date.UTC(2026, 0, 1);
const INTERVAL = 10 * MINUTE;
const LIVES = { "90 d": 90 * DAY, "45 d": 45 * DAY, "6 d": 6 * DAY, "1 h": HOUR };

for (const [called, life] of Object.entries(LIVES)) {
  const certificate = certificateOf(life);
  const due = (question: Partial<RenewalQuestion> = {}): ReturnType<typeof renewal> => ask(certificate, question);

  test(`${called}: renewed at ${life < 10 * DAY ? "1/2" : "1/3"} of its life left, and the window of the CA wins over that`, () => {
    const share = due();
    assert.equal(share.why, "share");
    near(left(share.at, life), life < 10 * DAY ? 1 / 2 : 1 / 3, life);

    for (const share_left of [0.9, 0.6, 0.4]) {
      const chosen = BORN + life * (1 - share_left);
      assert.deepEqual(due({ ari: windowAt(chosen, life) }), { at: chosen, why: "ari" });
    }
    const other = { ...windowAt(BORN, life), fingerprint: "another certificate" };
    assert.deepEqual(due({ ari: other }), share, "a window of the certificate before says nothing");
  });

  test(`${called}: an emergency whatever the CA says, with time for some attempts`, () => {
    const late = due({ ari: windowAt(BORN + life * 2, life) });
    assert.equal(late.why, "emergency");
    const rest = left(late.at, life);
    assert.ok(rest >= 1 / 20 - 0.001 && rest <= 1 / 3 + 0.001, `${rest} of its life is left`);
    assert.ok(late.at > due().at, "never before its usual share");
  });

  test(`${called}: a window in the past means now, and yet no circle of orders`, () => {
    const revoked = due({ ari: windowAt(BORN - 10 * DAY, life) });
    assert.equal(revoked.why, "ari");
    assert.ok(
      revoked.at - BORN <= 6 * HOUR && revoked.at - BORN >= Math.min(6 * HOUR, life / 25),
      `${revoked.at - BORN} ms after it was issued`,
    );
  });

  test(`${called}: the clock jumps: what is due does not depend on when it is asked`, () => {
    const moments = [BORN - 30 * DAY, BORN, BORN + life / 2, BORN + life, BORN + 3650 * DAY];
    assert.equal(new Set(moments.map((now) => due({ now }).at)).size, 1);
  });

  test(`${called}: simulated for 20 lives, looked at every interval: never expired, never more than 4 renewals in a life`, () => {
    let [current, renewals] = [certificate, 0];
    const end = BORN + 20 * life;
    for (let now = BORN; now < end; now += Math.min(INTERVAL, life / 100)) {
      assert.ok(now < lifeOf(current, INTERVAL).expires_at, `expired at ${new Date(now).toISOString()}`);
      if (ask(current, { now }).at > now) continue;
      current = { ...certificateOf(life, now), fingerprint: `f${now}` };
      renewals += 1;
    }
    assert.ok(renewals >= 20 && renewals <= 41, `${renewals} renewals`);
  });
}

test("what somebody wants comes first: none yet, other names, asked for; and is done with the next one", () => {
  const certificate = certificateOf(90 * DAY);
  const now = BORN + DAY;
  const domains = ["b.example", "a.example"];
  assert.deepEqual(ask(null, { now }), { at: now, why: "missing" });
  assert.deepEqual(ask(certificate, { now, request: { domains, renew_asked_at: null } }), { at: now, why: "names" });
  assert.equal(ask({ ...certificate, domains: ["a.example", "b.example"] }, { request: { domains, renew_asked_at: null } }).why, "share");
  const asked = { domains: certificate.domains, renew_asked_at: now - 5 };
  assert.deepEqual(ask(certificate, { now, request: asked }), { at: now - 5, why: "asked" });
  assert.equal(ask({ ...certificate, issued_at: now - 4 }, { now, request: asked }).why, "share");
});

test("what ends is told in steps, each once, and what was slept through is not told late", () => {
  const life = 90 * DAY;
  const certificate = certificateOf(life);
  const told: [number, number][] = [];
  let known: readonly number[] = [];
  for (let now = BORN; now < BORN + life + DAY; now += HOUR) {
    const step = expiryStep(now, certificate, known);
    if (step === null) continue;
    told.push([step.told.at(-1) ?? -1, step.days_remaining]);
    known = step.told;
  }
  assert.deepEqual(told, [
    [0.25, 22],
    [0.15, 13],
    [0.08, 7],
    [0.03, 2],
    [0, 0],
  ]);
  const slept = expiryStep(BORN + life - DAY, certificate, []);
  assert.deepEqual([slept?.told, slept?.days_remaining], [[0.25, 0.15, 0.08, 0.03], 1]);
  assert.equal(expiryStep(BORN + life - DAY, certificate, slept?.told ?? []), null);
  const tenYears = certificateOf(3650 * DAY);
  assert.equal(expiryStep(BORN + 3619 * DAY, tenYears, []), null, "31 days are time enough");
  assert.equal(expiryStep(BORN + 3620 * DAY, tenYears, [])?.days_remaining, 30);
});

function certificateOf(life: number, born = BORN): IssuedCertificate {
  return { domains: ["app.example"], not_before: born, not_after: born + life - 1000, fingerprint: "f", issued_at: born };
}

function windowAt(chosen: number, life: number): RenewalInfo {
  const about = { start: chosen - life / 50, end: chosen + life / 50, chosen };
  return { fingerprint: "f", ...about, explanation_url: null, fetched_at: BORN, again_at: BORN + 6 * HOUR };
}

function ask(certificate: IssuedCertificate | null, question: Partial<RenewalQuestion>): ReturnType<typeof renewal> {
  const request = { domains: ["app.example"], renew_asked_at: null };
  return renewal({ now: BORN, request, certificate, ari: null, interval: INTERVAL, ...question });
}

function left(at: number, life: number): number {
  return (BORN + life - at) / life;
}

function near(found: number, wanted: number, life: number): void {
  assert.ok(Math.abs(found - wanted) <= 2000 / life, `${found} instead of ${wanted}`);
}
