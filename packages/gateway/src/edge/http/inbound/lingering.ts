/**
 * The end of a connection: our side is ended, and what the client still sends is read away until it ends its own. Closing with unread bytes would
 * reset the answer away; but nobody is read from, or waited for, for long.
 */
import type { Socket } from "node:net";
import type { HttpLimits } from "./limits.ts";
import type { Patience } from "./patience.ts";

export class Lingering {
  readonly #socket: Socket;
  readonly #limits: HttpLimits;
  readonly #patience: Patience;
  #bytes = 0;

  constructor(socket: Socket, limits: HttpLimits, patience: Patience) {
    this.#socket = socket;
    this.#limits = limits;
    this.#patience = patience;
  }

  begin(halfClosed: boolean): void {
    this.#patience.changed();
    if (halfClosed) this.#socket.destroySoon();
    else this.#socket.end().resume();
  }

  read(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.lingerBytes) this.#socket.pause();
  }

  /** The time runs from when the answer is out. */
  sweep(now: number): void {
    if (this.#socket.writableLength === 0 && this.#patience.lingered(now)) this.#socket.destroy();
  }
}
