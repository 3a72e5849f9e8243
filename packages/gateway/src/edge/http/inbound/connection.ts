/**
 * One client connection: reads requests one after the other and gives each to the handler. The order of pipelined requests is kept by not reading the
 * next before the answer to the last is complete; until then its bytes wait in #held, with the socket paused, which bounds them.
 *
 *   open ── finished(close), a refused request, idle too long ──→ lingering ── the client closed, or `linger` is over ──→ gone
 *   open, lingering ── cut, error ──→ gone      open ── detach ──→ detached
 */
import type { Socket } from "node:net";
import { cut } from "../../tcp/socket.ts";
import type { EdgeRequest, Peer, RequestSink } from "../exchange.ts";
import { Body, type BodySink } from "../wire/body.ts";
import type { Fields } from "../wire/fields.ts";
import { HttpError } from "../wire/http-error.ts";
import { Outlet } from "../wire/outlet.ts";
import { type Carrier, HttpConversation } from "./conversation.ts";
import { HeadReader } from "./head-reader.ts";
import type { Home } from "./home.ts";
import { Lingering } from "./lingering.ts";
import { clientGone, Patience } from "./patience.ts";
import { refusalText, snippet } from "./refusal.ts";

const EMPTY = Buffer.alloc(0);

export class Connection implements Carrier, BodySink {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly outlet: Outlet;
  readonly #home: Home;
  readonly #heads: HeadReader;
  readonly #patience: Patience;
  #state: "open" | "lingering" | "gone" | "detached" = "open";
  #conversation: HttpConversation | null = null;
  #sink: RequestSink | null = null;
  /** While the body of the request is not read to its end. */
  #body: Body | null = null;
  /** An incomplete head, or what came before it is wanted. */
  #held: Buffer | null = null;
  #inHead = false;
  /** What was read after the head that is just given to the handler. */
  #rest: Buffer = EMPTY;
  #requests = 0;
  #consuming = false;
  #lingering: Lingering | null = null;

  constructor(socket: Socket, peer: Peer, home: Home) {
    this.socket = socket;
    this.peer = peer;
    this.outlet = new Outlet(socket);
    this.#home = home;
    this.#heads = new HeadReader(home.limits);
    this.#patience = new Patience(home.limits);
  }

  // By the socket's listeners (sockets.ts), the conversation, the body, and all connections

