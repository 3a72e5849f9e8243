/** http-01 (RFC 8555 §8.3): every edge answers `/.well-known/acme-challenge/<token>` with what is on the board. */
import { LONGEST_OFFER, type Board } from "./board.ts";
import { challengeFailed, wordsOf } from "./failed.ts";
import type { Proof, Solver } from "./solver.ts";

export class HttpSolver implements Solver {
  readonly type = "http-01";
  readonly #board: Board;
  readonly #onTrouble: (message: string) => void;

  constructor(board: Board, onTrouble: (message: string) => void) {
    this.#board = board;
    this.#onTrouble = onTrouble;
  }

  async present({ domain, token, keyAuthorization }: Proof, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#board.offer(token, keyAuthorization, LONGEST_OFFER);
    } catch (cause) {
      throw challengeFailed(`The edge cannot be told what a CA will ask for ${domain}: ${wordsOf(cause)}.`, { cause });
    }
  }

  async clean({ domain, token }: Proof): Promise<void> {
    await this.#board.withdraw(token).catch((error: unknown) => {
      this.#onTrouble(`The answer for a CA about ${domain} stays for an hour: ${wordsOf(error)}.`);
    });
  }
}
