/** What access says of a request: who is let in and what of theirs goes no further, or what they get instead. */
import type { Identity } from "../plan.ts";

export interface Allowed {
  readonly ok: true;
  /** Null: nobody was asked for. */
  readonly identity: Identity | null;
  /** As in `Plan`. */
  readonly hide: readonly string[];
  readonly extra: readonly (readonly [name: string, value: string])[];
}

export interface Denied {
  readonly ok: false;
  /** 401, 403, 429, 503, or a redirect. */
  readonly status: number;
  /** Lines with CRLF. */
  readonly fields: string;
  readonly body: string;
  readonly reason: Denial;
}

export type Decision = Allowed | Denied;

/** Why somebody is not let in, in words that are shown to them. */
const DENIALS = {
  address_denied: "Your address may not come in here.",
  unauthenticated: "Show who you are.",
  not_allowed: "You are known, but may not come in here.",
  too_many_attempts: "Too many wrong passwords came from your address; try again in a minute.",
  busy: "Too many passwords wait to be checked; try again.",
  login: "Log in first.",
  auth_refused: "The service that decides about access did not let you in.",
  auth_unavailable: "The service that decides about access does not answer.",
} as const;

export type Denial = keyof typeof DENIALS;

const STATUS: Readonly<Record<Denial, number>> = {
  address_denied: 403,
  unauthenticated: 401,
  not_allowed: 403,
  too_many_attempts: 429,
  busy: 503,
  login: 302,
  auth_refused: 403,
  auth_unavailable: 503,
};

export const NOBODY: Allowed = { ok: true, identity: null, hide: [], extra: [] };

export function deny(reason: Denial, fields = "", status = STATUS[reason]): Denied {
  return { ok: false, status, fields, body: DENIALS[reason], reason };
}

/** Of two rules that both let in: the later says who it is, if it says anything. */
export function both(one: Allowed, other: Allowed): Allowed {
  if (one === NOBODY) return other;
  const identity = other.identity ?? one.identity;
  return { ok: true, identity, hide: [...one.hide, ...other.hide], extra: [...one.extra, ...other.extra] };
}
