/**
 * Whether it has to be told that a certificate ends (`certificate_expiring_soon`): by then it should have been renewed, so somebody has to look. Pure. Steps are
 * shares of life left, for lives of any length; a long one is told when its days are few enough to act. Each step once per certificate.
 */
import { lifeOf, type IssuedCertificate } from "./when.ts";

export interface ExpiryStep {
  /** What is to be kept as `told`: with it, steps that were slept through are not told late. */
  readonly told: readonly number[];
  /** Whole days left; 0: less than one, or none. */
  readonly days_remaining: number;
  /** Unix ms. */
  readonly expires_at: number;
}

/** `told`: of this certificate; empty for a new one. Null: nothing is to be told. */
export function expiryStep(now: number, certificate: IssuedCertificate, told: readonly number[]): ExpiryStep | null {
  const { length, expires_at } = lifeOf(certificate, 0);
  const left = expires_at - now;
  const passed = STEPS.filter(([share, days]) => left <= Math.min(length * share, days * DAY)).map(([share]) => share);
  if (passed.every((share) => told.includes(share))) return null;
  return { told: passed, days_remaining: Math.max(0, Math.floor(left / DAY)), expires_at };
}

// Private

const DAY = 86_400_000;
/** Share of life left, and at most this many days. The last: it has ended. */
const STEPS = [
  [0.25, 30],
  [0.15, 14],
  [0.08, 7],
  [0.03, 3],
  [0, 0],
] as const;
