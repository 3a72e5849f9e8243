/**
 * What of an access rule must not be kept as it was sent: basic passwords become hashes, header values for forward-auth are sealed. `***`, or a user
 * without a password, stands for what is there already; so what was read can be sent back.
 */
import { GatewayError } from "../errors.ts";
import { forwardHeaderPlace } from "../routes/sealed-place.ts";
import type { AccessSpec } from "../routes/spec.ts";
import { isSealed } from "../store/keyed-vault.ts";
import { isRecord } from "../store/portable.ts";
import type { Vault } from "../store/vault.ts";
import { hashPassword, isPasswordHash, LONGEST_PASSWORD } from "./password.ts";

const HIDDEN = "***";
const MOST_NEW = 100;

export interface AccessPlace {
  readonly kind: "target" | "route";
  /** Host or route id. */
  readonly name: string;
}

/** `request` with `access` as it may be kept; everything else is judged by whoever checks it. */
export async function withoutPlainSecrets(request: unknown, before: AccessSpec | null, place: AccessPlace, vault: Vault): Promise<unknown> {
  if (!isRecord(request) || !isRecord(request["access"])) return request;
  const { basic, forward, ...rest } = request["access"];
  const access: Record<string, unknown> = { ...rest };
  if (basic !== undefined) access["basic"] = await withHashes(basic, before, place.kind);
  if (forward !== undefined) access["forward"] = withSealed(forward, before, place, vault);
  return { ...request, access };
}

/** As it may be shown. */
export function hiddenAccess(access: AccessSpec): Readonly<Record<string, unknown>> {
  const { basic, forward, ...rest } = access;
  const users = Object.entries(basic?.users ?? {}).map(([name, { email, groups }]) => [name, { password: HIDDEN, email, groups }]);
  const headers = Object.keys(forward?.headers ?? {}).map((name) => [name, HIDDEN]);
  return {
    ...rest,
    basic: basic === null ? null : { realm: basic.realm, users: Object.fromEntries(users) as object },
    forward: forward === null ? null : { ...forward, headers: Object.fromEntries(headers) as object },
  };
}

// Private

type Kind = AccessPlace["kind"];

async function withHashes(basic: unknown, before: AccessSpec | null, kind: Kind): Promise<unknown> {
  if (!isRecord(basic) || !isRecord(basic["users"])) return basic;
  const given = Object.entries(basic["users"]);
  // Each costs tens of milliseconds of processor time.
  const fresh = given.filter(([, user]) => typeof user === "string" || (isRecord(user) && (user["password"] ?? HIDDEN) !== HIDDEN)).length;
  if (fresh > MOST_NEW) throw refuse(kind, `${fresh} new passwords are too many for one request; allowed are ${MOST_NEW}.`);
  const users: [string, unknown][] = [];
  for (const [name, user] of given) users.push([name, await withHash(name, user, before?.basic?.users[name]?.hash, kind)]);
  return { ...basic, users: Object.fromEntries(users) as object };
}

async function withHash(name: string, given: unknown, kept: string | undefined, kind: Kind): Promise<unknown> {
  const user = typeof given === "string" ? { password: given } : given;
  if (!isRecord(user)) return user;
  const { password = HIDDEN, hash, ...rest } = user;
  const field = `access.basic.users.${name.slice(0, 60)}`;
  if (typeof hash === "string" && hash !== HIDDEN) return { ...rest, hash: checkedHash(hash, field, kind) };
  if (password !== HIDDEN) return { ...rest, hash: await hashPassword(checkedPassword(password, field, kind)) };
  if (kept === undefined) throw refuse(kind, `${field} has no password.`, "Give one: it is kept as a hash and never shown again.");
  return { ...rest, hash: kept };
}

function checkedHash(hash: string, field: string, kind: Kind): string {
  if (isPasswordHash(hash)) return hash;
  throw refuse(kind, `${field}.hash is not scrypt$N$r$p$salt$hash.`, "Give `password` instead; it is hashed here.");
}

function checkedPassword(password: unknown, field: string, kind: Kind): string {
  if (typeof password === "string" && password !== "" && password.length <= LONGEST_PASSWORD) return password;
  throw refuse(kind, `${field}.password must be a text of 1 to ${LONGEST_PASSWORD} characters.`);
}

function withSealed(forward: unknown, before: AccessSpec | null, place: AccessPlace, vault: Vault): unknown {
  if (!isRecord(forward) || !isRecord(forward["headers"])) return forward;
  const kept = new Map(Object.entries(before?.forward?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const headers = Object.entries(forward["headers"]).map(([name, value]) => {
    if (value === HIDDEN && kept.has(name.toLowerCase())) return [name, kept.get(name.toLowerCase())];
    // One that was sealed elsewhere would not open here.
    if (isSealed(value)) throw refuse(place.kind, `access.forward.headers.${name.slice(0, 60)} must be a text.`);
    return [name, typeof value === "string" ? vault.seal(value, forwardHeaderPlace(place.kind, place.name, name)) : value];
  });
  return { ...forward, headers: Object.fromEntries(headers) as object };
}

function refuse(kind: AccessPlace["kind"], message: string, hint?: string): GatewayError {
  const code = kind === "target" ? "INVALID_TARGET" : "INVALID_ROUTE";
  return new GatewayError(code, message, hint === undefined ? {} : { hint });
}
