/** An API token as the edge knows it. */
export interface KnownToken {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  /** Unix ms. */
  readonly expires: number | null;
}

/** By the SHA-256 of the secret, hex. Null: no token that is good has it. */
export type TokenLookup = (digest: string) => KnownToken | null;
