/**
 * Log entries as they come. They are held back for as long as there is a reason: the pointer is on the list, text in it is selected, it was
 * scrolled, or the reader said so; only resuming by hand ends them all.
 */
import { signal } from "@preact/signals";
import type { LiveLogs, LogEntry } from "tidegate/contract";
import { compareIds, Tail } from "./tail.ts";

export type HoldReason = "asked" | "scrolled" | "selected" | "pointer";

export class LogFollow {
  readonly tail: Tail<LogEntry>;
  readonly problem = signal<string | null>(null);
  readonly #reasons = new Set<HoldReason>();

  constructor() {
    this.tail = new Tail<LogEntry>(entryKey, (a, b) => b.at - a.at || compareIds(b.id, a.id));
  }

  push(logs: LiveLogs): void {
    this.tail.push(logs.items, logs.skipped);
  }

  hold(reason: HoldReason): void {
    this.#reasons.add(reason);
    this.tail.pause();
  }

  release(reason: HoldReason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.tail.resume();
  }

  resume(): void {
    this.#reasons.clear();
    this.tail.resume();
  }
}

/** A log and an event may have the same id, each in its own stream. */
export function entryKey(entry: LogEntry): string {
  return `${entry.eventType === null ? "l" : "e"}${entry.id}`;
}
