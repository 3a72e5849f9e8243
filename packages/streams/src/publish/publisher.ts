/**
 * Turns single publishes into few script calls. Everything published to a topic in one tick travels together;
 * while calls are under way, more collects, so batches grow with the load by themselves.
 *
 * A batch has a number; the server remembers the last answers of each producer. So a batch whose answer was lost is sent
 * again under the same number, here until `publishTimeout` and then by the caller through `PublishUnknown.retry()`.
 */
import { asError, PublishUnknown, TidegateError } from "../errors.ts";
import { checkTopic, type Keys } from "../keys.ts";
import { encode } from "../message/codec.ts";
import { newMessageId } from "../message/message-id.ts";
import { PRIORITIES, type OutgoingMessage } from "../message/message.ts";
import { backoff, type Link } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Scripts } from "../redis/scripts.ts";
import { pause, type Clock } from "../clock.ts";
import { childTraceparent, currentContext } from "../telemetry/context.ts";
import type { TopicSettingsStore } from "../topics/settings.ts";
import type { PublishOptions, PublishResult, Receipt } from "../publishing.ts";
import { Batch, type Waiting } from "./batch.ts";

export interface PublisherDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly settings: TopicSettingsStore;
  readonly service: string;
  readonly maxPayload: number;
  readonly maxBuffered: number;
  readonly publishTimeout: number;
  readonly onTopic: (topic: string) => void;
}

/** Script calls on the wire per topic. More would only make the batches smaller. */
const IN_FLIGHT = 3;
const ANSWERS_KEPT_FOR = 600;