  read(chunk: Buffer): void {
    if (this.#state !== "open") return this.#lingering?.read(chunk.length);
    if (!this.#wantsBytes) return this.#hold(chunk);
    const held = this.#held;
    this.#held = null;
    this.#consume(held === null ? chunk : Buffer.concat([held, chunk]));
  }

  drained(): void {
    if (this.#conversation !== null) this.#sink?.onDrain();
    else if (this.#state === "open") this.#next();
  }

  /** The client ended its side. It may still wait for answers; nothing else can come. */
  ended(): void {
    this.#patience.ended();
    if (this.#state === "lingering") this.socket.destroySoon();
    else if (this.#state === "open" && !this.#consuming) this.#checkEnd();
  }

  gone(error: Error): void {
    if (this.#state === "detached") return;
    this.#state = "gone";
    this.#lose(error);
    this.socket.destroy();
  }

  closed(): void {
    this.#home.closed(this);
    this.gone(clientGone());
  }

  /** A sink threw. */
  broke(error: Error): void {
    this.#fail(error);
  }

  get last(): boolean {
    return this.#bodyOpen || this.#home.draining || this.#requests >= this.#home.limits.requestsPerConnection;
  }

  receive(sink: RequestSink): void {
    this.#sink = sink;
    if (this.#body === null) {
      sink.onEnd(null);
      sink.onReadDone();
      return;
    }
    if (this.#consuming) return;
    if (this.#held === null) sink.onReadDone();
    this.#next();
  }

  resume(): void {
    if (this.#state !== "open" || this.#body === null || this.#sink === null) return;
    this.#patience.wanted();
    this.socket.resume();
  }

  finished(close: boolean): void {
    this.#conversation = null;
    this.#sink = null;
    this.#patience.changed();
    if (close || this.#bodyOpen) this.#linger();
    else if (!this.#consuming) this.#next();
  }

  abandon(): void {
    this.#sink = null; // it knows
    this.cut();
  }

  cut(): void {
    if (this.#state === "detached" || this.#state === "gone") return;
    this.#state = "gone";
    this.#lose(new Error("the connection was cut"));
    cut(this.socket);
  }

  detach(): { readonly socket: Socket; readonly rest: Buffer } {
    this.outlet.flush();
    this.socket.pause();
    this.#state = "detached";
    this.#home.detached(this);
    return { socket: this.socket, rest: this.#held ?? this.#rest };
  }

  onData(chunk: Buffer): void {
    this.#patience.arrived(chunk.length);
    this.#sink?.onData(chunk);
  }

  onEnd(trailers: Fields | null): void {
    this.#sink?.onEnd(trailers);
  }

  /** Of a server that goes away: now if it is idle, else after its answer. */
  drain(): void {
    if (this.#state === "open" && this.#conversation === null && !this.#inHead && this.#held === null) this.#linger();
  }

  /** Regularly; see Patience. */
  sweep(now: number): void {
    if (this.#state === "gone" || this.#state === "detached") return;
    if (this.#patience.written(now, this.outlet.written, this.socket.writableLength)) return this.cut();
    if (this.#state === "lingering") this.#lingering?.sweep(now);
    else if (this.#conversation !== null && this.#patience.hasLeft(now)) this.gone(clientGone());
    else if (this.#conversation !== null) this.#fail(this.#body === null || this.#sink === null ? null : this.#patience.body(now));
    else if (this.socket.writableNeedDrain) this.#patience.changed();
    else if (this.#inHead) this.#fail(this.#patience.head(now));
    else if (this.#patience.idle(now)) this.#linger();
  }

  // Private

  /** The body counts as read while its last piece is handed on. */
  get #bodyOpen(): boolean {
    return this.#body !== null && !this.#body.done;
  }

  get #wantsBytes(): boolean {
    if (this.#conversation === null) return !this.socket.writableNeedDrain;
    return this.#body !== null && this.#sink !== null;
  }

  #consume(input: Buffer): void {
    this.#consuming = true;
    let at = 0;
    try {
      while (at < input.length && this.#state === "open") {
        if (this.#wantsBytes) at = this.#body === null ? this.#readHead(input, at) : this.#readBody(this.#body, input, at);
        else {
          this.#hold(input.subarray(at));
          at = input.length;
        }
      }
    } catch (error) {
      this.#fail(error as Error, snippet(input, at));
    }
    this.#consuming = false;
    if (this.#patience.halfClosed && this.#state === "open") this.#checkEnd();
  }

  #readHead(input: Buffer, at: number): number {
    const head = this.#heads.read(input, at);
    if (head === null) return this.#holdHead(input);
    const request: EdgeRequest = { ...head, peer: this.peer, begunAt: this.#heads.next(), headAt: performance.now() };
    this.#rest = input.subarray(this.#heads.end);
    this.#begin(request);
    this.#rest = EMPTY;
    return this.#heads.end;
  }

  #holdHead(input: Buffer): number {
    if (!this.#inHead) this.#patience.changed();
    this.#inHead = true;
    const { restAt } = this.#heads;
    this.#held = restAt < input.length ? input.subarray(restAt) : null;
    return input.length;
  }

  #begin(request: EdgeRequest): void {
    this.#inHead = false;
    this.#requests += 1;
    this.#body = request.length === 0 ? null : new Body(request.length);
    this.#patience.begun();
    const conversation = new HttpConversation(request, this);
    this.#conversation = conversation;
    this.#home.begin(conversation);
    if (this.#body === null || this.#conversation !== conversation) return;
    if (this.#sink === null) this.socket.pause();
    else if (this.#rest.length === 0) this.#sink.onReadDone();
  }

  #readBody(body: Body, input: Buffer, at: number): number {
    const stop = body.feed(input, at, input.length, this);
    if (body.done) this.#body = null;
    if (this.#sink?.onReadDone() === false && this.#body !== null) {
      this.#patience.unwanted();
      this.socket.pause();
    }
    return stop;
  }

  #hold(chunk: Buffer): void {
    this.#held = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    this.socket.pause();
  }

  /** Goes on with what was held, and with reading, where that is wanted now. */
  #next(): void {
    if (!this.#wantsBytes) return;
    const held = this.#held;
    this.#held = null;
    this.socket.resume();
    if (held !== null) this.#consume(held);
    else if (this.#patience.halfClosed) this.#checkEnd();
  }

  /** The client sends no more: what is incomplete stays so. An answer under way, and requests that wait behind it, are served. */
  #checkEnd(): void {
    if (this.#conversation === null) {
      if (!this.socket.writableNeedDrain || this.#held === null) this.#linger();
    } else if (this.#body !== null && this.#held === null)
      this.gone(new Error("the client closed the connection before its request was complete"));
  }

  /** The request, or this server, is at fault: answered where no answer was begun. */
  #fail(error: Error | null, head = snippet(this.#held, 0)): void {
    if (error === null || this.#state !== "open") return;
    const fault = error instanceof HttpError ? error : new HttpError(500, "internal", "something went wrong in the gateway");
    if (fault !== error) this.#home.broken(error);
    if (this.#conversation?.begun === true) {
      this.#lose(fault);
      return this.cut();
    }
    if (this.#conversation === null)
      this.#home.refused({ status: fault.status, reason: fault.code, message: fault.message, peer: this.peer, head });
    this.#lose(fault);
    this.outlet.head(refusalText(fault), false);
    this.outlet.flush();
    this.#linger();
  }

  /** Nobody can answer the request any more. */
  #lose(error: Error): void {
    const sink = this.#sink;
    this.#conversation?.lose(error);
    this.#conversation = null;
    this.#sink = null;
    this.#held = null;
    try {
      sink?.onGone(error);
    } catch (thrown) {
      this.#home.broken(thrown as Error);
    }
  }

  #linger(): void {
    this.#state = "lingering";
    this.#held = null;
    this.#lingering ??= new Lingering(this.socket, this.#home.limits, this.#patience);
    this.#lingering.begin(this.#patience.halfClosed);
  }
}
