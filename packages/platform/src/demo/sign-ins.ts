/**
 * Sign-ins reported by the server while the identity service may be starting or restarting: they wait here, the oldest
 * going first when too many wait.
 */
export interface SignIn {
  readonly kind: "login" | "logout" | "refused";
  /** Who, as far as known: a token's or session's name, never the secret. */
  readonly subject: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly via: "token" | "session" | "link";
}

export interface SignInSource {
  onSignIn(listener: (event: SignIn) => void): void;
}

const MOST_WAITING = 100;

export class SignIns {
  #waiting: SignIn[] = [];
  #deliver: ((signIn: SignIn) => Promise<void>) | null = null;

  constructor(source: SignInSource) {
    source.onSignIn((signIn) => this.#take(signIn));
  }

  deliverTo(deliver: (signIn: SignIn) => Promise<void>): void {
    this.#deliver = deliver;
    for (const signIn of this.#waiting.splice(0)) this.#take(signIn);
  }

  hold(): void {
    this.#deliver = null;
  }

  #take(signIn: SignIn): void {
    if (this.#deliver === null) this.#keep(signIn);
    else this.#deliver(signIn).catch(() => this.#keep(signIn));
  }

  #keep(signIn: SignIn): void {
    this.#waiting = [...this.#waiting, signIn].slice(-MOST_WAITING);
  }
}
