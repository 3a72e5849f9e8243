/**
 * Writes messages to one socket with as few system calls as the pieces allow: a head and the small pieces after it become one string (node writes a
 * latin1 string below 16 kB from the stack, without allocating); a large piece is passed by reference and goes out with the head in one writev.
 * Contract on memory: a piece of at most COPY_UP_TO bytes is free again when the call returns; a larger one stays in use until the socket has sent
 * it, so whoever reads into a buffer of his own must not read into that one again.
 */
import type { Socket } from "node:net";

export const COPY_UP_TO = 8192;

// oxlint-disable-next-line no-control-regex
const WIDE = /[^\x00-\xff]/;

export class Outlet {
  /** Whether data() frames its pieces as chunks; set with each head. */
  chunked = false;
  /** Bytes given to the socket so far; less those it still holds, this is what the peer has taken. */
  written = 0;
  readonly #socket: Socket;
  #text = "";
  #corked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `text` is a complete head with its empty line. Throws where it is not latin1. */
  head(text: string, chunked: boolean): void {
    // Written as latin1, U+010A would become a line feed, and what follows it a field of its own.
    if (WIDE.test(text)) throw new Error("a field to be sent holds a character above U+00FF; encode it (RFC 8187), or leave it out");
    this.#text += text;
    this.chunked = chunked;
  }

  data(piece: Buffer): void {
    if (piece.length === 0) return; // a chunk of no bytes would end the body
    if (this.chunked) this.#text += `${piece.length.toString(16)}\r\n`;
    if (piece.length <= COPY_UP_TO && this.#text.length <= COPY_UP_TO) this.#text += piece.latin1Slice(0, piece.length);
    else this.#pass(piece);
    if (this.chunked) this.#text += "\r\n";
  }

  /** `trailers`: lines with CRLF each; only a chunked body has them. */
  end(trailers = ""): void {
    if (this.chunked) this.#text += `0\r\n${trailers}\r\n`;
  }

  /** Sends what was gathered; false when the socket wants a pause until "drain". */
  flush(): boolean {
    const socket = this.#socket;
    if (this.#text !== "") this.#writeText();
    if (this.#corked) {
      this.#corked = false;
      socket.uncork();
    }
    return !socket.writableNeedDrain;
  }

  // Private

  #pass(piece: Buffer): void {
    if (!this.#corked) this.#socket.cork();
    this.#corked = true;
    if (this.#text !== "") this.#writeText();
    this.written += piece.length;
    this.#socket.write(piece.length <= COPY_UP_TO ? Buffer.from(piece) : piece);
  }

  #writeText(): void {
    const text = this.#text;
    this.#text = "";
    this.written += text.length;
    this.#socket.write(text, "latin1");
  }
}
