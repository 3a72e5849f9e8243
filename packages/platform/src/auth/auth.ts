/**
 * Who may use the control API: the admin token made on the first run (or ADMIN_TOKEN), and browser sessions opened by a
 * one-use link. Secrets leave this class once, when they are made; what stays are SHA-256 digests.
 */
import { TidegateError } from "@tidegate/streams";
import { digest, newSecret, sameDigest } from "./secret.ts";
import { Sessions } from "./sessions.ts";
import { readTokens, removeAdminToken, writeAdminToken, writeTokens } from "./token-file.ts";
import type { StoredToken } from "./token-file.ts";

export interface Identity {
  readonly subject: string;
  readonly kind: "token" | "session";
  /** Digest of the secret it was shown by. */
  readonly id: string;
}

const SHORTEST_TOKEN = 8;

export class Auth {
  /** The admin token, only when this very start made it: show it once. */
  readonly firstToken: string | null;
  readonly #tokens: readonly StoredToken[];
  readonly #sessions: Sessions;

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

  /** A link for a browser: works once, for 10 minutes. The code is in the fragment, which browsers send to nobody. */
  loginLink(baseUrl: string): string {
    return `${baseUrl.replace(/\/+$/, "")}/login#code=${this.#sessions.newCode("admin")}`;
  }

  checkToken(token: string): Identity | null {
    const id = digest(token);
    const found = this.#tokens.find((stored) => sameDigest(stored.hash, id));
    return found === undefined ? null : { subject: found.id, kind: "token", id };
  }

  /** Turns a login code into a session; null if the code is wrong, used or too old. */
  exchange(code: string): { cookie: string; identity: Identity } | null {
    const subject = this.#sessions.useCode(code);
    return subject === null ? null : this.openSession(subject);
  }

  openSession(subject: string): { cookie: string; identity: Identity } {
    const cookie = this.#sessions.open(subject);
    return { cookie, identity: { subject, kind: "session", id: digest(cookie) } };
  }

  checkSession(cookie: string): Identity | null {
    const id = digest(cookie);
    const subject = this.#sessions.subjectOf(id);
    return subject === null ? null : { subject, kind: "session", id };
  }

  endSession(identity: Identity): void {
    if (identity.kind === "session") this.#sessions.end(identity.id);
  }

  /** For what stays open longer than a request: is this identity still good? */
  stillGood(identity: Identity): boolean {
    return identity.kind === "token" || this.#sessions.subjectOf(identity.id) !== null;
  }
}

// Private

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
  return { id: "admin", hash: digest(token), created_at: now(), source };
}
