/**
 * The answering side of one request. Writes framing, Date and Connection; whatever is called after its end, or after the client is gone, does
 * nothing, so that a late upstream cannot write into the answer to another request.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Conversation, EdgeRequest, RequestSink } from "../exchange.ts";
import type { Outlet } from "../wire/outlet.ts";
import { dateLine, hasDate } from "./date.ts";

/** The connection, as one of its requests sees it. */
export interface Carrier {
  readonly outlet: Outlet;
  /** Whether the connection must end after this answer: its body was not read whole, or it served its time. */
  readonly last: boolean;
  receive(sink: RequestSink): void;
  resume(): void;
  finished(close: boolean): void;
  /** Cuts the connection; the sink is not told. */
  abandon(): void;
  detach(): { readonly socket: Socket; readonly rest: Buffer };
}

export class HttpConversation implements Conversation {
  readonly request: EdgeRequest;
  begun = false;
  /** Null: over. */
  #carrier: Carrier | null;
  #gone: Error | null = null;
  #close = false;
  /** Of a body with a stated length; Infinity for others. */
  #left = 0;
  #bodiless = false;
  #ended = false;

  constructor(request: EdgeRequest, carrier: Carrier) {
    this.request = request;
    this.#carrier = carrier;
  }

  receive(sink: RequestSink): void {
    if (this.#gone !== null) return sink.onGone(this.#gone);
    if (this.#carrier === null) return;
    const { expectsContinue, length } = this.request;
    if (expectsContinue && length !== 0 && !this.begun) {
      this.#carrier.outlet.head(CONTINUE, false);
      this.#carrier.outlet.flush();
    }
    this.#carrier.receive(sink);
  }

  resume(): void {
    this.#carrier?.resume();
  }

  interim(status: number, reason: string, fields: string): void {
    // 100 is ours: it was sent when the body was first asked for.
    if (this.#carrier === null || this.begun || this.request.minor === 0 || status === 100 || status === 101) return;
    this.#carrier.outlet.head(`HTTP/1.1 ${status} ${reason}\r\n${fields}\r\n`, false);
    this.#carrier.outlet.flush();
  }

  begin(status: number, reason: string, fields: string, length: number): void {
    if (this.#carrier === null || this.begun) return;
    this.begun = true;
    this.#bodiless = this.request.method === "HEAD" || status === 204 || status === 304;
    const framing = this.#framing(status, length);
    if (!this.request.keepAlive || this.#carrier.last) this.#close = true;
    const date = hasDate(fields) ? "" : dateLine();
    const head = `HTTP/1.1 ${status} ${reason}\r\n${fields}${date}${framing}${this.#connection()}\r\n`;
    this.#carrier.outlet.head(head, !this.#bodiless && framing === IN_CHUNKS);
  }

  data(chunk: Buffer): void {
    if (this.#carrier === null || this.#bodiless || this.#ended) return;
    this.#left -= chunk.length;
    if (this.#left < 0) return this.cut();
    this.#carrier.outlet.data(chunk);
  }

  /** `trailers`: lines with CRLF each; dropped where the answer is not chunked. */
  end(trailers?: string): void {
    if (this.#carrier === null || this.#ended) return;
    if (!this.begun || (this.#left > 0 && this.#left !== Number.POSITIVE_INFINITY)) return this.cut();
    this.#ended = true;
    this.#carrier.outlet.end(trailers);
  }

  flush(): boolean {
    return this.#carrier === null || this.#carrier.outlet.flush();
  }

  finish(): void {
    if (!this.#ended) this.end();
    const carrier = this.#carrier;
    if (carrier === null) return;
    this.#carrier = null;
    carrier.outlet.flush();
    carrier.finished(this.#close);
  }

  answer(status: number, fields: string, body: string | Buffer): void {
    if (this.begun) return this.cut();
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    this.begin(status, STATUS_CODES[status] ?? "", fields, bytes.length);
    this.data(bytes);
    this.finish();
  }

  /** What was given before still goes out. A reset may destroy that on its way, so it is kept for answers that would look whole without one. */
  cut(): void {
    const carrier = this.#carrier;
    this.#carrier = null;
    if (carrier === null) return;
    carrier.outlet.flush();
    if (this.#looksCut) carrier.finished(true);
    else carrier.abandon();
  }

  detach(): { readonly socket: Socket; readonly rest: Buffer } {
    const carrier = this.#carrier;
    if (carrier === null || this.request.upgrade === null || this.begun)
      throw new Error("only a request for an upgrade that has no answer can be detached");
    this.#carrier = null;
    return carrier.detach();
  }

  /** By the connection: nothing can be answered any more. */
  lose(error: Error): void {
    if (this.#carrier === null) return;
    this.#carrier = null;
    this.#gone = error;
  }

  // Private

  /** By its framing (RFC 9112 8): less than the stated length, or no last chunk. */
  get #looksCut(): boolean {
    if (!this.begun || this.#bodiless || this.#ended) return false;
    return this.#left === Number.POSITIVE_INFINITY ? this.request.minor === 1 : this.#left > 0;
  }

  #framing(status: number, length: number): string {
    if (this.#bodiless) return length > 0 && status !== 204 ? `content-length: ${length}\r\n` : "";
    if (length >= 0) {
      this.#left = length;
      return `content-length: ${length}\r\n`;
    }
    this.#left = Number.POSITIVE_INFINITY;
    if (this.request.minor === 1) return IN_CHUNKS;
    this.#close = true;
    return "";
  }

  #connection(): string {
    if (this.#close) return "connection: close\r\n";
    return this.request.minor === 0 ? "connection: keep-alive\r\n" : "";
  }
}

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const IN_CHUNKS = "transfer-encoding: chunked\r\n";
