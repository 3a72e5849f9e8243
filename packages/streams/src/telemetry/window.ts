/**
 * A bounded buffer that empties itself: every `every` ms, or as soon as `most` items wait, one batch goes, and the next when it has arrived.
 * Order is kept and nothing stays behind: as long as anything is left, another batch is due. A batch that did not arrive goes again under
 * the same number, so that a receiver who remembers the last number takes none twice. What does not fit is told to `onDropped`.
 */
import type { Clock } from "../clock.ts";

export interface WindowOptions<T> {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly every: number;
  /** Items of one batch. */
  readonly most: number;
  /** Items that may wait, those under way included. */
  readonly capacity: number;
  /** Bytes of them. */
  readonly capacityBytes: number;
  /** Rejects when it must go again; resolves when it has arrived, or never will. `number` counts from 1. */
  readonly send: (batch: readonly T[], number: number) => Promise<void>;
  readonly onDropped: (item: T) => void;
  /** A batch has left, so there is room again. */
  readonly onRoom?: () => void;
}

/** Milliseconds before a batch goes again: the first time and at most. */
const REST = 100;
const LONGEST_REST = 2_000;

export class Window<T> {
  readonly #options: WindowOptions<T>;
  /** Oldest first; items are added to the last, the first may be under way. */
  readonly #chunks: Chunk<T>[] = [];
  #size = 0;
  #bytes = 0;
  #added = 0;
  /** Of the added ones: arrived, or dropped since. */
  #settled = 0;
  #number = 0;
  #sending = false;
  #closed = false;
  #cancelDue: (() => void) | undefined;
  #dueAtOnce = false;
  #wake: (() => void) | undefined;
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
    if (!this.#sending) this.#arm(this.#size >= most);
    return true;
  }

  /** Resolves when everything added so far has arrived or was dropped. */
  flush(): Promise<void> {
    if (this.#settled >= this.#added) return Promise.resolve();
    const mark = this.#added;
    if (!this.#sending) this.#arm(true);
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

  #tail(most: number): Chunk<T> {
    const last = this.#chunks.at(-1);
    if (last !== undefined && !last.underWay && last.items.length < most) return last;
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
    if (!this.#sending && this.#size > 0) void this.#pump();
  };

  async #pump(): Promise<void> {
    this.#sending = true;
    do await this.#send(this.#chunks[0] as Chunk<T>);
    while (this.#size >= this.#options.most || (this.#waiters.length > 0 && this.#size > 0));
    this.#sending = false;
    if (this.#size > 0) this.#arm(false);
  }

  async #send(chunk: Chunk<T>): Promise<void> {
    chunk.underWay = true;
    const number = ++this.#number;
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#options.send(chunk.items, number);
        break;
      } catch {
        await this.#rest(Math.min(LONGEST_REST, REST * 2 ** failures));
      }
    }
    if (this.#chunks[0] !== chunk) return;
    this.#settleFirst();
    this.#options.onRoom?.();
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #settleFirst(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return;
    this.#size -= chunk.items.length;
    this.#bytes -= chunk.bytes;
    this.#settled += chunk.items.length;
    while (this.#waiters[0] !== undefined && this.#waiters[0].mark <= this.#settled) this.#waiters.shift()?.done();
  }

  #giveUp(): void {
    this.#closed = true;
    while (this.#chunks.length > 0) {
      for (const item of (this.#chunks[0] as Chunk<T>).items) this.#options.onDropped(item);
      this.#settleFirst();
    }
    this.#wake?.();
  }
}

class Chunk<T> {
  readonly items: T[] = [];
  bytes = 0;
  underWay = false;

  add(item: T, bytes: number): void {
    this.items.push(item);
    this.bytes += bytes;
  }
}
