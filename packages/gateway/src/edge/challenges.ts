/**
 * What this worker knows of the challenges of certificate authorities: nothing itself, it asks the board. Whoever placed the order may run anywhere. A flood
 * of made-up tokens costs at most so many questions at a time, and without Redis nobody waits: no answer, and the request is one like any other.
 */
import type { Store } from "@tidegate/streams";
import { Board, isToken } from "../certificates/challenges/board.ts";
import type { GatewayKeys } from "../keys.ts";

const MOST_QUESTIONS = 50;
/** Milliseconds; a CA waits about ten seconds. */
const LIMIT = 2_000;

export class Challenges {
  readonly #keys: GatewayKeys;
  #store: Store | null = null;
  #board: Board | null = null;
  #questions = 0;

  constructor(keys: GatewayKeys) {
    this.#keys = keys;
  }

  /** The store stays the caller's. */
  connected(store: Store): void {
    this.#store = store;
    // Not its `ask`: that waits for a connection that is being rebuilt.
    this.#board = new Board(() => ({ ask: (args) => store.call(args) }), this.#keys);
  }

  /** Null, also later: there is no answer. Never rejects. */
  token(token: string): Promise<string | null> | null {
    return isToken(token) ? this.#ask((board) => board.token(token)) : null;
  }

  /** The key authorization for a host's tls-alpn-01 challenge. Null, also later: there is none. Never rejects. */
  alpn(host: string): Promise<string | null> | null {
    return this.#ask((board) => board.alpn(host));
  }

  // Private

  #ask(question: (board: Board) => Promise<string | null>): Promise<string | null> | null {
    if (this.#board === null || this.#store?.up !== true || this.#questions >= MOST_QUESTIONS) return null;
    this.#questions += 1;
    const { promise, resolve } = Promise.withResolvers<string | null>();
    const late = setTimeout(resolve, LIMIT, null);
    const over = (answer: string | null): void => {
      this.#questions -= 1;
      clearTimeout(late);
      resolve(answer);
    };
    question(this.#board).then(over, () => over(null));
    return promise;
  }
}
