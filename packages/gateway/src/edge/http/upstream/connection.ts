/**
 * One HTTP/1.1 connection to an endpoint: one exchange at a time. Reads land in one buffer shared by all connections (net's `onread`), so an idle
 * connection owns no memory for reading and a small answer allocates none.
 * Invariant: it goes back to its pool only after an answer that was whole, well-formed and followed by nothing, to a request that was sent whole.
 */
import type { OnReadOpts, Socket } from "node:net";
import { COPY_UP_TO, Outlet } from "../wire/outlet.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { type AnswerSink, ResponseReader } from "./response-reader.ts";
import { UpstreamError } from "./upstream-error.ts";

export interface ResponseSink extends AnswerSink {
  /** All of one read was delivered: send it on. False asks for no more reads until `resume()`. */
  onReadDone(): boolean;
  /** The upstream takes more of the request after `outlet.flush()` was false. */
  onDrain(): void;
  /** Nothing follows. `stale`: it had been idle, and not a byte of an answer came: it was most likely closed before it read the request. */
  onError(error: UpstreamError, stale: boolean): void;
  /** After `onHead` with 101: the socket is the caller's, without any listener; `rest` was read already. */
  onUpgrade(socket: Socket, rest: Buffer): void;
}

/** Its pool. */
export interface ConnectionOwner {
  giveBack(connection: UpstreamConnection): void;
  /** Closed, or handed out for a tunnel. Told once. */
  forget(connection: UpstreamConnection): void;
}

/** Most servers wait 5 s: who closes an idle connection first must be us. */
const IDLE = 4_000;
const MOST_IDLE = 60_000;
type Listener = (...given: unknown[]) => void;

const READ_SIZE = 65_536;
const NOTHING = Buffer.alloc(0);
const shared = Buffer.allocUnsafeSlow(READ_SIZE);

export class UpstreamConnection {
  readonly #owner: ConnectionOwner;
  readonly #reader = new ResponseReader();
  readonly onread: OnReadOpts;
  #socket: Socket | null = null;
  /** Ours: a socket that is handed out keeps its own. */
  readonly #listeners: [event: string, listener: Listener][] = [];
  #outlet: Outlet | null = null;
  #buffer: Buffer = shared;
  /** The buffer may still be in use by a writer when it is read into again. */
  #lent = false;
  #sink: ResponseSink | null = null;
  #requestOpen = false;
  #answering = false;
  #gone = false;
  served = 0;
  /** `performance.now()` when it became idle, and how long it may be. */
  idleSince = 0;
  idleLimit = IDLE;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
    this.onread = { buffer: () => this.#nextBuffer(), callback: (bytes) => this.#read(bytes) };
  }

  /** `plain`: its reads come by `onread`. */
  attach(socket: Socket, plain: boolean): void {
    this.#socket = socket;
    this.#outlet = new Outlet(socket);
    if (!plain) this.#listen("data", (chunk: Buffer) => this.#data(chunk));
    this.#listen("error", (error: Error) => this.#broken(error));
    this.#listen("end", () => this.#ended());
    this.#listen("close", () => this.#broken(null));
    this.#listen("drain", () => this.#sink?.onDrain());
  }

