/**
 * One WebSocket through the edge: bytes both ways with backpressure. When it is asked to end, the client is told "service restart" (1012) at the next
 * end of a frame, its answer ends the upstream, and a side that does not answer is cut.
 * open → closing (a Close of ours was sent) → over; open → over.
 */
import type { Socket } from "node:net";
import { cut } from "../../tcp/socket.ts";
import type { AccessRecord } from "../exchange.ts";
import { closeFrame, Frames } from "./frames.ts";

export interface TunnelEnds {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly record: AccessRecord;
  readonly onOver: () => void;
}

/** https://www.iana.org/assignments/websocket/websocket.xhtml */
export const SERVICE_RESTART = 1012;
export const GOING_AWAY = 1001;
/** Milliseconds a side has to answer a Close. */
const CLOSE_LIMIT = 5_000;
const KEEP_ALIVE = 30_000;

export class Tunnel {
  readonly #ends: TunnelEnds;
  readonly #toClient = new Frames();
  readonly #toUpstream = new Frames();
  #closing: { readonly code: number; sent: boolean } | null = null;
  #late: NodeJS.Timeout | undefined;
  #closed = 0;

  constructor(ends: TunnelEnds) {
    this.#ends = ends;
    const { client, upstream } = ends;
    for (const socket of [client, upstream]) socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE);
    this.#join(client, upstream, (chunk) => this.#fromClient(chunk));
    this.#join(upstream, client, (chunk) => this.#fromUpstream(chunk));
  }

  /** What was read of either side already, and from now on all of it. */
  begin(fromClient: Buffer, fromUpstream: Buffer): void {
    const { client, upstream } = this.#ends;
    if (fromUpstream.length > 0) this.#fromUpstream(fromUpstream);
    if (fromClient.length > 0) this.#fromClient(fromClient);
    client.resume();
    upstream.resume();
  }

  close(code: number): void {
    if (this.#closing !== null) return;
    this.#closing = { code, sent: false };
    this.#late = setTimeout(() => this.cut(), CLOSE_LIMIT);
    if (this.#toClient.atBoundary) this.#sayClose();
  }

  cut(): void {
    cut(this.#ends.client);
    cut(this.#ends.upstream);
  }

  // Private

  #fromClient(chunk: Buffer): void {
    this.#toUpstream.feed(chunk);
    this.#ends.record.bytesIn += chunk.length;
    if (!this.#ends.upstream.write(chunk)) this.#ends.client.pause();
  }

  #fromUpstream(chunk: Buffer): void {
    // After our Close nothing may follow: what still comes is for nobody.
    if (this.#closing?.sent === true) return;
    const boundary = this.#toClient.feed(chunk);
    const last = this.#closing !== null && boundary > 0;
    const part = last ? chunk.subarray(0, boundary) : chunk;
    this.#ends.record.bytesOut += part.length;
    if (!this.#ends.client.write(part)) this.#ends.upstream.pause();
    if (last) this.#sayClose();
  }

  #sayClose(): void {
    const closing = this.#closing;
    if (closing === null || closing.sent) return;
    closing.sent = true;
    if (this.#toClient.broken || this.#toClient.closeCode !== null) return;
    this.#ends.record.closedBy = "edge";
    this.#ends.client.write(closeFrame(closing.code, false));
    this.#ends.upstream.resume();
  }

  #join(one: Socket, other: Socket, onData: (chunk: Buffer) => void): void {
    one.on("data", onData);
    one.on("drain", () => other.resume());
    one.on("end", () => other.end());
    one.on("error", () => cut(other));
    one.once("close", () => this.#gone(one, other));
  }

  #gone(one: Socket, other: Socket): void {
    const { record, client, onOver } = this.#ends;
    record.closedBy ??= one === client ? "client" : "upstream";
    if (!one.readableEnded || !one.writableFinished) cut(other);
    else other.end();
    this.#closed += 1;
    if (this.#closed < 2) return;
    clearTimeout(this.#late);
    record.closeCode = this.#closing?.sent === true ? this.#closing.code : (this.#toClient.closeCode ?? this.#toUpstream.closeCode);
    onOver();
  }
}
