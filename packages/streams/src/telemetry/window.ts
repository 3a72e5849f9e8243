/**
 * A bounded buffer that empties itself: every `every` ms, or as soon as `most` items wait, a batch goes; `inFlight` of them are under way at
 * most. Nothing stays behind: as long as anything is left, another batch is due. Batches are numbered in their order. One that did not
 * arrive goes again under its number, and not before those in front of it have arrived: a receiver who remembers the last number can refuse
 * what comes too early or twice. What does not fit is told to `onDropped`.
 */
import type { Clock } from "../clock.ts";

export interface WindowOptions<T> {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly every: number;
  /** Items of one batch. */
  readonly most: number;
  /** Batches under way at once. Default 1. */
  readonly inFlight?: number;
  /** Items that may wait, those under way included. */
  readonly capacity: number;
  /** Bytes of them. */
  readonly capacityBytes: number;
  /**
   * Rejects when it must go again; resolves when it has arrived, or never will. `number` counts from 1; `oldest` is the number of the oldest
   * one under way.
   */
  readonly send: (batch: readonly T[], number: number, oldest: number) => Promise<void>;
  readonly onDropped: (item: T) => void;
  /** A batch has left, so there is room again. */
  readonly onRoom?: () => void;
}

/** Milliseconds before a batch goes again: the first time and at most. */
const REST = 100;
const LONGEST_REST = 2_000;

export class Window<T> {
  readonly #options: WindowOptions<T>;
  /** Oldest first: those under way, then those that wait. Items are added to the last. */
  readonly #chunks: Chunk<T>[] = [];
  #underWay = 0;
  #size = 0;
  #bytes = 0;
  #added = 0;
  /** Of the added ones: arrived, or dropped since. */
  #settled = 0;
  #number = 0;
  #closed = false;
  #cancelDue: (() => void) | undefined;
  #dueAtOnce = false;
  readonly #resting = new Set<() => void>();
  readonly #waiters: { readonly mark: number; readonly done: () => void }[] = [];

  constructor(options: WindowOptions<T>) {
    this.#options = options;
  }

  /** Items that wait, those under way included. */
  get size(): number {
    return this.#size;
  }

  /** False when there was no room. */
  add(item: T, bytes: number): boolean {
    const { capacity, capacityBytes, most } = this.#options;
    if (this.#closed || this.#size >= capacity || this.#bytes + bytes > capacityBytes) {
      this.#options.onDropped(item);
      return false;
    }
    this.#tail(most).add(item, bytes);
    this.#size++;
    this.#bytes += bytes;
    this.#added++;
    if (this.#underWay < this.#inFlight) this.#arm((this.#waiting?.items.length ?? 0) >= most);
    return true;
  }

  /** Resolves when everything added so far has arrived or was dropped. */
  flush(): Promise<void> {
    if (this.#settled >= this.#added) return Promise.resolve();
    const mark = this.#added;
    this.#arm(true);
    return new Promise((done) => this.#waiters.push({ mark, done }));
  }

  /** Flushes, for at most `limit` ms; what is left then is dropped. */
  async close(limit: number): Promise<void> {
    const cancel = this.#options.clock.after(limit, () => this.#giveUp());
    await this.flush();
    cancel();
    this.#closed = true;
    this.#cancelDue?.();
  }

  // Private

  get #inFlight(): number {
    return this.#options.inFlight ?? 1;
  }

  /** The next to go. */
  get #waiting(): Chunk<T> | undefined {
    return this.#chunks[this.#underWay];
  }

  #tail(most: number): Chunk<T> {
    const last = this.#chunks.length > this.#underWay ? this.#chunks.at(-1) : undefined;
    if (last !== undefined && last.items.length < most) return last;
    const chunk = new Chunk<T>();
    this.#chunks.push(chunk);
    return chunk;
  }

  /** Deferred even when due at once: whoever adds the last item must not pay for the batch. */
  #arm(atOnce: boolean): void {
    if (this.#cancelDue !== undefined && (this.#dueAtOnce || !atOnce)) return;
    this.#cancelDue?.();
    this.#dueAtOnce = atOnce;
    this.#cancelDue = this.#options.clock.after(atOnce ? 0 : this.#options.every, this.#due);
  }

  readonly #due = (): void => {
    this.#cancelDue = undefined;
    this.#start(true);
  };

  /** Sends what is due: a first one because its time has come, others if they are full or somebody flushes. */
  #start(timely: boolean): void {
    let due = timely;
    while (this.#underWay < this.#inFlight && this.#waiting !== undefined) {
      if (!due && this.#waiting.items.length < this.#options.most && this.#waiters.length === 0) return this.#arm(false);
      due = false;
      const ahead = this.#chunks[this.#underWay - 1];
      void this.#send(this.#waiting, ahead?.arrived);
      this.#underWay++;
    }
  }

  async #send(chunk: Chunk<T>, ahead: Promise<void> | undefined): Promise<void> {
    chunk.number = ++this.#number;
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#options.send(chunk.items, chunk.number, this.#chunks[0]?.number ?? chunk.number);
        break;
      } catch {
        // Those in front first; then it may not have been its own fault.
        await (ahead === undefined || failures > 0 ? this.#rest(Math.min(LONGEST_REST, REST * 2 ** failures)) : ahead);
      }
    }
    await ahead;
    if (this.#chunks[0] !== chunk) return;
    this.#settleFirst();
    this.#options.onRoom?.();
    this.#start(false);
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#resting.delete(done);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, done);
      this.#resting.add(done);
    });
  }

  #settleFirst(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return;
    this.#underWay = Math.max(0, this.#underWay - 1);
    this.#size -= chunk.items.length;
    this.#bytes -= chunk.bytes;
    this.#settled += chunk.items.length;
    chunk.settle();
    while (this.#waiters[0] !== undefined && this.#waiters[0].mark <= this.#settled) this.#waiters.shift()?.done();
  }

  #giveUp(): void {
    this.#closed = true;
    while (this.#chunks.length > 0) {
      for (const item of (this.#chunks[0] as Chunk<T>).items) this.#options.onDropped(item);
      this.#settleFirst();
    }
    for (const done of this.#resting) done();
  }
}

class Chunk<T> {
  readonly items: T[] = [];
  /** Resolves when it has arrived or was dropped. */
  readonly arrived: Promise<void>;
  readonly settle: () => void;
  bytes = 0;
  number = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.arrived = promise;
    this.settle = resolve;
  }

  add(item: T, bytes: number): void {
    this.items.push(item);
    this.bytes += bytes;
  }
}
