/**
 * A certificate authority with a clock of the test's own, for years of renewals in seconds: lifetimes, renewal windows, Let's Encrypt's rate limits,
 * outages and revocation, over real HTTPS with signatures really verified. It is not Pebble: it looks at challenges only if it is told how.
 * Paths: /directory, /new-nonce, /new-account, /new-order, /order/<id>, /authz/<id>, /challenge/<authorization>/<type>, /finalize/<order>, /certificate/<order>,
 * /revoke-cert, /renewal-info/<certId>.
 */
import { Desk, type Order, type Validate } from "./clock-ca/desk.ts";
import { Front, type Outage } from "./clock-ca/front.ts";
import { Issuer, type Issued } from "./clock-ca/issuer.ts";
import { Buckets, LETS_ENCRYPT, type CaLimits } from "./clock-ca/limits.ts";
import type { Refusal } from "./clock-ca/refusal.ts";
import { Registry, type Window } from "./clock-ca/registry.ts";
import { Service } from "./clock-ca/service.ts";
import { serverIdentity, type ServerIdentity } from "./server-identity.ts";

export interface ClockCaOptions {
  readonly clock: { now(): number };
  /** Ms. Default 90 days; may be changed later. */
  readonly lifetime?: number;
  /** Lifetimes (ms) that an order may choose by name. */
  readonly profiles?: Readonly<Record<string, number>>;
  /** Let's Encrypt's, where it does not say otherwise. Null: nothing is limited. */
  readonly limits?: Partial<CaLimits> | null;
  /** Default: every challenge is valid at once. */
  readonly validate?: Validate;
  /** Default true. */
  readonly renewalInfo?: boolean;
}

export interface RefusedRequest {
  /** Unix ms. */
  readonly at: number;
  /** As `rateLimited`. */
  readonly type: string;
  readonly detail: string;
}

export async function startClockCa(options: ClockCaOptions): Promise<ClockCa> {
  const ca = new ClockCa(options, await Issuer.make(options.clock.now()), await serverIdentity());
  await ca.listen();
  return ca;
}

export class ClockCa implements AsyncDisposable {
  /** PEM of HTTPS. */
  readonly trusted: string;
  /** PEM of what certificates chain up to. */
  readonly root: string;
  /** Of certificates to come, ms. */
  lifetime: number;
  readonly refused: RefusedRequest[] = [];
  readonly #now: () => number;
  readonly #registry: Registry;
  readonly #desk: Desk;
  readonly #front: Front;

  constructor(options: ClockCaOptions, issuer: Issuer, identity: ServerIdentity) {
    const { clock, lifetime = 90 * DAY, profiles = null, limits = {}, validate = null, renewalInfo = true } = options;
    const now = (): number => clock.now();
    this.#now = now;
    this.lifetime = lifetime;
    this.trusted = identity.certificate;
    this.root = issuer.root;
    const registry = new Registry(now);
    const buckets = new Buckets(limits === null ? null : { ...LETS_ENCRYPT, ...limits }, now);
    const lifetimeOf = (profile: string | null): number => profiles?.[profile ?? ""] ?? this.lifetime;
    const desk = new Desk({ now, issuer, registry, buckets, lifetimeOf, validate });
    const service = new Service({ now, desk, registry, buckets, profiles, renewalInfo });
    this.#registry = registry;
    this.#desk = desk;
    const refused = ({ type, message }: Refusal): unknown => this.refused.push({ at: now(), type, detail: message });
    this.#front = new Front({ identity, now, service, refused });
  }

  get directoryUrl(): string {
    return `${this.#front.origin}/directory`;
  }

  /** All that were accepted, in order. */
  get orders(): readonly Order[] {
    return this.#desk.orders;
  }

  /** Certificates of each name, the oldest first. */
  get issued(): ReadonlyMap<string, readonly Issued[]> {
    return this.#registry.byName;
  }

  listen(): Promise<void> {
    return this.#front.listen();
  }

  /** Unavailable between these moments of its clock. */
  outage(from: number, to: number, how: Outage["how"] = "503"): void {
    this.#front.outage({ from, to, how });
  }

  /** Wants the certificate renewed in this window instead of the usual one, as a CA does before it revokes many. */
  setWindow(serial: string, window: Window): void {
    this.#registry.setWindow(serial, window);
  }

  /** Revoked by the CA itself. */
  revoke(serial: string): void {
    this.#registry.bySerial(serial).revokedAt ??= this.#now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#front.close();
  }
}

// Private

const DAY = 86_400_000;
