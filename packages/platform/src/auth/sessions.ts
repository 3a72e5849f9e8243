/**
 * Browser sessions and the one-use codes that open them. In memory: a restart signs every browser out, which is cheap, and
 * nothing worth stealing is on the disk. Both are found by their digest; the secrets themselves are not kept.
 */
import { digest, newSecret } from "./secret.ts";

export const SESSION_SECONDS: number = 12 * 3600;
const CODE_MILLISECONDS = 10 * 60_000;
/** A client that asks for links in a loop must not fill the memory; the oldest code goes first. */
const MOST_CODES = 100;
const MOST_SESSIONS = 1000;
/** What one token may have of both: it must not push out those of others. */
const MOST_OF_ONE = 50;

/** For whom, and the digest of the token that must stay good meanwhile; null: of none. */
export interface Holder {
  readonly subject: string;
  readonly token: string | null;
}

interface Entry extends Holder {
  readonly expires: number;
}

export class Sessions {
  readonly #now: () => number;
  readonly #codes = new Map<string, Entry>();
  readonly #sessions = new Map<string, Entry>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  newCode({ subject, token }: Holder): string {
    const code = newSecret();
    remember(this.#codes, MOST_CODES, digest(code), { subject, token, expires: this.#now() + CODE_MILLISECONDS });
    return code;
  }

  /** For whom the code was made; null if it was used, has expired or never existed. */
  useCode(code: string): Holder | null {
    const key = digest(code);
    const entry = this.#codes.get(key);
    this.#codes.delete(key);
    return entry !== undefined && entry.expires > this.#now() ? entry : null;
  }

  /** The cookie's value. */
  open({ subject, token }: Holder): string {
    const secret = newSecret();
    remember(this.#sessions, MOST_SESSIONS, digest(secret), { subject, token, expires: this.#now() + SESSION_SECONDS * 1000 });
    return secret;
  }

  /** By the digest of the cookie's value. */
  holderOf(id: string): Holder | null {
    const entry = this.#sessions.get(id);
    if (entry === undefined) return null;
    if (entry.expires > this.#now()) return entry;
    this.#sessions.delete(id);
    return null;
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }
}

// Private

function remember(entries: Map<string, Entry>, most: number, key: string, entry: Entry): void {
  const own = [...entries].filter(([, { token }]) => token === entry.token).map(([id]) => id);
  const oldest = own.length >= MOST_OF_ONE ? own[0] : entries.size >= most ? entries.keys().next().value : undefined;
  if (oldest !== undefined) entries.delete(oldest);
  entries.set(key, entry);
}
