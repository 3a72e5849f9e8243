/**
 * What was promised to CAs for the challenges of orders under way, in Redis: who places an order puts it here, and every edge worker of every instance
 * answers with it. Nothing here is kept beyond an hour, whatever happens to who placed it. Each step rejects where Redis does not answer.
 */
import type { Store } from "@tidegate/streams";
import type { GatewayKeys } from "../../keys.ts";

/** Longer than any order takes; the most that is kept, ms. */
export const LONGEST_OFFER = 3_600_000;
/** What a CA gives as a token: base64url with at least 128 bits (RFC 8555 §8.3). Anything else never asks Redis. */
const TOKEN = /^[A-Za-z0-9_-]{16,128}$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** All it needs of a store; the edge gives one that never waits for a connection. */
export type Asked = Pick<Store, "ask">;

export class Board {
  readonly #store: () => Asked;
  readonly #keys: GatewayKeys;

  constructor(store: () => Asked, keys: GatewayKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /** Resolves when every edge worker that asks the same Redis would answer. */
  async offer(token: string, value: string, ttlMs: number): Promise<void> {
    if (!isToken(token)) throw new Error("a token is 16 to 128 characters of base64url; no edge would answer this one");
    await this.#put(this.#keys.acmeChallenge(token), value, ttlMs);
  }

  /** What a request for the token is answered with. */
  async token(token: string): Promise<string | null> {
    return isToken(token) ? await this.#get(this.#keys.acmeChallenge(token)) : null;
  }

  async withdraw(token: string): Promise<void> {
    await this.#remove(this.#keys.acmeChallenge(token));
  }

  /** `host` in lower case, without trailing dot. */
  async offerAlpn(host: string, keyAuthorization: string, ttlMs: number): Promise<void> {
    await this.#put(this.#keys.acmeAlpn(host), keyAuthorization, ttlMs);
  }

  async alpn(host: string): Promise<string | null> {
    return await this.#get(this.#keys.acmeAlpn(host));
  }

  async withdrawAlpn(host: string): Promise<void> {
    await this.#remove(this.#keys.acmeAlpn(host));
  }

  // Private

  async #put(key: string, value: string, ttlMs: number): Promise<void> {
    const kept = Math.max(1, Math.min(Math.ceil(ttlMs), LONGEST_OFFER));
    await this.#store().ask(["SET", key, value, "PX", String(kept)]);
  }

  async #get(key: string): Promise<string | null> {
    const found = await this.#store().ask(["GET", key]);
    return typeof found === "string" ? found : null;
  }

  async #remove(key: string): Promise<void> {
    await this.#store().ask(["DEL", key]);
  }
}