  get outlet(): Outlet {
    if (this.#outlet === null) throw new Error("the connection is not attached");
    return this.#outlet;
  }

  /** Whether a request can be written to it, as far as is known here. */
  get usable(): boolean {
    return !this.#gone && this.#sink === null && this.#socket?.readyState === "open";
  }

  /** Begins an exchange; the caller then writes the request to `outlet`. */
  start(sink: ResponseSink): void {
    this.#reader.reset();
    this.#sink = sink;
    this.#answering = false;
    this.#requestOpen = true;
  }

  /** The request is written to its end. */
  requestDone(): void {
    this.#requestOpen = false;
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Ends it; the sink hears nothing more. */
  destroy(): void {
    this.#sink = null;
    this.#close();
  }

  /** Ends it under its exchange, which hears why. */
  cut(reason: UpstreamError): void {
    this.#fail(reason);
  }

  // Private

  #listen(event: string, listener: (given: never) => void): void {
    this.#listeners.push([event, listener as Listener]);
    this.#socket?.on(event, listener as Listener);
  }

  #nextBuffer(): Buffer {
    if (this.#sink === null) this.#buffer = shared;
    else if (this.#lent) this.#buffer = Buffer.allocUnsafeSlow(READ_SIZE);
    this.#lent = false;
    return this.#buffer;
  }

  /** Large pieces are written by reference, and the shared buffer belongs to the next read of any connection. */
  #read(bytes: number): boolean {
    const view = bytes === READ_SIZE ? this.#buffer : this.#buffer.subarray(0, bytes);
    this.#lent = bytes > COPY_UP_TO;
    return this.#take(this.#lent && this.#buffer === shared ? Buffer.from(view) : view);
  }

  #data(chunk: Buffer): void {
    if (!this.#take(chunk)) this.#socket?.pause();
  }

  #take(chunk: Buffer): boolean {
    const sink = this.#sink;
    if (sink === null) return this.#unasked();
    this.#answering = true;
    let rest: Buffer | null;
    try {
      rest = this.#reader.feed(chunk, sink);
    } catch (error) {
      this.#fail(error instanceof UpstreamError ? error : grammar(error));
      return false;
    }
    if (this.#sink !== sink) return true; // It was ended from within.
    if (this.#reader.done) return this.#complete(sink, rest);
    return sink.onReadDone();
  }

  #unasked(): boolean {
    this.#close();
    return false;
  }

  #complete(sink: ResponseSink, rest: Buffer | null): boolean {
    const head = this.#reader.head;
    if (head === null) return true;
    if (head.status === 101) return this.#handOut(sink, rest ?? NOTHING);
    this.#sink = null;
    this.served += 1;
    const clean = head.keepAlive && rest === null && !this.#requestOpen;
    this.#noteIdle(head);
    // First, so that a request that follows from within finds it.
    if (clean) this.#owner.giveBack(this);
    else this.#close();
    sink.onReadDone();
    return true;
  }

  #noteIdle(head: ResponseHead): void {
    if (this.served === 1) this.idleLimit = idleLimit(head);
  }

  #handOut(sink: ResponseSink, rest: Buffer): boolean {
    const socket = this.#socket;
    if (socket === null) return true;
    this.#sink = null;
    this.#gone = true;
    for (const [event, listener] of this.#listeners) socket.off(event, listener);
    socket.pause();
    this.#owner.forget(this);
    sink.onUpgrade(socket, Buffer.from(rest));
    return true;
  }

  #ended(): void {
    const sink = this.#sink;
    if (sink !== null && this.#answering && this.#reader.close(sink)) {
      this.#requestOpen = true; // Never to be used again.
      this.#complete(sink, null);
    } else this.#broken(null);
  }

  #broken(error: Error | null): void {
    if (this.#gone) return;
    const why = error === null ? "it closed the connection" : error.message;
    const [fault, when] = this.#answering ? (["torn", "in its answer"] as const) : (["closed", "before it answered"] as const);
    this.#fail(new UpstreamError(fault, `${why} ${when}`, error ?? undefined));
  }

  #fail(error: UpstreamError): void {
    const sink = this.#sink;
    const stale = this.idleSince > 0 && !this.#answering;
    this.#sink = null;
    this.#close();
    sink?.onError(error, stale);
  }

  #close(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#socket?.destroy();
    this.#owner.forget(this);
  }
}

// Private

/** Less than what the upstream says. */
function idleLimit(head: ResponseHead): number {
  const said = /(?:^|[\s,;])timeout\s*=\s*"?(\d{1,6})/i.exec(head.fields.get("keep-alive") ?? "")?.[1];
  if (said === undefined) return IDLE;
  const limit = Number(said) * 1_000;
  return Math.min(MOST_IDLE, limit - Math.min(1_000, limit / 2));
}

function grammar(error: unknown): UpstreamError {
  return new UpstreamError("grammar", error instanceof Error ? error.message : String(error), error);
}
