/** API tokens as the edge asks for them: by the digest of what was shown, only those that are good. Expiry is the edge's to judge, by its own clock. */
import type { KnownToken } from "@tidegate/gateway/edge";
import type { TokenData } from "../auth/token-data.ts";

interface Stored {
  readonly name: string;
  readonly data: object;
}

export function edgeTokens(stored: readonly Stored[]): (digest: string) => KnownToken | null {
  const tokens = new Map<string, KnownToken>();
  for (const { name, data } of stored) {
    const { hash, previous, email, scopes, expires_at: expires, revoked_at: revoked } = data as TokenData;
    if (revoked !== null) continue;
    const token = { id: name, name, email, groups: [], scopes };
    tokens.set(hash, { ...token, expires });
    if (previous !== null) tokens.set(previous.hash, { ...token, expires: Math.min(previous.until, expires ?? Infinity) });
  }
  return (digest) => tokens.get(digest) ?? null;
}
