/** What the ways to show who one is have in common: what they are asked, what they may use, and what they say. */
import type { AccessSpec } from "../../../routes/spec.ts";
import type { Sealed } from "../../../store/entity.ts";
import type { EdgeRequest } from "../exchange.ts";
import type { Client, Identity } from "../plan.ts";
import type { Allowed, Denied } from "./decision.ts";
import type { ForwardAuthClient } from "./forward-auth.ts";
import type { TokenLookup } from "./known-token.ts";
import type { Passwords } from "./passwords.ts";

export interface Asked {
  readonly request: EdgeRequest;
  readonly client: Client;
  /** Normalised, without query. */
  readonly path: string;
}

/** Null: nothing of its kind was shown, or it is wrong. `hide`: the field that was the credential. */
export type Shown =
  | { readonly ok: true; readonly identity: Identity | null; readonly hide: string | null; readonly extra: Allowed["extra"] }
  | Denied
  | null;

/** One way to show who one is. */
export interface Way {
  /** For WWW-Authenticate; null: none. */
  readonly challenge: string | null;
  ask(asked: Asked): Shown | Promise<Shown>;
}

export interface RuleDeps {
  readonly tokens: TokenLookup;
  /** Header values that forward-auth is asked with. May throw: then it cannot be asked. */
  readonly unseal: (sealed: Sealed, spec: AccessSpec, header: string) => string;
  /** Unix ms. */
  readonly now: () => number;
  readonly passwords: Passwords;
  readonly forwarding: ForwardAuthClient;
}
