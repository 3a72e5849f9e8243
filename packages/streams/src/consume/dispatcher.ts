/**
 * Buffers → handlers: starts what may start now and hands each verdict on.
 * - At most `concurrency` at once, and the last `reserve` of them only for critical messages.
 * - A handler that answers without a promise is settled in the same breath: no tick, no allocation.
 * - After a few milliseconds it lets the event loop breathe, so that replies and heartbeats are not held up by quick handlers.
 * - What may have been taken over meanwhile (its lease is older than it may be) is asked for before it is started.
 */
import { TidegateError } from "../errors.ts";
import type { Clock } from "../clock.ts";
import { isMarker } from "../message/decode.ts";
import type { Message } from "../message/message.ts";
import type { Delivery, Source } from "./delivery.ts";
import { ACK, type Verdict } from "./retry-policy.ts";
import { isCritical, Turns } from "./turns.ts";

/** What is done with one message; never throws, never rejects. */
export type Work = (delivery: Delivery, message: Message) => Promise<Verdict> | Verdict;

export interface DispatcherDeps {
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly work: Work;
  readonly concurrency: number;
  readonly reserve: number;
  readonly ageing: number;
  readonly lease: number;
  readonly maxCrashes: number;
  /** A delivery has left this source's buffer. */
  readonly taken: (source: Source) => void;
  /** Renews the lease of everything held and marks what is lost; resolves when Redis has answered, false when it never will. */
  readonly verify: () => Promise<boolean>;
  readonly settle: (delivery: Delivery, verdict: Verdict) => void;
}

/** Longest time in one piece. Far below any lease, far above the cost of a turn of the event loop. */
const SLICE = 5;

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #turns: Turns;
  #running = 0;
  #ordinary = 0;
  #sliceEnd = 0;
  #resting = false;
  #verifying = false;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#turns = new Turns(deps.sources, deps.ageing);
  }

  /** Handlers that have not answered. */
  get running(): number {
    return this.#running;
  }

  /** After whatever is being written to sockets in this turn of the event loop. */
  soon(): void {
    if (this.#resting || this.#closed) return;
    this.#resting = true;
    setImmediate(this.#dispatch, true);
  }

  /** Before anything else. */
  now(): void {
    if (!this.#closed) this.#dispatch(true);
  }

  /** Starts nothing any more. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when no handler runs; only after `close`. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => (this.#idle = resolve));
  }

  // Private

  /** Handlers are called from here without a detour: each frame of ours would cost time in each error they throw. */
  readonly #dispatch = (rested: boolean = false): void => {
    if (rested) {
      this.#resting = false;
      this.#sliceEnd = this.#deps.clock.now() + SLICE;
    }
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const verdict = this.#unseen(next) ?? this.#deps.work(next, next.message as Message);
      this.#decided(next, verdict);
    }
  };

  /** The next delivery that may be started now. */
  #next(): Delivery | undefined {
    const { clock, concurrency, reserve, lease, taken } = this.#deps;
    while (!this.#resting && !this.#verifying && !this.#closed && this.#running < concurrency) {
      const now = clock.now();
      if (now > this.#sliceEnd) this.soon();
      if (this.#resting) return undefined;
      const delivery = this.#turns.next(now, this.#ordinary >= concurrency - reserve);
      if (delivery === undefined) return undefined;
      if (delivery.outcome === null && now - delivery.renewedAt > lease) return void this.#verify(delivery);
      taken(delivery.source);
      delivery.startedAt = now;
      if (delivery.outcome === null) return delivery;
    }
    return undefined;
  }

  async #verify(delivery: Delivery): Promise<void> {
    delivery.source.buffer.unshift(delivery);
    this.#verifying = true;
    const answered = await this.#deps.verify();
    this.#verifying = false;
    if (answered) this.soon();
  }

  #decided(delivery: Delivery, verdict: Verdict | Promise<Verdict>): void {
    if (!(verdict instanceof Promise)) return this.#deps.settle(delivery, verdict);
    delivery.running = true;
    this.#running++;
    if (!isCritical(delivery.source)) this.#ordinary++;
    void verdict.then((decided) => this.#end(delivery, decided));
  }

  #end(delivery: Delivery, verdict: Verdict): void {
    delivery.running = false;
    this.#running--;
    if (!isCritical(delivery.source)) this.#ordinary--;
    this.#deps.settle(delivery, verdict);
    if (this.#running === 0) this.#idle?.();
    this.#dispatch();
  }

  /** The verdict on what no handler may see, or null: then it is decoded. */
  #unseen(delivery: Delivery): Verdict | null {
    if (isMarker(delivery.fields)) return ACK;
    try {
      delivery.decode();
    } catch (error) {
      return { kind: "dead", code: "UNDECODABLE", attempts: delivery.attempts(), error: error as Error };
    }
    return delivery.crashes >= this.#deps.maxCrashes ? crashed(delivery) : null;
  }
}

function crashed(delivery: Delivery): Verdict {
  const error = new TidegateError("CRASHED", `${delivery.crashes} consumers vanished while they had this message.`, {
    hint: "Mend the handler, then replay the dead letter.",
  });
  return { kind: "dead", code: "CRASHED", attempts: delivery.attempts(), error };
}
