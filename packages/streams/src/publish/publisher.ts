/**
 * Turns single publishes into few script calls. Everything published to a topic in one tick travels together;
 * while calls are under way, more collects, so batches grow with the load by themselves.
 * What waits for replicas has a connection of its own and there queues of its own; the order of publishes holds within each of the two.
 */
import type { Clock } from "../clock.ts";
import { asError, TidegateError } from "../errors.ts";
import { checkTopic, type Keys } from "../keys.ts";
import { encode, type Encoded, type EncodeDefaults } from "../message/encode.ts";
import { newMessageId } from "../message/message-id.ts";
import type { OutgoingMessage } from "../message/message.ts";
import { checkDurability, type Durability, type PublishOptions, type PublishResult, type Receipt, type Wanted } from "../publishing.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { currentContext, type FlowContext } from "../telemetry/context.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import { childTraceparent } from "../telemetry/traceparent.ts";
import type { TopicSettingsStore } from "../topics/settings.ts";
import type { Waiting } from "./batch.ts";
import { WAIT_DEADLINE } from "./durability.ts";
import { TopicQueue } from "./topic-queue.ts";

export interface PublisherDeps {
  readonly link: Link;
  /** Makes the connection for `durability: { replicas }`, at the first publish that wants it; `deadline` is the silence WAIT may cause. */
  readonly openReplicated: (deadline: number) => Link;
  readonly scripts: Scripts;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly settings: TopicSettingsStore;
  readonly service: string;
  readonly tracer: Tracer;
  readonly durability: Durability;
  readonly maxPayload: number;
  readonly maxBuffered: number;
  readonly maxRetries: number;
  readonly publishTimeout: number;
  readonly onTopic: (topic: string) => void;
}

/** Two calls are on the wire while the next is being made. */
const IN_FLIGHT = 4;
/** WAIT blocks its connection, so a second call would only wait there. */
const IN_FLIGHT_REPLICATED = 1;

export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #defaults: EncodeDefaults;
  readonly #durability: Wanted;
  readonly #stored = new Map<string, TopicQueue>();
  readonly #replicated = new Map<string, TopicQueue>();
  #replicatedLink: Link | undefined;
  #buffered = 0;
  #closed = false;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
    this.#defaults = { service: deps.service, maxPayload: deps.maxPayload };
    this.#durability = checkDurability(deps.durability);
  }

  publish(topic: string, message: OutgoingMessage, options?: PublishOptions): Promise<Receipt> {
    const flow = currentContext();
    if (flow?.traceparent !== undefined && this.#deps.tracer.enabled && isUntraced(message)) return this.#traced(topic, message, options);
    return this.#publish(topic, message, options, flow);
  }

  async publishMany(topic: string, messages: readonly OutgoingMessage[], options?: PublishOptions): Promise<readonly PublishResult[]> {
    return await settled(messages.map((message) => this.publish(topic, message, options)));
  }

  /** Waits until everything accepted so far is answered. */
  async flush(): Promise<void> {
    await Promise.all([...this.#stored.values(), ...this.#replicated.values()].map((queue) => queue.idle()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    this.abandon();
  }

  /** What still waits for replicas is refused. The caller closes the other connection. */
  abandon(): void {
    this.#replicatedLink?.close();
  }

  // Private

  /** Within a trace: the message carries the span that published it. */
  async #traced(topic: string, message: OutgoingMessage, options: PublishOptions | undefined): Promise<Receipt> {
    const { type, priority = "normal", messageId = newMessageId() } = message;
    const span = this.#deps.tracer.startSpan(`publish ${topic}`, {
      kind: "producer",
      attributes: { topic, type, message_id: messageId, priority },
    });
    try {
      const receipt = await this.#publish(topic, { ...message, messageId, traceparent: span.traceparent }, options, currentContext());
      span.set({ entry_id: receipt.entryId });
      return receipt;
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }

  #publish(topic: string, message: OutgoingMessage, options: PublishOptions | undefined, flow: FlowContext | undefined): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      try {
        this.#accept(topic, message, options?.durability, flow, resolve, reject);
      } catch (error) {
        reject(asError(error));
      }
    });
  }

  #accept(
    topic: string,
    message: OutgoingMessage,
    durability: Durability | undefined,
    flow: FlowContext | undefined,
    resolve: (receipt: Receipt) => void,
    reject: (error: Error) => void,
  ): void {
    if (this.#closed) throw new TidegateError("CLOSED", "The connection was closed; nothing can be published any more.");
    const wanted = durability === undefined ? this.#durability : checkDurability(durability);
    const queues = wanted === "stored" ? this.#stored : this.#replicated;
    const queue = queues.get(topic) ?? this.#open(topic, queues);
    const encoded = encode(message, flow === undefined ? this.#defaults : this.#inFlow(flow));
    if (this.#buffered + encoded.size > this.#deps.maxBuffered) throw this.#full();
    this.#buffered += encoded.size;
    queue.add(new Accepted(encoded, resolve, reject), wanted);
  }

  #inFlow(flow: FlowContext): EncodeDefaults {
    const traceparent = flow.traceparent === undefined ? undefined : childTraceparent(flow.traceparent);
    return { ...this.#defaults, correlationId: flow.correlationId, causationId: flow.causationId, traceparent, userId: flow.userId };
  }

  #open(topic: string, queues: Map<string, TopicQueue>): TopicQueue {
    const replicated = queues === this.#replicated;
    const queue = new TopicQueue(checkTopic(topic), {
      ...this.#deps,
      link: replicated ? (this.#replicatedLink ??= this.#deps.openReplicated(WAIT_DEADLINE)) : this.#deps.link,
      inFlight: replicated ? IN_FLIGHT_REPLICATED : IN_FLIGHT,
      onFreed: (bytes) => (this.#buffered -= bytes),
    });
    queues.set(topic, queue);
    this.#deps.onTopic(topic);
    return queue;
  }

  #full(): TidegateError {
    return new TidegateError("BACKPRESSURE", `${this.#buffered} bytes wait for Redis; the limit is ${this.#deps.maxBuffered}.`, {
      hint: "Wait for earlier publishes before making new ones, or raise maxBuffered.",
    });
  }
}

/** A class and no literal, for the reason `CompactFields` of `redis/shapes.ts` gives: a thousand of them wait for one answer. */
class Accepted implements Waiting {
  readonly message: Encoded;
  readonly counted: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: Error) => void;

  constructor(message: Encoded, resolve: (receipt: Receipt) => void, reject: (error: Error) => void) {
    this.message = message;
    this.counted = message.size;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** A traceparent the caller gives is his to know about; and what is no message at all, the encoder says. */
function isUntraced(message: OutgoingMessage): boolean {
  return typeof message === "object" && message !== null && message.traceparent === undefined;
}

/** One result per publish, in order. */
export async function settled(publishes: readonly Promise<Receipt>[]): Promise<readonly PublishResult[]> {
  const results = await Promise.allSettled(publishes);
  return results.map((one) => (one.status === "fulfilled" ? { ok: true, receipt: one.value } : { ok: false, error: one.reason as Error }));
}
