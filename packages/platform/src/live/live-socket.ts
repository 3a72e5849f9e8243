/**
 * One browser or program on the live channel. A slow one loses frames, never the server its memory: while more than 1 MiB
 * waits to be sent, frames are skipped and the rows in them counted.
 */
import type { WebSocket } from "ws";
import type { Identity } from "../auth/auth.ts";
import { allows } from "../auth/scopes.ts";
import type { LiveProblem, Resource } from "../contract.ts";
import type { TailBatch } from "./tailer.ts";

const MOST_UNSENT = 1_048_576;

export class LiveSocket {
  readonly identity: Identity;
  /** Topic → rows skipped since the last frame that went out. */
  readonly #topics = new Map<string, number>();
  readonly #socket: WebSocket;
  #answersPings = true;

  constructor(socket: WebSocket, identity: Identity) {
    this.#socket = socket;
    this.identity = identity;
    socket.on("pong", () => (this.#answersPings = true));
    // A broken frame or line; "close" follows and tidies up.
    socket.on("error", () => {});
  }

  /** Read what belongs to this resource. */
  readonly may = (resource: Resource): boolean => allows(this.identity.scopes, { resource, level: "read" });

  get topics(): readonly string[] {
    return [...this.#topics.keys()];
  }

  follows(topic: string): boolean {
    return this.#topics.has(topic);
  }

  follow(topic: string): void {
    this.#topics.set(topic, 0);
  }

  unfollow(topic: string): void {
    this.#topics.delete(topic);
  }

  /** False if the frame was skipped. */
  send(frame: string): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount > MOST_UNSENT) return false;
    this.#socket.send(frame);
    return true;
  }

  sendRows(topic: string, batch: TailBatch): void {
    const skipped = (this.#topics.get(topic) ?? 0) + batch.skipped;
    const frame = `{"type":"messages","topic":${JSON.stringify(topic)},"items":[${batch.rows.join(",")}],"skipped":${skipped}}`;
    this.#topics.set(topic, this.send(frame) ? 0 : skipped + batch.rows.length);
  }

  sendProblem(code: string, detail: string): void {
    this.send(JSON.stringify({ type: "problem", code, detail } satisfies LiveProblem));
  }

  /** Ends a line whose other side has not answered the ping before. */
  ping(): void {
    if (!this.#answersPings) return this.#socket.terminate();
    this.#answersPings = false;
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
