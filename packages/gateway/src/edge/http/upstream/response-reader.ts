/**
 * Takes one answer out of an upstream's bytes: interim heads, the final head, the body. Strict, because a byte that is understood differently
 * here and there is somebody else's answer: whatever breaks the grammar throws, and its connection is never used again.
 */
import { Body } from "../wire/body.ts";
import type { Fields } from "../wire/fields.ts";
import { parseResponseHead, type ResponseHead } from "../wire/response-head.ts";
import { UpstreamError } from "./upstream-error.ts";

export interface AnswerSink {
  readonly method: string;
  /** What a 101 may switch to, lower case; null: nothing. */
  readonly upgrade: string | null;
  /** Once for each interim (1xx) head and once for the final one. */
  onHead(head: ResponseHead): void;
  /** A view that is valid until the call returns; larger than COPY_UP_TO until it has been written (see `wire/outlet.ts`). */
  onData(chunk: Buffer): void;
  onEnd(trailers: Fields | null): void;
}

const MAX_HEAD = 65_536;
const MAX_FIELDS = 200;
/** Interim answers without an end are work without data. */
const MAX_INTERIM = 64;
const CRLF2 = Buffer.from("\r\n\r\n");
const START = "HTTP/1.";

export class ResponseReader {
  #held: Buffer | null = null;
  #body: Body | null = null;
  #interim = 0;
  /** Of the final answer, once it was read. */
  head: ResponseHead | null = null;
  /** The answer is complete. */
  done = false;

  /** Before each answer. */
  reset(): void {
    this.#held = null;
    this.#body = null;
    this.#interim = 0;
    this.head = null;
    this.done = false;
  }

  /** Returns what follows the answer, or null: its end, or that it goes on. Throws HttpError and UpstreamError. */
  feed(read: Buffer, sink: AnswerSink): Buffer | null {
    const input = this.#held === null ? read : Buffer.concat([this.#held, read]);
    this.#held = null;
    const end = input.length;
    let at = 0;
    while (at < end && !this.done) {
      if (this.#body === null) at = this.#feedHead(input, at, sink);
      else {
        at = this.#body.feed(input, at, end, sink);
        this.done = this.#body.done;
      }
    }
    return at < end ? input.subarray(at) : null;
  }

  /** The upstream ended its side. True where that is how this answer ends. */
  close(sink: AnswerSink): boolean {
    if (this.#body?.close(sink) !== true) return false;
    this.done = true;
    return true;
  }

  // Private

  #feedHead(input: Buffer, at: number, sink: AnswerSink): number {
    const stop = input.indexOf(CRLF2, at);
    if (stop < 0 || stop + 4 - at > MAX_HEAD) return this.#hold(input, at);
    const head = parseResponseHead(input.latin1Slice(at, stop + 2), sink.method, MAX_FIELDS);
    if (head.status >= 200 || head.status === 101) this.#final(head, sink);
    else if ((this.#interim += 1) > MAX_INTERIM) throw grammar(`more than ${MAX_INTERIM} interim answers`);
    else sink.onHead(head);
    return stop + 4;
  }

  #final(head: ResponseHead, sink: AnswerSink): void {
    if (head.status === 101 && !isWanted(head, sink.upgrade)) throw grammar("the upstream switched to a protocol nobody asked for");
    this.head = head;
    sink.onHead(head);
    if (head.length !== 0) this.#body = new Body(head.length);
    else {
      this.done = true;
      if (head.status !== 101) sink.onEnd(null);
    }
  }

  #hold(input: Buffer, at: number): number {
    const size = input.length - at;
    if (size > MAX_HEAD) throw grammar(`the head of the answer is longer than ${MAX_HEAD} bytes`);
    if (!START.startsWith(input.latin1Slice(at, at + Math.min(size, START.length)))) throw grammar("what it answers is not HTTP/1");
    const newline = input.indexOf(10, at);
    if (newline >= 0 && input[newline - 1] !== 13) throw grammar("a line of the head ends without CR");
    this.#held = Buffer.from(input.subarray(at));
    return input.length;
  }
}

// Private

function isWanted({ fields }: ResponseHead, upgrade: string | null): boolean {
  return upgrade !== null && fields.get("upgrade")?.toLowerCase() === upgrade;
}

function grammar(why: string): UpstreamError {
  return new UpstreamError("grammar", why);
}
