/** Reads signed requests as a strict CA does (RFC 8555 §6.2–6.5): signature, address and nonce must be right, and a nonce is taken once. */
import { createHash, createPublicKey, randomBytes, verify, type JsonWebKey, type KeyObject } from "node:crypto";
import { Refusal } from "./refusal.ts";

export interface Account {
  readonly id: string;
  readonly key: KeyObject;
  /** RFC 7638. */
  readonly thumbprint: string;
}

export interface SignedRequest {
  /** Null: signed by a key that comes along, as new accounts do. */
  readonly account: Account | null;
  readonly key: KeyObject;
  readonly thumbprint: string;
  /** Null: POST-as-GET. */
  readonly payload: Readonly<Record<string, unknown>> | null;
}

export class Signed {
  readonly #nonces = new Set<string>();
  readonly #accountOf: (kid: string) => Account | null;

  constructor(accountOf: (kid: string) => Account | null) {
    this.#accountOf = accountOf;
  }

  nonce(): string {
    const nonce = randomBytes(16).toString("base64url");
    this.#nonces.add(nonce);
    return nonce;
  }

  read(body: Buffer, url: string): SignedRequest {
    const jws = JSON.parse(body.toString()) as { protected: string; payload: string; signature: string };
    const head = json(jws.protected);
    if (head["alg"] !== "ES256") throw new Refusal(400, "badSignatureAlgorithm", "only ES256 is taken");
    if (head["url"] !== url) throw new Refusal(400, "unauthorized", `signed for ${String(head["url"])}, sent to ${url}`);
    const who = this.#who(head);
    const [text, signature] = [Buffer.from(`${jws.protected}.${jws.payload}`), Buffer.from(jws.signature, "base64url")];
    const right = verify("sha256", text, { key: who.key, dsaEncoding: "ieee-p1363" }, signature);
    if (!right) throw new Refusal(400, "malformed", "the signature is wrong");
    if (!this.#nonces.delete(String(head["nonce"]))) throw new Refusal(400, "badNonce", "this nonce was never given out, or used before");
    return { ...who, payload: jws.payload === "" ? null : json(jws.payload) };
  }

  // Private

  #who({ jwk, kid }: Record<string, unknown>): Omit<SignedRequest, "payload"> {
    if ((jwk === undefined) === (kid === undefined)) throw new Refusal(400, "malformed", "there must be either jwk or kid");
    if (jwk !== undefined) {
      const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
      return { account: null, key, thumbprint: thumbprintOf(key) };
    }
    const account = this.#accountOf(String(kid));
    if (account === null) throw new Refusal(400, "accountDoesNotExist", `there is no account ${String(kid)}`);
    return { account, key: account.key, thumbprint: account.thumbprint };
  }
}

export function thumbprintOf(key: KeyObject): string {
  const { crv, kty, x, y } = key.export({ format: "jwk" });
  return createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
}

// Private

function json(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
}
