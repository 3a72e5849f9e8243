/** tls-alpn-01 (RFC 8737): every edge shows a CA that asks for `acme-tls/1` a certificate made of what is on the board. */
import { LONGEST_OFFER, type Board } from "./board.ts";
import { challengeFailed, wordsOf } from "./failed.ts";
import type { Proof, Solver } from "./solver.ts";

export class TlsAlpnSolver implements Solver {
  readonly type = "tls-alpn-01";
  readonly #board: Board;
  readonly #onTrouble: (message: string) => void;

  constructor(board: Board, onTrouble: (message: string) => void) {
    this.#board = board;
    this.#onTrouble = onTrouble;
  }

  async present({ domain, keyAuthorization }: Proof, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#board.offerAlpn(domain, keyAuthorization, LONGEST_OFFER);
    } catch (cause) {
      throw challengeFailed(`The edge cannot be told what a CA will ask for ${domain}: ${wordsOf(cause)}.`, { cause });
    }
  }

  /** A later order for the same host may stand there by now, and stays. */
  async clean({ domain, keyAuthorization }: Proof): Promise<void> {
    try {
      if ((await this.#board.alpn(domain)) === keyAuthorization) await this.#board.withdrawAlpn(domain);
    } catch (error) {
      this.#onTrouble(`The answer for a CA about ${domain} stays for an hour: ${wordsOf(error)}.`);
    }
  }
}
