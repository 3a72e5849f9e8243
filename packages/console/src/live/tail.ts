/**
 * The newest rows of something that goes on, newest first. Paused means rows stay where they are, so nothing moves under the pointer;
 * what arrives meanwhile is counted and shown on resume.
 */
import { batch, signal } from "@preact/signals";
import type { Message } from "tidegate/contract";

/** More rows than anyone scrolls through, few enough that the page stays quick. */
const limit = 500;

export class Tail<Row> {
  readonly rows = signal<readonly Row[]>([]);
  readonly waiting = signal(0);
  readonly skipped = signal(0);
  readonly paused = signal(false);
  readonly #keyOf: (row: Row) => string;
  readonly #newestFirst: (a: Row, b: Row) => number;
  #held: readonly Row[] = [];

  /** Rows of the same key are the same row. */
  constructor(keyOf: (row: Row) => string, newestFirst: (a: Row, b: Row) => number) {
    this.#keyOf = keyOf;
    this.#newestFirst = newestFirst;
  }

  push(items: readonly Row[], skipped = 0): void {
    const before = this.paused.peek() ? this.#held : this.rows.peek();
    const after = this.#merge(before, items);
    batch(() => {
      if (skipped > 0) this.skipped.value += skipped;
      if (!this.paused.peek()) this.rows.value = after;
      else this.waiting.value += this.#fresh(before, items);
    });
    this.#held = after;
  }

  pause(): void {
    if (this.paused.peek()) return;
    this.#held = this.rows.peek();
    this.paused.value = true;
  }

  resume(): void {
    if (!this.paused.peek()) return;
    batch(() => {
      this.rows.value = this.#held;
      this.waiting.value = 0;
      this.paused.value = false;
    });
  }

  /** Each row once, at most the limit. */
  #merge(rows: readonly Row[], items: readonly Row[]): readonly Row[] {
    const byKey = new Map(rows.map((row) => [this.#keyOf(row), row]));
    for (const item of items) byKey.set(this.#keyOf(item), item);
    return [...byKey.values()].sort(this.#newestFirst).slice(0, limit);
  }

  #fresh(rows: readonly Row[], items: readonly Row[]): number {
    const known = new Set(rows.map(this.#keyOf));
    return items.filter((item) => !known.has(this.#keyOf(item))).length;
  }
}

export function messageTail(): Tail<Message> {
  return new Tail<Message>(keyOf, (a, b) => compareIds(b.entryId, a.entryId));
}

export function keyOf(message: Message): string {
  return `${message.stream}/${message.entryId}`;
}

export function compareIds(a: string, b: string): number {
  const [aTime = 0, aSequence = 0] = a.split("-").map(Number);
  const [bTime = 0, bSequence = 0] = b.split("-").map(Number);
  return aTime - bTime || aSequence - bSequence;
}
