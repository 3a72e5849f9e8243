/** What befell a message, as `tide.history` tells it. Types only; `inspect/history.ts` puts it together. */
import type { Message } from "./message/message.ts";

/**
 * - `published`: stored, by `by` (the service).
 * - `delivered`: given to consumer `by` of `group`.
 * - `acknowledged`, `retried` (failed, waits for another attempt), `dead_lettered`: how that delivery ended.
 * - `taken_over`: by consumer `by`, because whoever had it had been silent for the lease, or had handed it back.
 * - `released`: handed back unhandled, no attempt counted.
 * - `moved`: its group was, by `by`, past this message or back before it (`groups.seek`, `groups.reset`).
 * - `replayed`, `discarded`, `expired`: done to its dead letter; the first two by `by`, the service that asked for it.
 */
export type HistoryAct =
  | "published"
  | "delivered"
  | "taken_over"
  | "acknowledged"
  | "retried"
  | "dead_lettered"
  | "released"
  | "moved"
  | "replayed"
  | "discarded"
  | "expired";

export interface HistoryEntry {
  /** Unix milliseconds. */
  readonly at: number;
  readonly act: HistoryAct;
  /** Null for `published`. */
  readonly group: string | null;
  /** The consumer, or the publishing service; null where nobody is known. */
  readonly by: string | null;
  /** Of a delivery: 1 for the first. */
  readonly attempt: number | null;
  /** Why, where it failed. */
  readonly error: string | null;
  readonly code: string | null;
  /** Of `retried`: Unix milliseconds from which the next attempt may begin. */
  readonly dueAt: number | null;
  /** Of `dead_lettered` and `replayed`: the dead letter's id. */
  readonly deadLetterId: string | null;
  /** Of `moved`: the entry id after which the group went on; `0` the beginning, `$` what came later. */
  readonly position: string | null;
}

/**
 * Where one group stands with it now. `not_delivered`: in nobody's hands, still to be read, or handed back. `discarded`: its dead letter was, or
 * expired. `skipped`: the group was moved past it. `unknown`: the group has passed it, but no record says how: it began later, belongs to another
 * program, or the record has been trimmed.
 */
export type HistoryState =
  | "not_delivered"
  | "pending"
  | "waiting_retry"
  | "acknowledged"
  | "dead_lettered"
  | "discarded"
  | "skipped"
  | "unknown";

export interface MessageHistory {
  readonly topic: string;
  readonly messageId: string;
  /** Key of the stream it was published to, and its entry there. */
  readonly stream: string;
  readonly entryId: string;
  /** Null when the entry has been trimmed and only its history is left. */
  readonly message: Message | null;
  readonly traceId: string | null;
  /** By time. */
  readonly entries: readonly HistoryEntry[];
  readonly groups: Readonly<Record<string, HistoryState>>;
  /** False when records that old have been trimmed, so that something may be missing. */
  readonly complete: boolean;
}
