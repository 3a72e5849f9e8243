/**
 * `tide.messages()`: the same consumer, its work being "wait until the caller has settled the message".
 * Prefetch is concurrency, so backpressure, heartbeats, fences and drain are those of every consumer.
 */
import { asError, Unrecoverable } from "../errors.ts";
import type { TopicContract } from "../message/contract.ts";
import type { Message } from "../message/message.ts";
import type { HeldMessage } from "../consuming.ts";
import type { Notice } from "../tide.ts";
import type { GroupConsumer, Work } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { failed, type Judging } from "./handle.ts";
import { ACK, type Verdict } from "./retry-policy.ts";

export interface IteratorDeps extends Judging {
  readonly open: (work: Work) => Promise<GroupConsumer>;
  readonly contract: TopicContract | null;
  /** Milliseconds a message may be held before a notice names it; 0 for never. */
  readonly warnAfter: number;
  readonly notice: (notice: Notice) => void;
}

export class MessageIterator implements AsyncIterableIterator<HeldMessage>, AsyncDisposable {
  readonly #deps: IteratorDeps;
  readonly #ready: HeldMessage[] = [];
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
    const message = this.#ready.shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
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
    if (this.#consumer !== undefined) return;
    this.#consumer = this.#deps.open((delivery, message) => this.#hold(delivery, message));
    this.#consumer
      .then((consumer) => consumer.closed)
      .then(
        () => this.#finish(),
        (error: Error) => this.#finish(error),
      );
  }

  #hold(delivery: Delivery, message: Message): Promise<Verdict> {
    return new Promise((resolve) => {
      // A lost or stopped delivery must not keep its slot for ever; the consumer hands it back.
      delivery.signal.addEventListener("abort", () => resolve(failed(delivery, message, delivery.signal.reason, this.#deps)), {
        once: true,
      });
      this.#give(held(delivery, message, this.#deps, resolve));
    });
  }

  #give(message: HeldMessage): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(message);
    else waiting.resolve({ done: false, value: message });
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

function held(delivery: Delivery, message: Message, judging: Judging, decide: (verdict: Verdict) => void): HeldMessage {
  const settled = new Promise<boolean>((resolve) => (delivery.onSettled = (outcome) => resolve(outcome !== "lost")));
  const settle = (verdict: Verdict): Promise<boolean> => {
    decide(verdict);
    return settled;
  };
  return {
    ...message,
    attempt: delivery.failures + 1,
    get signal() {
      return delivery.signal;
    },
    ack: () => settle(ACK),
    retry: ({ delay, reason } = {}) => {
      const verdict = failed(delivery, message, reason ?? new Error("the consumer asked for a retry"), judging);
      return settle(verdict.kind === "retry" && delay !== undefined ? { ...verdict, delay } : verdict);
    },
    deadLetter: (reason) => settle(failed(delivery, message, new Unrecoverable(asError(reason).message), judging)),
  };
}
