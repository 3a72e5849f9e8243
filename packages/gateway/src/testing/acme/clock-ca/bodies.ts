/** The objects of RFC 8555 §7.1 as they go over the wire. */
import { ORDER_LIFE, type Authorization, type Challenge, type Order } from "./desk.ts";
import type { Reply } from "./front.ts";
import type { Window } from "./registry.ts";
import type { Account } from "./signed.ts";

export function accountReply({ id }: Account, base: string, status: number): Reply {
  return { status, headers: { location: `${base}/account/${id}` }, body: { status: "valid" } };
}

export function orderReply({ id, at, domains, authorizations, status, certificate, replaces }: Order, base: string): Reply {
  const body = {
    status,
    expires: new Date(at + ORDER_LIFE).toISOString(),
    identifiers: domains.map((value) => ({ type: "dns", value })),
    authorizations: authorizations.map((one) => `${base}/authz/${one.id}`),
    finalize: `${base}/finalize/${id}`,
    ...(certificate === null ? {} : { certificate: `${base}/certificate/${id}` }),
    ...(replaces === null ? {} : { replaces }),
  };
  return { status: 200, headers: { location: `${base}/order/${id}` }, body };
}

export function authorizationReply(authorization: Authorization, base: string): Reply {
  const { domain, wildcard, status, expires, challenges } = authorization;
  const body = {
    identifier: { type: "dns", value: domain },
    status,
    expires: new Date(expires).toISOString(),
    challenges: challenges.map((challenge) => challengeBody(authorization, challenge, base)),
    ...(wildcard ? { wildcard } : {}),
  };
  return { status: 200, body };
}

export function challengeBody({ id }: Authorization, { type, token, status, error }: Challenge, base: string): object {
  return { type, token, status, url: `${base}/challenge/${id}/${type}`, ...(error === null ? {} : { error: error.document }) };
}

export function renewalReply({ start, end, explanationURL }: Window): Reply {
  const suggestedWindow = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  const body = { suggestedWindow, ...(explanationURL === undefined ? {} : { explanationURL }) };
  return { status: 200, headers: { "retry-after": "21600" }, body };
}
