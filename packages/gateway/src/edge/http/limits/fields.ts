/**
 * What a client is told of its rate (draft-ietf-httpapi-ratelimit-headers-11): `r` requests in the next `t` seconds, of a quota of `q` in `w` seconds. Seconds
 * are whole, so `t` is rounded up: who keeps to it stays within the rate.
 */
import type { LimitSpec } from "../../../routes/spec.ts";

/** Upstreams may tell of policies of their own beside this one. */
const POLICY = '"edge"';

/** Lines with CRLF. `next`: milliseconds until there is one more than `left`. */
export function rateFields({ requests, per }: NonNullable<LimitSpec["rate"]>, { left, next }: { left: number; next: number }): string {
  return `RateLimit-Policy: ${POLICY};q=${requests};w=${per}\r\nRateLimit: ${POLICY};r=${left};t=${secondsUntil(next)}\r\n`;
}

/** Whole ones, at least 1. */
export function secondsUntil(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
