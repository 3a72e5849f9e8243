/** The answer's direction: from the upstream's reads to the client, through a compressor where one is wanted. Nothing is kept back. */
import { CHUNKED } from "../exchange.ts";
import type { Plan, UpstreamEndpoint } from "../plan.ts";
import type { Fields } from "../wire/fields.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { answerHead } from "./answer-head.ts";
import { Compressor, type CompressorSink, encodedTrailers, isEventStream } from "./compress.ts";

/** The request's way, as far as the answer concerns it. */
export interface AnswerOwner {
  /** More of it can be taken. */
  onAnswerRoom(): void;
  /** All of it was given to the client. */
  onAnswered(): void;
}

export class Answer implements CompressorSink {
  readonly #plan: Plan;
  readonly #owner: AnswerOwner;
  #compressor: Compressor | null = null;
  #ended = false;
  /** That wait for the compressor. */
  #trailers = "";
  begun = false;
  /** An event stream: silence is no fault. */
  timeless = false;
  /** The client takes no more at the moment. */
  blocked = false;

  constructor(plan: Plan, owner: AnswerOwner) {
    this.#plan = plan;
    this.#owner = owner;
  }

  begin(endpoint: UpstreamEndpoint, head: ResponseHead): void {
    const { conversation, record } = this.#plan;
    this.begun = true;
    record.status = head.status;
    record.error = null; // Of an attempt that failed before.
    record.answeredAt = performance.now();
    this.timeless = isEventStream(head.fields.get("content-type"));
    const { fields, encoding } = answerHead(this.#plan, endpoint, head);
    if (encoding !== null) this.#compressor = new Compressor(encoding, head.length < 0, this);
    const length = head.length === 0 ? Math.max(0, head.stated) : head.length;
    conversation.begin(head.status, head.reason, fields, encoding === null ? length : CHUNKED);
  }

  data(chunk: Buffer): void {
    if (this.#compressor === null) this.#give(chunk);
    else this.#compressor.write(chunk);
  }

  end(trailers: Fields | null): void {
    this.#ended = true;
    if (this.#compressor === null) return this.#plan.conversation.end(trailers?.text);
    this.#trailers = encodedTrailers(trailers);
    this.#compressor.end();
  }

  /** After each read. False: no more until `onAnswerRoom`. */
  flush(): boolean {
    if (this.#compressor !== null) return this.#ended || this.#compressor.flush();
    if (!this.begun) return true;
    this.blocked = !this.#plan.conversation.flush();
    if (this.#ended) this.#owner.onAnswered();
    return !this.blocked;
  }

  onClientRoom(): void {
    this.blocked = false;
    if (this.#compressor === null) this.#owner.onAnswerRoom();
    else this.#compressor.resume();
  }

  stop(): void {
    this.#compressor?.destroy();
  }

  // Of the compressor

  onCompressed(chunk: Buffer): boolean {
    this.#give(chunk);
    this.blocked = !this.#plan.conversation.flush();
    return !this.blocked;
  }

  onRoom(): void {
    this.#owner.onAnswerRoom();
  }

  onCompressedEnd(): void {
    this.#plan.conversation.end(this.#trailers);
    this.#plan.conversation.flush();
    this.#owner.onAnswered();
  }

  // Private

  #give(chunk: Buffer): void {
    this.#plan.record.bytesOut += chunk.length;
    this.#plan.conversation.data(chunk);
  }
}
