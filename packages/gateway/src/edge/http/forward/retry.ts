/**
 * When a request is sent again. Somebody else's second payment is worse than a 502: once a request may have been read, it is repeated only where the
 * method says that twice is once (RFC 9110 9.2.2) and nothing of a body is gone.
 */
import type { UpstreamError } from "../upstream/upstream-error.ts";

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

export interface Attempted {
  readonly method: string;
  readonly hasBody: boolean;
  /** Whether any of the body was given to an upstream. */
  readonly bodySent: boolean;
  readonly attempts: number;
  readonly retries: number;
}

/** A kept connection that was closed before a byte came: most likely it was closed before the request arrived. Once, on a new one. */
export function mayRefresh({ method, hasBody, bodySent }: Attempted): boolean {
  return !bodySent && (hasBody || IDEMPOTENT.has(method));
}

/** `others`: there are endpoints that were not tried. */
export function mayRetry(attempted: Attempted, { fault }: UpstreamError, others: boolean): boolean {
  const { method, hasBody, attempts, retries } = attempted;
  if (fault === "connect" || fault === "timeout") return attempts <= retries || others;
  // An upstream that answered, however badly, had the request; one that is silent may still work on it.
  const unanswered = fault === "closed" || fault === "drained";
  return unanswered && attempts <= retries && !hasBody && IDEMPOTENT.has(method);
}

const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 250;

/** Milliseconds before everybody is asked once more. */
export function pauseBefore(attempt: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.max(0, attempt - 1));
}
