/**
 * Who may use the control API: the admin token made on the first run (or ADMIN_TOKEN), the tokens of `TokenSource`, and browser sessions
 * opened with one of them. Secrets leave this class once, when they are made; what stays are SHA-256 digests.
 */
import { TidegateError } from "@tidegate/streams";
import type { Scope } from "../gateway-contract.ts";
import { Refusal } from "./refusal.ts";
import { digest, newSecret, sameDigest } from "./secret.ts";
import { Sessions } from "./sessions.ts";
import { covers } from "./scopes.ts";
import { readTokens, removeAdminToken, writeAdminToken, writeTokens } from "./token-file.ts";
import type { StoredToken } from "./token-file.ts";

export interface Identity {
  readonly subject: string;
  readonly kind: "token" | "session";
  /** Digest of the secret it was shown by. */
  readonly id: string;
  /** What it may do: `allows`, `demand`, `mayChange` in `scopes.ts`. */
  readonly scopes: readonly Scope[];
}

/** A token that is good at this moment. */
export interface KnownToken {
  readonly subject: string;
  readonly scopes: readonly Scope[];
}

/** Tokens beside the admin's, found by the digest of their secret without asking anybody. */
export interface TokenSource {
  /** Null: nobody's, or no longer. Throws a Refusal that says why where that helps, and while it cannot know. */
  find(digest: string): KnownToken | null;
  /** It was shown, and good. */
  used(subject: string): void;
}

/** What our own secrets look like; anything else is not asked about. */
const OWN_SECRET = /^tg_[A-Za-z0-9_-]{43}$/;
const SHORTEST_TOKEN = 8;

export class Auth {
  /** The admin token, only when this very start made it: show it once. */
  readonly firstToken: string | null;
  readonly #tokens: readonly StoredToken[];
  readonly #sessions: Sessions;
  #source: TokenSource | null = null;

  /** Reads or makes the tokens in `folder`. With `adminToken` that one is accepted instead of a generated one. */
  static async open(folder: string, adminToken?: string, now: () => number = Date.now): Promise<Auth> {
    if (adminToken !== undefined && adminToken !== "") return new Auth(await adopt(folder, adminToken, now), null, now);
    const stored = (await readTokens(folder))?.filter((token) => token.source !== "environment") ?? [];
    if (stored.length > 0) return new Auth(stored, null, now);
    const token = newSecret("tg_");
    const tokens = [storedToken(token, "generated", now)];
    // The hash first: after a crash in between there is a token nobody knows, never a file with a token nobody accepts.
    await writeTokens(folder, tokens);
    await writeAdminToken(folder, token);
    return new Auth(tokens, token, now);
  }

  private constructor(tokens: readonly StoredToken[], firstToken: string | null, now: () => number) {
    this.#tokens = tokens;
    this.firstToken = firstToken;
    this.#sessions = new Sessions(now);
  }

  /** From now on these tokens are good as well. */
  lookIn(source: TokenSource): void {
    this.#source = source;
  }

  /** A link for a browser: works once, for 10 minutes. The code is in the fragment, which browsers send to nobody. Default: of the admin. */
  loginLink(baseUrl: string, identity?: Identity): string {
    const code = this.#sessions.newCode(identity === undefined ? { subject: ADMIN, token: null } : { ...identity, token: identity.id });
    return `${baseUrl.replace(/\/+$/, "")}/login#code=${code}`;
  }

  checkToken(token: string): Identity | null {
    const id = digest(token);
    const known = this.#known(id, OWN_SECRET.test(token));
    return known === null ? null : this.#used({ ...known, kind: "token", id });
  }

  /** Turns a login code into a session; null if the code is wrong, used or too old, or what it was made with is good no longer. */
  exchange(code: string): { cookie: string; identity: Identity } | null {
    const holder = this.#sessions.useCode(code);
    if (holder === null || (holder.token !== null && this.#known(holder.token) === null)) return null;
    return this.openSession(holder.subject, holder.token);
  }

  /** `token`: digest of what it is opened with; the session is good as long as that is. */
  openSession(subject: string, token: string | null = null): { cookie: string; identity: Identity } {
    const cookie = this.#sessions.open({ subject, token });
    const { scopes } = token === null ? EVERYTHING : (this.#known(token) ?? NOTHING);
    return { cookie, identity: { subject, kind: "session", id: digest(cookie), scopes } };
  }

  checkSession(cookie: string): Identity | null {
    const id = digest(cookie);
    const known = this.#holder(id);
    return known === null ? null : this.#used({ ...known, kind: "session", id });
  }

  endSession(identity: Identity): void {
    if (identity.kind === "session") this.#sessions.end(identity.id);
  }

  /** For what stays open longer than a request: is this identity still good, and for as much? While nobody can know, it is. */
  stillGood({ kind, id, scopes }: Identity): boolean {
    try {
      const known = kind === "token" ? this.#known(id) : this.#holder(id);
      return known !== null && covers(known.scopes, scopes);
    } catch (error) {
      return error instanceof Refusal && error.status === 503;
    }
  }

  // Private

  #holder(session: string): KnownToken | null {
    const holder = this.#sessions.holderOf(session);
    if (holder === null) return null;
    return holder.token === null ? { ...EVERYTHING, subject: holder.subject } : this.#known(holder.token);
  }

  /** `ours`: it looks like a secret of ours. */
  #known(id: string, ours = true): KnownToken | null {
    const found = this.#tokens.find((stored) => sameDigest(stored.hash, id));
    if (found !== undefined) return { ...EVERYTHING, subject: found.id };
    return ours ? (this.#source?.find(id) ?? null) : null;
  }

  #used(identity: Identity): Identity {
    if (identity.subject !== ADMIN) this.#source?.used(identity.subject);
    return identity;
  }
}

// Private

const ADMIN = "admin";
const EVERYTHING: Pick<KnownToken, "scopes"> = { scopes: ["*"] };
const NOTHING: Pick<KnownToken, "scopes"> = { scopes: [] };

async function adopt(folder: string, token: string, now: () => number): Promise<StoredToken[]> {
  if (!/^[\x21-\x7e]+$/.test(token) || token.length < SHORTEST_TOKEN) {
    throw new TidegateError(
      "INVALID_CONFIG",
      `ADMIN_TOKEN needs at least ${SHORTEST_TOKEN} visible ASCII characters, found ${token.length} characters.`,
      {
        hint: "Make one with: openssl rand -base64 32",
      },
    );
  }
  const tokens = [storedToken(token, "environment", now)];
  await writeTokens(folder, tokens);
  await removeAdminToken(folder);
  return tokens;
}

function storedToken(token: string, source: StoredToken["source"], now: () => number): StoredToken {
  return { id: ADMIN, hash: digest(token), created_at: now(), source };
}