export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #producer = newMessageId();
  readonly #topics = new Map<string, TopicQueue>();
  #buffered = 0;
  #closed = false;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  publish(topic: string, message: OutgoingMessage, _options?: PublishOptions): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      try {
        this.#accept(topic, message, resolve, reject);
      } catch (error) {
        reject(asError(error));
      }
    });
  }

  async publishMany(topic: string, messages: readonly OutgoingMessage[], options?: PublishOptions): Promise<readonly PublishResult[]> {
    return await settled(messages.map((message) => this.publish(topic, message, options)));
  }

  /** Waits until everything accepted so far is answered. */
  async flush(): Promise<void> {
    await Promise.all([...this.#topics.values()].map((queue) => queue.idle()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  // Private

  #accept(topic: string, message: OutgoingMessage, resolve: (receipt: Receipt) => void, reject: (error: Error) => void): void {
    if (this.#closed) throw new TidegateError("CLOSED", "The connection was closed; nothing can be published any more.");
    const queue = this.#topics.get(topic) ?? this.#open(topic);
    const flow = currentContext();
    const encoded = encode(message, {
      service: this.#deps.service,
      maxPayload: this.#deps.maxPayload,
      correlationId: flow?.correlationId,
      causationId: flow?.causationId,
      traceparent: flow?.traceparent === undefined ? undefined : childTraceparent(flow.traceparent),
      userId: flow?.userId,
    });
    if (this.#buffered + encoded.size > this.#deps.maxBuffered) throw this.#full();
    this.#buffered += encoded.size;
    queue.add({ message: encoded, resolve, reject, since: this.#deps.clock.now() });
  }

  #open(topic: string): TopicQueue {
    const { keys } = this.#deps;
    const streams = PRIORITIES.map((priority) => keys.lane(checkTopic(topic), priority));
    const queue = new TopicQueue(this.#deps, [...streams, keys.producer(topic, this.#producer)], (bytes) => (this.#buffered -= bytes));
    this.#topics.set(topic, queue);
    this.#deps.onTopic(topic);
    return queue;
  }

  #full(): TidegateError {
    return new TidegateError("BACKPRESSURE", `${this.#buffered} bytes wait for Redis; the limit is ${this.#deps.maxBuffered}.`, {
      hint: "Wait for earlier publishes before making new ones, or raise maxBuffered.",
    });
  }
}

/** One result per publish, in order. */
export async function settled(publishes: readonly Promise<Receipt>[]): Promise<readonly PublishResult[]> {
  const results = await Promise.allSettled(publishes);
  return results.map((one) => (one.status === "fulfilled" ? { ok: true, receipt: one.value } : { ok: false, error: one.reason as Error }));
}

class TopicQueue {
  readonly #deps: PublisherDeps;
  /** Four lanes and the producer's key, in the order of `publish.lua`. */
  readonly #keys: readonly string[];
  readonly #freed: (bytes: number) => void;
  readonly #batches: Batch[] = [];
  #inFlight = 0;
  #scheduled = false;
  #number = 0;
  #idleWaiters: (() => void)[] = [];

  constructor(deps: PublisherDeps, keys: readonly string[], freed: (bytes: number) => void) {
    this.#deps = deps;
    this.#keys = keys;
    this.#freed = freed;
  }

  add(item: Waiting): void {
    const last = this.#batches.at(-1);
    if (last === undefined || !last.add(item)) {
      const batch = new Batch();
      batch.add(item);
      this.#batches.push(batch);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  idle(): Promise<void> {
    if (this.#inFlight === 0 && this.#batches.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #pump(): void {
    while (this.#inFlight < IN_FLIGHT) {
      const batch = this.#batches.shift();
      if (batch === undefined) break;
      batch.number = ++this.#number;
      this.#inFlight++;
      void this.#send(batch).finally(() => {
        this.#inFlight--;
        this.#pump();
      });
    }
    if (this.#inFlight === 0 && this.#batches.length === 0) for (const done of this.#idleWaiters.splice(0)) done();
  }

  async #send(batch: Batch): Promise<void> {
    try {
      const receipts = await this.#deliver(batch, batch.items[0]?.since ?? this.#deps.clock.now(), null);
      batch.items.forEach(({ resolve }, index) => resolve(receipts[index] as Receipt));
    } catch (error) {
      this.#refuse(batch, error as Error);
    } finally {
      this.#freed(batch.bytes);
    }
  }

  /** Sends until answered or the time is over. Throws `Unanswered` when an answer was lost on the way, else the fault. */
  async #deliver(batch: Batch, since: number, doubt: Unanswered | null): Promise<Receipt[]> {
    const { link, scripts, publishTimeout } = this.#deps;
    const args = batch.arguments(ANSWERS_KEPT_FOR);
    let unanswered = doubt;
    for (let failures = 0; ; failures++) {
      try {
        await link.whenUp(publishTimeout - (this.#deps.clock.now() - since));
        return batch.receipts(String(await scripts.run(link, "publish", this.#keys, args)), this.#keys);
      } catch (error) {
        const fault = error as RedisFault;
        if (fault.sent && fault.reaction === "reconnect") unanswered = new Unanswered(fault);
        const over = this.#deps.clock.now() - since >= publishTimeout;
        if (over || (fault.reaction !== "reconnect" && fault.reaction !== "again")) throw unanswered ?? error;
        await pause(this.#deps.clock, Math.min(backoff(failures), Math.max(1, publishTimeout - (this.#deps.clock.now() - since))));
      }
    }
  }

  #refuse(batch: Batch, error: Error): void {
    if (!(error instanceof Unanswered)) return batch.items.forEach(({ reject }) => reject(error));
    let again: Promise<Receipt[]> | undefined;
    // All messages of the batch ask together, under its old number. Until there is an answer the doubt remains.
    const retry = (): Promise<Receipt[]> =>
      (again ??= this.#deliver(batch, this.#deps.clock.now(), error).finally(() => (again = undefined)));
    const doubtful = (index: number): PublishUnknown => {
      const mine = (): Promise<Receipt | undefined> =>
        retry().then(
          (receipts) => receipts[index],
          (caught: unknown) => Promise.reject(caught instanceof Unanswered ? doubtful(index) : asError(caught)),
        );
      return new PublishUnknown(
        `The answer to message ${batch.items[index]?.message.messageId ?? ""} was lost; it may or may not be stored.`,
        mine,
        error.cause,
      );
    };
    batch.items.forEach(({ reject }, index) => reject(doubtful(index)));
  }
}

class Unanswered extends Error {
  constructor(cause: Error) {
    super("unanswered", { cause });
  }
}
