/** What the store keeps of a token, which names it may have, and how it is shown. The secret itself is nowhere. */
import type { Entity } from "@tidegate/gateway";
import type { Resource, Scope, TokenAnswer } from "../gateway-contract.ts";
import { Refusal } from "./refusal.ts";
import { sameDigest } from "./secret.ts";

export interface TokenData {
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  /** First characters of the secret. */
  readonly hint: string;
  /** The secret before the last rotation, as long as it is good as well. */
  readonly previous: { readonly hash: string; readonly until: number } | null;
  readonly email: string | null;
  readonly scopes: readonly Scope[];
  /** Subject. */
  readonly created_by: string;
  readonly expires_at: number | null;
  /** To the minute. */
  readonly last_used_at: number | null;
  readonly rotated_at: number | null;
  /** Set: it is revoked, and what it owns is being removed. */
  readonly revoked_at: number | null;
}

export type Token = Entity<TokenData>;

export const ADMIN = "admin";
/** Who acts when nobody does: a token of such a name would be taken for it in the audit. And words that stand at a name's place in a path. */
const OURS: readonly string[] = ["unknown", "tidegate", "system", "docker", "edge", "import", "info", "email", "formatted", "generate"];
const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/;
const SHOWN = 7;

/** The name as it is kept: upper and lower case are the same. Refuses the admin's. */
export function nameOf(given: string): string {
  const name = given.toLowerCase();
  if (name !== ADMIN) return name;
  throw new Refusal(409, "ADMIN_TOKEN", 'The token "admin" belongs to this instance and is neither made, changed nor removed here.', {
    hint: "Set ADMIN_TOKEN to a new one and restart; without it: stop Tidegate, remove tokens.json and admin-token from the data folder, start.",
  });
}

export function newNameOf(given: string): string {
  const name = nameOf(given);
  if (name === given && NAME.test(name) && !OURS.includes(name)) return name;
  const found = JSON.stringify(given.slice(0, 80));
  const hint =
    NAME.test(name) && name !== given ? `Write it as ${name}.` : "Use up to 63 of a-z 0-9 _ . -, beginning with a letter or digit.";
  throw new Refusal(
    400,
    "INVALID_NAME",
    `${found} cannot be the name of a token${OURS.includes(name) ? ": it is one of Tidegate's own" : ""}.`,
    { hint },
  );
}

export function hintOf(secret: string): string {
  return secret.slice(0, SHOWN);
}

/** Is this the digest of its secret, now? Says nothing of its expiry. */
export function isSecretOf({ hash, previous }: TokenData, digest: string, now: number): boolean {
  return sameDigest(hash, digest) || ((previous?.until ?? 0) > now && sameDigest(previous?.hash ?? "", digest));
}

export function isExpired({ expires_at }: TokenData, now: number): boolean {
  return expires_at !== null && expires_at <= now;
}

export function answerOf({ name, version, created_at, data }: Token, owns: TokenAnswer["owns"], now: number): TokenAnswer {
  const { email, scopes, created_by, expires_at, last_used_at, rotated_at, hint, revoked_at } = data;
  const state = revoked_at !== null ? "revoking" : isExpired(data, now) ? "expired" : "active";
  return { name, email, scopes, created_at, created_by, expires_at, last_used_at, rotated_at, state, hint, version, owns };
}

/** The admin token, of which there is no entity. */
export function adminAnswer(owns: Readonly<Partial<Record<Resource, number>>>): TokenAnswer {
  const never = { expires_at: null, last_used_at: null, rotated_at: null };
  return {
    name: ADMIN,
    email: null,
    scopes: ["*"],
    created_at: 0,
    created_by: ADMIN,
    ...never,
    state: "active",
    hint: "",
    version: 0,
    owns,
  };
}

export function unknownToken(name: string): Refusal {
  return new Refusal(404, "UNKNOWN_TOKEN", `There is no token ${JSON.stringify(name.slice(0, 80))}.`, {
    hint: "List them: tidegate token ls",
  });
}
