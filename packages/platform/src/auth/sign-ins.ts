/**
 * Tells who listens of sign-ins, sign-outs and refused attempts. A program sends its token with every request, so its use is
 * told once per subject and address, and again after 15 minutes of silence.
 */
export interface SignInEvent {
  kind: "login" | "logout" | "refused";
  subject: string;
  at: number;
  via: "token" | "session" | "link";
}

export type SignInListener = (event: SignInEvent) => void;

const SILENCE = 15 * 60_000;
const MOST_REMEMBERED = 1000;

export class SignIns {
  readonly #now: () => number;
  readonly #listeners: SignInListener[] = [];
  readonly #seen = new Map<string, number>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  listen(listener: SignInListener): void {
    this.#listeners.push(listener);
  }

  login(subject: string, via: "token" | "link"): void {
    this.#tell({ kind: "login", subject, at: this.#now(), via });
  }

  logout(subject: string, via: "token" | "session"): void {
    this.#tell({ kind: "logout", subject, at: this.#now(), via });
  }

  refused(via: "token" | "link"): void {
    this.#tell({ kind: "refused", subject: "unknown", at: this.#now(), via });
  }

  tokenUsed(subject: string, address: string): void {
    const key = `${subject} ${address}`;
    const before = this.#seen.get(key) ?? -Infinity;
    if (this.#seen.size >= MOST_REMEMBERED && !this.#seen.has(key)) this.#seen.clear();
    this.#seen.set(key, this.#now());
    if (this.#now() - before > SILENCE) this.login(subject, "token");
  }

  #tell(event: SignInEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
