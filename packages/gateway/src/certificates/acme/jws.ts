/** Signed requests (RFC 7515 as RFC 8555 §6.2 narrows it): flattened JSON, ES256 with the account's key, HS256 for the external account binding. */
import { createHash, createHmac, createPublicKey, sign, type KeyObject } from "node:crypto";

export interface Jws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** Public key of an account; members in the order RFC 7638 hashes them. */
export interface AccountJwk {
  readonly crv: "P-256";
  readonly kty: "EC";
  readonly x: string;
  readonly y: string;
}

export interface Signer {
  readonly key: KeyObject;
  /** URL of the account; null: the key itself is sent, for requests that have no account yet. */
  readonly account: string | null;
}

/** `payload` null: POST-as-GET (§6.3). */
export function signed(payload: object | null, to: { readonly url: string; readonly nonce: string }, { key, account }: Signer): Jws {
  const who = account === null ? { jwk: jwkOf(key) } : { kid: account };
  const head = part(JSON.stringify({ alg: "ES256", ...who, ...to }));
  const body = payload === null ? "" : part(JSON.stringify(payload));
  const signature = sign("sha256", Buffer.from(`${head}.${body}`), { key, dsaEncoding: "ieee-p1363" });
  return { protected: head, payload: body, signature: signature.toString("base64url") };
}

/** §7.3.4: the CA's own customer vouches for the account's key. `hmacKey`: base64url, as CAs hand it out. */
export function binding(key: KeyObject, url: string, { kid, hmacKey }: { readonly kid: string; readonly hmacKey: string }): Jws {
  const head = part(JSON.stringify({ alg: "HS256", kid, url }));
  const body = part(JSON.stringify(jwkOf(key)));
  const signature = createHmac("sha256", Buffer.from(hmacKey, "base64url")).update(`${head}.${body}`).digest("base64url");
  return { protected: head, payload: body, signature };
}

/** RFC 7638, base64url. */
export function thumbprint(key: KeyObject): string {
  return createHash("sha256")
    .update(JSON.stringify(jwkOf(key)))
    .digest("base64url");
}

function jwkOf(key: KeyObject): AccountJwk {
  const { crv, kty, x, y } = createPublicKey(key).export({ format: "jwk" });
  if (kty !== "EC" || crv !== "P-256" || x === undefined || y === undefined) throw new TypeError("The key of an ACME account is EC P-256.");
  return { crv, kty, x, y };
}

// Private

function part(text: string): string {
  return Buffer.from(text).toString("base64url");
}
