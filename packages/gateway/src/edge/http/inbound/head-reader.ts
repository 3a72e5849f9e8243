/** Makes the bytes of a connection into request heads, one after the other. */
import { emptyLineAt, findHeadEnd, INCOMPLETE, type HeadEndLimits } from "../wire/head-end.ts";
import { parseRequestHead, type RequestHead } from "../wire/request-head.ts";

export class HeadReader {
  readonly #limits: HeadEndLimits;
  #begunAt = 0;
  #emptyLine = false;
  #searched = 0;
  #restAt = 0;
  #end = 0;

  constructor(limits: HeadEndLimits) {
    this.#limits = limits;
  }

  /** Null: incomplete. The next read must begin with what is in `input` from `restAt` on. Else the message goes on at `end`. Throws HttpError. */
  read(input: Buffer, at: number): RequestHead | null {
    if (this.#begunAt === 0) this.#begunAt = performance.now();
    const empty = this.#emptyLine ? 0 : emptyLineAt(input, at);
    if (empty === INCOMPLETE) return this.#incomplete(at, 0);
    this.#emptyLine ||= empty > 0;
    const start = at + empty;
    if (start === input.length) return this.#incomplete(start, 0);
    const end = findHeadEnd(input, start, this.#searched, this.#limits);
    if (end === INCOMPLETE) return this.#incomplete(start, input.length - start);
    this.#end = end + 4;
    return parseRequestHead(input.latin1Slice(start, end + 2), this.#limits);
  }

  get end(): number {
    return this.#end;
  }

  get restAt(): number {
    return this.#restAt;
  }

  /** When the head that was read began; the next one begins later. */
  next(): number {
    const begunAt = this.#begunAt;
    this.#begunAt = 0;
    this.#emptyLine = false;
    this.#searched = 0;
    return begunAt;
  }

  // Private

  #incomplete(restAt: number, searched: number): null {
    this.#restAt = restAt;
    this.#searched = searched;
    return null;
  }
}
