/**
 * `tide.messages()`: the same consumer, its work being "wait until the caller has settled the message".
 * Prefetch is concurrency, so backpressure, heartbeats, fences and drain are those of every consumer.
 */
import { asError, TidegateError } from "../errors.ts";
import { checkIncoming, type TopicContract } from "../message/contract.ts";
import type { Message } from "../message/message.ts";
import type { HeldMessage } from "../consuming.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import type { Notice } from "../tide.ts";
import type { GroupConsumer } from "./consumer.ts";
import type { Work } from "./dispatcher.ts";
import type { Delivery } from "./delivery.ts";
import { failed, refused, type Judging } from "./handle.ts";
import { held, type Holding } from "./held.ts";
import type { Verdict } from "./retry-policy.ts";

export interface IteratorDeps extends Judging {
  readonly group: string;
  readonly tracer: Tracer;
  readonly open: (work: Work) => Promise<GroupConsumer>;
  readonly contract: TopicContract | null;
  /** Milliseconds a message may be held before a notice names it; 0 for never. */
  readonly warnAfter: number;
  readonly notice: (notice: Notice) => void;
}

export class MessageIterator implements AsyncIterableIterator<HeldMessage>, AsyncDisposable {
  readonly #deps: IteratorDeps;
  readonly #ready: Holding[] = [];
  readonly #waiting: { resolve: (result: IteratorResult<HeldMessage>) => void; reject: (error: Error) => void }[] = [];
  #consumer: Promise<GroupConsumer> | undefined;
  #over: IteratorResult<HeldMessage> | undefined;
  #error: Error | undefined;

  constructor(deps: IteratorDeps) {
    this.#deps = deps;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<HeldMessage>> {
    this.#start();
    const next = this.#ready.shift();
    if (next !== undefined) return Promise.resolve({ done: false, value: next.handOut() });
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#over !== undefined) return Promise.resolve(this.#over);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Called by `break` and by a throw inside `for await`: unsettled messages go back at once. */
  async return(): Promise<IteratorResult<HeldMessage>> {
    this.#finish();
    const consumer = await this.#consumer?.catch(() => undefined);
    await consumer?.stop({ deadline: 0 });
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  // Private

  #start(): void {
    if (this.#consumer !== undefined || this.#over !== undefined) return;
    this.#consumer = this.#deps.open((delivery, message) => this.#take(delivery, message));
    this.#consumer
      .then((consumer) => consumer.closed)
      .then(
        () => this.#finish(),
        (error: Error) => this.#finish(error),
      );
  }

  #take(delivery: Delivery, message: Message): Promise<Verdict> {
    const { contract } = this.#deps;
    return contract === null ? this.#hold(delivery, message) : this.#check(contract, delivery, message);
  }

  /** What the contract refuses is dead-lettered and never given out. */
  async #check(contract: TopicContract, delivery: Delivery, message: Message): Promise<Verdict> {
    try {
      const checked = await checkIncoming(contract, message);
      if (checked instanceof TidegateError) return refused(delivery, message, checked, this.#deps);
      return await this.#hold(delivery, checked);
    } catch (thrown) {
      return failed(delivery, message, thrown, this.#deps);
    }
  }

  #hold(delivery: Delivery, message: Message): Promise<Verdict> {
    return new Promise((resolve) => {
      // A lost or stopped delivery must not keep its slot for ever; the consumer hands it back.
      const gone = (): void => resolve(givenUp(delivery));
      if (delivery.signal.aborted || this.#over !== undefined) return gone();
      delivery.signal.addEventListener("abort", gone, { once: true });
      this.#give(held(delivery, message, this.#deps, resolve));
    });
  }

  #give(holding: Holding): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(holding);
    else waiting.resolve({ done: false, value: holding.handOut() });
  }

  #finish(error?: Error): void {
    this.#error ??= error;
    this.#over ??= { done: true, value: undefined };
    this.#ready.length = 0;
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (error === undefined) resolve(this.#over);
      else reject(error);
    }
  }
}

/** Never carried out: by the time it is answered, the delivery is lost or its consumer stops and hands it back. */
function givenUp(delivery: Delivery): Verdict {
  return { kind: "retry", delay: 0, attempts: delivery.attempts(), error: asError(delivery.signal.reason) };
}
