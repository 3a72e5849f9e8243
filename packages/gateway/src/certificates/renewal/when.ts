/**
 * When a certificate has to be renewed, and why. Pure: the earliest of the moments at which a rule asks for it, so that the caller can sleep until then; a
 * moment that has passed means now. The rules are certmagic's, in lifetimes instead of days, since those of CAs shrink (64, 45, 6 days).
 */
import type { RenewalInfo } from "../orders/progress.ts";
import type { CertificateRequest } from "../request-spec.ts";

export type RenewalReason =
  /** There is none yet. */
  | "missing"
  /** It was issued for other names than are wanted. */
  | "names"
  /** Somebody asked. */
  | "asked"
  /** The CA's window (RFC 9773). */
  | "ari"
  /** The usual share of its life is over; only where the CA names no window. */
  | "share"
  /** So little is left that nothing else counts. */
  | "emergency";

export interface Renewal {
  /** Unix ms. */
  readonly at: number;
  readonly why: RenewalReason;
}

/** What is looked at of the certificate there is. Times are Unix ms. */
export interface IssuedCertificate {
  readonly domains: readonly string[];
  readonly not_before: number;
  readonly not_after: number;
  /** SHA-256 of the leaf, hex. */
  readonly fingerprint: string;
  /** By our clock, when it was stored: CAs date `not_before` back. */
  readonly issued_at: number;
}

export interface RenewalQuestion {
  readonly now: number;
  readonly request: Pick<CertificateRequest, "domains" | "renew_asked_at">;
  readonly certificate: IssuedCertificate | null;
  readonly ari: RenewalInfo | null;
  /** How often everything is looked through, in ms. */
  readonly interval: number;
}

/** Moments in a certificate's life. Unix ms. */
export interface Life {
  readonly length: number;
  readonly share_at: number;
  readonly emergency_at: number;
  /** The first moment at which clients refuse it. */
  readonly expires_at: number;
}

export function renewal({ now, request, certificate, ari, interval }: RenewalQuestion): Renewal {
  if (certificate === null) return { at: now, why: "missing" };
  if (!sameNames(certificate.domains, request.domains)) return { at: now, why: "names" };
  const { share_at, emergency_at } = lifeOf(certificate, interval);
  const window = ari?.fingerprint === certificate.fingerprint ? ari : null;
  const due: Renewal[] = [
    { at: emergency_at, why: "emergency" },
    window === null ? { at: share_at, why: "share" } : { at: Math.max(window.chosen, restedAt(certificate)), why: "ari" },
  ];
  const asked = request.renew_asked_at;
  if (asked !== null && asked >= certificate.issued_at) due.push({ at: asked, why: "asked" });
  return due.reduce((first, next) => (next.at < first.at ? next : first));
}

export function lifeOf({ not_before, not_after }: Pick<IssuedCertificate, "not_before" | "not_after">, interval: number): Life {
  // `notAfter` belongs to the life (RFC 5280 §4.1.2.5) and has whole seconds.
  const expires_at = (Math.floor(not_after / 1000) + 1) * 1000;
  const length = Math.max(0, expires_at - not_before);
  const share = length < SHORT ? 1 / 2 : 1 / 3;
  const left = Math.max(length / 20, Math.min(5 * interval, length / 3));
  return { length, share_at: expires_at - length * share, emergency_at: expires_at - left, expires_at };
}

/** In any order. */
export function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return [...new Set(some)].toSorted().join() === [...new Set(others)].toSorted().join();
}

// Private

const DAY = 86_400_000;
/** Shorter lives are renewed at their half, as Let's Encrypt advises. */
const SHORT = 10 * DAY;
/** A CA that names a window in the past for everything it issues must not be asked in a circle. */
const REST = DAY / 4;

function restedAt(certificate: IssuedCertificate): number {
  return certificate.issued_at + Math.min(REST, (certificate.not_after - certificate.not_before) / 20);
}
