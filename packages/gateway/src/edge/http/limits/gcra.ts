/**
 * The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): one number says how far ahead of its rate a client is. `due` is the moment at
 * which everything it was let do is paid off; a request is let in when it may be no more than `burst` requests ahead.
 */
export interface Rate {
  /** Milliseconds one request pays off in. */
  readonly interval: number;
  /** Requests at once, at least 1. */
  readonly burst: number;
}

export function rateOf({ requests, per, burst }: { readonly requests: number; readonly per: number; readonly burst: number }): Rate {
  return { interval: (per * 1000) / requests, burst: Math.max(1, burst) };
}

/** Milliseconds until the next request is let in; 0: now. */
export function waitFor(due: number, now: number, { interval, burst }: Rate): number {
  return Math.max(0, due - (burst - 1) * interval - now);
}

/** `due` after a request that was let in. */
export function after(due: number, now: number, { interval }: Rate): number {
  return Math.max(due, now) + interval;
}

/** What a client may do now, and the milliseconds until it may do one more; 0 where it owes nothing. */
export function standingOf(due: number, now: number, { interval, burst }: Rate): { readonly left: number; readonly next: number } {
  const owed = Math.ceil(Math.max(0, due - now) / interval - EPSILON);
  const left = Math.max(0, burst - owed);
  return { left, next: owed === 0 ? 0 : due - (burst - left - 1) * interval - now };
}

/** Sums of intervals are never this many intervals from what they should be. */
const EPSILON = 1e-9;
