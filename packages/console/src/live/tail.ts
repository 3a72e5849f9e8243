/**
 * The newest messages of one topic, newest first. Paused means rows stay where they are, so nothing moves under the pointer;
 * what arrives meanwhile is counted and shown on resume.
 */
import { batch, signal } from "@preact/signals";
import type { Message } from "tidegate/contract";

/** More rows than anyone scrolls through, few enough that the page stays quick. */
const limit = 500;

export class Tail {
  readonly rows = signal<readonly Message[]>([]);
  readonly waiting = signal(0);
  readonly skipped = signal(0);
  readonly paused = signal(false);
  #held: readonly Message[] = [];

  push(items: readonly Message[], skipped = 0): void {
    const before = this.paused.peek() ? this.#held : this.rows.peek();
    const after = merge(before, items);
    batch(() => {
      if (skipped > 0) this.skipped.value += skipped;
      if (!this.paused.peek()) this.rows.value = after;
      else this.waiting.value += fresh(before, items);
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
}

export function keyOf(message: Message): string {
  return `${message.stream}/${message.entryId}`;
}

/** Newest first, each message once, at most the limit. */
function merge(rows: readonly Message[], items: readonly Message[]): readonly Message[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  for (const item of items) byKey.set(keyOf(item), item);
  return [...byKey.values()].sort((a, b) => compareIds(b.entryId, a.entryId)).slice(0, limit);
}

export function compareIds(a: string, b: string): number {
  const [aTime = 0, aSequence = 0] = a.split("-").map(Number);
  const [bTime = 0, bSequence = 0] = b.split("-").map(Number);
  return aTime - bTime || aSequence - bSequence;
}

function fresh(rows: readonly Message[], items: readonly Message[]): number {
  const known = new Set(rows.map(keyOf));
  return items.filter((item) => !known.has(keyOf(item))).length;
}
