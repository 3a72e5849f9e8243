/**
 * A year of renewals by a clock of its own: names with lives of 90, 45 and 6 days, two CAs of which each is away for a week every quarter, never both.
 * Looked at whenever anything is due: no certificate may have ended, and the CAs' limits may not have refused an order.
 */
import { setImmediate as immediate } from "node:timers/promises";
import { CertificatesBed, startClockCa, type ClockCa, type Instance } from "../../packages/gateway/src/testing/index.ts";
import { LETS_ENCRYPT } from "../../packages/gateway/src/certificates/orders/limits.ts";
import type { Seed } from "./seed.ts";

export interface YearOptions {
  readonly days: number;
  /** Of each length of life. */
  readonly names: number;
  /** Whether the CAs say when they want renewals. */
  readonly ari: boolean;
  readonly seed: Seed;
  readonly onDay?: (day: number) => void;
}

export interface Year {
  readonly names: number;
  readonly orders: number;
  readonly refused: readonly string[];
  /** Moments at which a name had a certificate that had ended, as text. */
  readonly ended: readonly string[];
  /** Of all names, the smallest share of life that was ever left. */
  readonly least: number;
  /** Of one name. */
  readonly mostOrders: number;
  readonly failures: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2030, 0, 1);
const LIVES = { long: 90 * DAY, middle: 45 * DAY, short: 6 * DAY };
const QUARTER = 91 * DAY;

export async function runYear({ days, names, ari, seed, onDay }: YearOptions): Promise<Year> {
  const time = { now: BEGIN };
  const clock = { now: () => time.now, sleep: (milliseconds: number) => ((time.now += milliseconds), immediate()) };
  const random = (): number => seed.below(1_000_000) / 1_000_000;
  await using bed = await CertificatesBed.open({ clock, random, interval: HOUR, limitsOf: () => LETS_ENCRYPT });
  await using first = await startClockCa({ clock, profiles: LIVES, renewalInfo: ari });
  await using second = await startClockCa({ clock, profiles: LIVES, renewalInfo: ari });
  for (let at = BEGIN + 20 * DAY; at < BEGIN + days * DAY; at += QUARTER) {
    first.outage(at, at + 7 * DAY, "503");
    second.outage(at + 40 * DAY, at + 47 * DAY, "drop");
  }
  const authorities = [first, second].map(({ directoryUrl }) => ({ directoryUrl, stagingUrl: null, eab: null }));
  const instance = await bed.instance("year", { authorities, trusted: first.trusted + second.trusted });
  const wanted = Object.keys(LIVES).flatMap((profile) => Array.from({ length: names }, (_, n) => ({ name: `${profile}-${n}`, profile })));
  for (const { name, profile } of wanted) {
    await instance.certificates.request(name, { domains: [`${name}.example`], profile }, { by: "ann", owner: "ann" }, { preflight: false });
  }
  const watch = new Watch(wanted.map(({ name }) => name));
  while (time.now < BEGIN + days * DAY) {
    const next = await instance.keeper.pass();
    await instance.keeper.settled();
    await watch.look(instance, time.now);
    const day = Math.floor((time.now - BEGIN) / DAY);
    time.now = Math.max(time.now + 1_000, Math.min(next, time.now + HOUR));
    if (Math.floor((time.now - BEGIN) / DAY) > day) onDay?.(day + 1);
  }
  return watch.result([first, second], await failures(instance));
}

// Private

class Watch {
  readonly #names: readonly string[];
  readonly #ended: string[] = [];
  #least = 1;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  async look(instance: Instance, now: number): Promise<void> {
    for (const { name, certificate } of await instance.certificates.list()) {
      if (certificate === null) {
        if (now > BEGIN + DAY) this.#ended.push(`${name} has none at ${new Date(now).toISOString()}`);
        continue;
      }
      const { not_before, not_after } = certificate.data;
      if (not_after <= now) this.#ended.push(`${name} ended at ${new Date(not_after).toISOString()}`);
      this.#least = Math.min(this.#least, (not_after - now) / (not_after - not_before));
    }
  }

  result(cas: readonly ClockCa[], failed: number): Year {
    const orders = cas.flatMap((ca) => ca.orders);
    const counts = this.#names.map((name) => orders.filter(({ domains }) => domains.includes(`${name}.example`)).length);
    return {
      names: this.#names.length,
      orders: orders.length,
      refused: cas
        .flatMap((ca) => ca.refused)
        .filter(({ type }) => type === "rateLimited")
        .map(({ detail }) => detail),
      ended: this.#ended,
      least: this.#least,
      mostOrders: Math.max(...counts),
      failures: failed,
    };
  }
}

async function failures({ tide }: Instance): Promise<number> {
  await tide.flush();
  const store = tide.store("failures");
  const found = JSON.stringify(await store.ask(["XRANGE", "events:certificate:stream", "-", "+"]));
  store.close();
  return found.split("_failed").length - 1;
}
