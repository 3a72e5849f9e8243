/** What the CA has signed, and when it wants each certificate renewed (RFC 9773), as Let's Encrypt chooses it. */
import type { Issued } from "./issuer.ts";
import { Refusal } from "./refusal.ts";
import type { Account } from "./signed.ts";

export interface Window {
  readonly start: number;
  readonly end: number;
  readonly explanationURL?: string;
}

export class Registry {
  /** By name, in order. */
  readonly byName = new Map<string, Issued[]>();
  readonly #byId = new Map<string, Issued>();
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(certificate: Issued): void {
    this.#byId.set(certificate.certId, certificate);
    for (const name of certificate.domains) this.byName.set(name, [...(this.byName.get(name) ?? []), certificate]);
  }

  bySerial(serial: string): Issued {
    const found = [...this.#byId.values()].find((one) => one.serial === serial);
    if (found === undefined) throw new Refusal(404, "malformed", `there is no certificate ${serial}`);
    return found;
  }

  byDer(der: Buffer): Issued {
    const found = [...this.#byId.values()].find((one) => one.der.equals(der));
    if (found === undefined) throw new Refusal(404, "malformed", "this CA did not issue that certificate");
    return found;
  }

  /** A window of the test's choice instead of the usual one. */
  setWindow(serial: string, window: Window): void {
    this.#windows.set(this.bySerial(serial).certId, window);
  }

  /** After two thirds of the life, of short lives the half, and a day to each side; at once when revoked. */
  window(certId: string): Window {
    const found = this.#byId.get(certId);
    if (found === undefined) throw new Refusal(404, "malformed", `there is no certificate ${certId}`);
    const set = this.#windows.get(certId);
    if (set !== undefined) return set;
    if (found.revokedAt !== null) return { start: this.#now() - HOUR, end: this.#now() - HOUR / 2 };
    const life = found.notAfter + 1_000 - found.notBefore;
    const ideal = found.notAfter - life / (life < 10 * DAY ? 2 : 3);
    const margin = Math.min(DAY, life / 60);
    return { start: ideal - margin, end: ideal + margin };
  }

  /** The certificate that an order wants to replace (RFC 9773 §5). */
  replaceable(certId: string, account: Account, domains: readonly string[]): Issued {
    const found = this.#byId.get(certId);
    if (found === undefined) throw new Refusal(404, "malformed", `there is no certificate ${certId} to replace`);
    if (found.account !== account.id) throw new Refusal(403, "unauthorized", "the certificate to replace belongs to another account");
    if (found.replaced) throw new Refusal(409, "alreadyReplaced", "another order replaces that certificate already");
    if (!domains.some((name) => found.domains.includes(name)))
      throw new Refusal(400, "malformed", "the order shares no name with what it replaces");
    return found;
  }
}

// Private

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
