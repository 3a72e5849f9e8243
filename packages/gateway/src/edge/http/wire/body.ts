/**
 * Takes one message's body out of a byte stream: counted, chunked (RFC 9112 7.1) or until the connection closes.
 * Data is handed on as views of the input, never copied. Chunk extensions are checked, bounded and dropped.
 */
import type { Fields } from "./fields.ts";
import { CHUNKED, UNTIL_CLOSE } from "./framing.ts";
import { HttpError } from "./http-error.ts";
import { HEX, VALUE } from "./octets.ts";
import { parseTrailers } from "./trailers.ts";

export interface BodySink {
  /** `chunk` is a view into what was read: see Outlet for how long it may be kept. */
  onData(chunk: Buffer): void;
  onEnd(trailers: Fields | null): void;
}

// Of a chunked body: SIZE → (EXTENSION →) SIZE_LF → DATA → DATA_CR → DATA_LF → SIZE … → TRAILER → done.
const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER = 6;

/** 2^48: beyond any body, far below where doubles lose count. */
const MOST_SIZE_DIGITS = 12;
/** Of one chunk, and of all: a flood of extensions is work without data. */
const LONGEST_EXTENSION = 1024;
const LONGEST_EXTENSIONS = 16_384;
const LONGEST_TRAILERS = 8192;
const CR = 13;
const LF = 10;
const SEMICOLON = 0x3b;

export class Body {
  done = false;
  readonly #chunked: boolean;
  #left: number;
  #state = SIZE;
  #digits = 0;
  #extension = 0;
  #extensions = 0;
  #trailer = "";

  /** `length`: bytes above 0, CHUNKED or UNTIL_CLOSE. */
  constructor(length: number) {
    this.#chunked = length === CHUNKED;
    this.#left = length === UNTIL_CLOSE ? Number.POSITIVE_INFINITY : Math.max(length, 0);
  }

  /** Consumes from `at`; answers where the message ended, or `end`. Throws HttpError on bad chunking. */
  feed(input: Buffer, at: number, end: number, sink: BodySink): number {
    if (this.#chunked) return this.#feedChunked(input, at, end, sink);
    const stop = this.#take(input, at, end, sink);
    if (this.#left === 0) this.#finish(null, sink);
    return stop;
  }

  /** The peer ended its side: a proper end only of a body that lasts until close. */
  close(sink: BodySink): boolean {
    if (this.#left !== Number.POSITIVE_INFINITY) return false;
    this.#finish(null, sink);
    return true;
  }

  // Private

  #take(input: Buffer, at: number, end: number, sink: BodySink): number {
    const stop = Math.min(end, at + this.#left);
    this.#left -= stop - at;
    if (stop > at) sink.onData(at === 0 && stop === input.length ? input : input.subarray(at, stop));
    return stop;
  }

  #finish(trailers: Fields | null, sink: BodySink): void {
    this.done = true;
    sink.onEnd(trailers);
  }

  #feedChunked(input: Buffer, at: number, end: number, sink: BodySink): number {
    while (at < end && !this.done) {
      if (this.#state === DATA) {
        at = this.#take(input, at, end, sink);
        if (this.#left === 0) this.#state = DATA_CR;
      } else if (this.#state === TRAILER) at = this.#feedTrailer(input, at, end, sink);
      else this.#step(input[at++] ?? 0);
    }
    return at;
  }

  #step(byte: number): void {
    if (this.#state === SIZE) this.#stepSize(byte);
    else if (this.#state === EXTENSION) this.#stepExtension(byte);
    else if (this.#state === SIZE_LF) this.#expect(byte, LF, this.#left === 0 ? TRAILER : DATA);
    else if (this.#state === DATA_CR) this.#expect(byte, CR, DATA_LF);
    else {
      this.#expect(byte, LF, SIZE);
      this.#digits = 0;
      this.#extension = 0;
    }
  }

  #stepSize(byte: number): void {
    const digit = HEX[byte] ?? 0;
    if (digit !== 0 && ++this.#digits <= MOST_SIZE_DIGITS) this.#left = this.#left * 16 + digit - 1;
    else if (digit !== 0 || this.#digits === 0) throw badChunk(`its size is not 1 to ${MOST_SIZE_DIGITS} hexadecimal digits`);
    else if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#state = EXTENSION;
    else throw badChunk("its size is followed by something other than CRLF or an extension");
  }

  #stepExtension(byte: number): void {
    if (byte === CR) this.#state = SIZE_LF;
    else if (VALUE[byte] !== 1) throw badChunk("its extension holds a control character");
    else if (++this.#extension > LONGEST_EXTENSION) throw badChunk(`its extension is longer than ${LONGEST_EXTENSION} bytes`);
    else if (++this.#extensions > LONGEST_EXTENSIONS) throw badChunk(`all extensions together are longer than ${LONGEST_EXTENSIONS} bytes`);
  }

  #expect(byte: number, wanted: number, next: number): void {
    if (byte !== wanted) throw badChunk("it is not closed by CRLF");
    this.#state = next;
  }

  #feedTrailer(input: Buffer, at: number, end: number, sink: BodySink): number {
    const newline = input.indexOf(LF, at);
    const ended = newline >= 0 && newline < end;
    const stop = ended ? newline + 1 : end;
    this.#trailer += input.latin1Slice(at, stop);
    if (this.#trailer.length > LONGEST_TRAILERS) throw badChunk(`the trailers are longer than ${LONGEST_TRAILERS} bytes`);
    if (ended && !this.#trailer.endsWith("\r\n")) throw badChunk("a trailer is not closed by CRLF");
    if (this.#trailer === "\r\n" || this.#trailer.endsWith("\r\n\r\n")) this.#finish(parseTrailers(this.#trailer.slice(0, -2)), sink);
    return stop;
  }
}

function badChunk(why: string): HttpError {
  return new HttpError(400, "bad-chunk", `a chunk of the body is not well formed: ${why}`);
}
