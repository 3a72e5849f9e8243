/**
 * One entry in our hands. Its fence is (consumer, count): every later act names both, and Redis refuses if they changed.
 * States: held → settled (acked, retried, dead-lettered) or lost (somebody else has it now; the signal fires).
 */
import { ATTEMPTS_FIELD, decode, decodeAttempts, ORIGIN_FIELD } from "../message/decode.ts";
import type { AttemptRecord, Message, Priority } from "../message/message.ts";
import type { Settlement } from "../consuming.ts";

/** One stream a consumer reads: a lane of a topic, or the group's retry stream of it. Holds what was read and not yet started. */
export interface Source {
  readonly topic: string;
  readonly group: string;
  readonly key: string;
  readonly lane: Priority;
  readonly retry: boolean;
  /** Share of the handlers' time while other sources wait as well. */
  readonly weight: number;
  /** Credit of smooth weighted round robin. */
  credit: number;
  /** Read, heartbeated, not started. */
  readonly buffer: Delivery[];
  /** True when the last read found fewer than it asked for. */
  dry: boolean;
  /** Where the next look for abandoned entries goes on. */
  claimCursor: string;
}

export class Delivery {
  readonly source: Source;
  /** Id in the source's stream; for a retry not the message's own entry id. */
  readonly id: string;
  readonly consumer: string;
  /** Deliveries of this entry, this one included. Changes when we reclaim it from ourselves. */
  count: number;
  fields: Readonly<Record<string, string>>;
  /** When it reached us, on the monotonic clock. */
  readonly heldSince: number;
  /** The last moment at which Redis certainly counted it as ours, on the monotonic clock. */
  renewedAt: number;
  startedAt = 0;
  /** A handler has it. */
  running = false;
  /** Its place among what is held; -1 when it is not. Owned by `Claims`. */
  slot = -1;
  /** Deliveries in `count` that were ours all along: our lease ran out, but we took it back ourselves. */
  #own = 0;
  outcome: Settlement["outcome"] | null = null;
  message: Message | null = null;
  onSettled: ((outcome: Settlement["outcome"]) => void) | undefined;
  #controller: AbortController | undefined;

  constructor(source: Source, id: string, consumer: string, count: number, fields: Record<string, string>, heldSince: number) {
    this.source = source;
    this.id = id;
    this.consumer = consumer;
    this.count = count;
    this.fields = fields;
    this.heldSince = heldSince;
    this.renewedAt = heldSince;
  }

  /** Made only when somebody looks: most handlers never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.outcome === "lost") this.#controller.abort(new Error("the lease was lost"));
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** Handled: a first delivery's fields are of no use any more, and what lives shortly is collected cheaply. */
  done(): void {
    if (!this.source.retry) this.fields = NOTHING;
  }

  settle(outcome: Settlement["outcome"]): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    if (outcome === "lost") this.#controller?.abort(new Error("the lease was lost"));
    this.onSettled?.(outcome);
  }

  /** `<stream>/<entry id>` the message was published as, over all retries. */
  get origin(): string {
    return this.fields[ORIGIN_FIELD] ?? `${this.source.key}/${this.id}`;
  }

  get originalStream(): string {
    return this.origin.slice(0, this.origin.lastIndexOf("/"));
  }

  get originalId(): string {
    return this.origin.slice(this.origin.lastIndexOf("/") + 1);
  }

  get crashes(): number {
    return this.count - 1 - this.#own;
  }

  /** Our own lease had run out, and our own sweep took the entry back: the fence is a new one, nobody crashed. */
  reclaimed(by: Delivery): void {
    this.#own += Math.max(0, by.count - this.count);
    this.count = by.count;
    this.renewedAt = by.renewedAt;
  }

  get failures(): number {
    return Number(this.fields["retry_count"] ?? 0) || 0;
  }

  attempts(): readonly AttemptRecord[] {
    return decodeAttempts(this.fields[ATTEMPTS_FIELD]);
  }

  /** Throws UNDECODABLE. */
  decode(): Message {
    const stream = this.source.retry ? this.originalStream : this.source.key;
    const entryId = this.source.retry ? this.originalId : this.id;
    this.message = decode(this.fields, { topic: this.source.topic, stream, entryId, lane: laneOf(stream, this.source) });
    return this.message;
  }
}

const NOTHING: Readonly<Record<string, string>> = {};

function laneOf(stream: string, source: Source): Message["priority"] {
  const suffix = source.retry ? stream.slice(stream.lastIndexOf(":") + 1) : source.lane;
  return suffix === "critical" || suffix === "high" || suffix === "low" ? suffix : "normal";
}
