/** The request's direction: what the client sends goes to the connection there is; what comes before there is one waits, at most one read of it. */
import type { RequestSink } from "../exchange.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { Fields } from "../wire/fields.ts";

/** The request's way, as far as its body concerns it. */
export interface UploadOwner {
  readonly connection: UpstreamConnection | null;
  /** False: it is too much, and was answered. */
  onUploaded(bytes: number): boolean;
  onUploadEnd(): void;
  onClientRoom(): void;
  onClientGone(error: Error): void;
}

export class Upload implements RequestSink {
  readonly #owner: UploadOwner;
  #early: Buffer[] = [];
  #trailers = "";
  /** The client sent all of it. */
  ended = false;
  /** Something was given to an upstream. */
  sent = false;
  /** The upstream takes no more at the moment. */
  blocked = false;

  constructor(owner: UploadOwner) {
    this.#owner = owner;
  }

  onData(chunk: Buffer): void {
    if (!this.#owner.onUploaded(chunk.length)) return;
    const { connection } = this.#owner;
    if (connection === null) this.#early.push(Buffer.from(chunk));
    else {
      this.sent = true;
      connection.outlet.data(chunk);
    }
  }

  onEnd(trailers: Fields | null): void {
    this.ended = true;
    this.#trailers = trailers?.text ?? "";
    const { connection } = this.#owner;
    if (connection !== null) this.#finish(connection);
  }

  onReadDone(): boolean {
    const { connection } = this.#owner;
    const more = connection?.outlet.flush() ?? this.ended;
    this.blocked = !more;
    return more;
  }

  onDrain(): void {
    this.#owner.onClientRoom();
  }

  onGone(error: Error): void {
    this.#owner.onClientGone(error);
  }

  /** The connection is there: what waited goes first. Not flushed. */
  begin(connection: UpstreamConnection): void {
    for (const chunk of this.#early) connection.outlet.data(chunk);
    if (this.#early.length > 0) this.sent = true;
    this.#early = [];
    if (this.ended) this.#finish(connection);
  }

  // Private

  #finish(connection: UpstreamConnection): void {
    connection.outlet.end(this.#trailers);
    connection.requestDone();
    this.#owner.onUploadEnd();
  }
}
