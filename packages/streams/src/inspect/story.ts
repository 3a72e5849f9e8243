/** A message's story from what is known of it. Pure. */
import type { HistoryAct, HistoryEntry, HistoryState } from "../history.ts";
import { compareIds, timeOf } from "../message/entry-id.ts";
import type { AttemptRecord, Message } from "../message/message.ts";
import { reasonAt, valueAt, type HistoryRecord, type Origin, type RecordedAct } from "../redis/history-record.ts";
import type { DeadLetter } from "../views.ts";
import type { Whereabouts } from "./whereabouts.ts";

/** A record that names the message, and which of its messages it is. */
export interface Placed extends HistoryRecord {
  readonly at: number;
  readonly place: number;
}

/** Where each group stands with it. */
export function statesOf({ origin, records, letters, groups }: Omit<Known, "message" | "now">): Record<string, HistoryState> {
  const states: Record<string, HistoryState> = {};
  const names = new Set(
    [...groups, ...records.filter(({ act }) => act !== "moved"), ...letters].map(({ group }) => group).filter((group) => group !== ""),
  );
  for (const group of [...names].toSorted()) {
    const now = groups.find((one) => one.group === group);
    const last = meaningful(records, origin).findLast((one) => one.group === group && ENDS.has(one.act));
    if (now?.waits === true) states[group] = "waiting_retry";
    else if (now !== undefined && now.held !== null) states[group] = "pending";
    else if (letters.some((letter) => letter.group === group)) states[group] = "dead_lettered";
    else if (now?.passed === false) states[group] = "not_delivered";
    else states[group] = (last === undefined ? undefined : ENDS.get(last.act)) ?? "unknown";
  }
  return states;
}

/** What is known of one message. */
export interface Known {
  readonly origin: Origin;
  readonly message: Message | null;
  /** In the order of the history stream. */
  readonly records: readonly Placed[];
  readonly letters: readonly DeadLetter[];
  readonly groups: readonly Whereabouts[];
  /** The server's time. */
  readonly now: number;
}

/** By time; of the same moment, by cause. */
export function storyOf({ origin, message, records, letters, groups, now }: Known): HistoryEntry[] {
  const story: HistoryEntry[] = [{ ...NOTHING, at: timeOf(origin.entryId), act: "published", by: message?.service ?? null }];
  for (const record of meaningful(records, origin)) for (const entry of entriesOf(record)) told(story, entry);
  for (const { group, held, attempts } of groups) {
    carried(story, group, attempts);
    if (held === null) continue;
    const attempt = (attempts.at(-1)?.attempt ?? 0) + 1;
    told(story, { ...NOTHING, at: now - held.idle, act: "delivered", group, by: held.consumer, attempt });
  }
  for (const letter of letters) {
    carried(story, letter.group, letter.attempts.slice(0, -1));
    if (!records.some(({ act, more }) => act === "dead" && more === letter.id)) told(story, deathOf(letter));
  }
  return story.filter((entry) => !isEchoed(entry, story)).toSorted((a, b) => a.at - b.at);
}

// Private

const ACTS: Readonly<Record<RecordedAct, HistoryAct>> = {
  acked: "acknowledged",
  retried: "retried",
  dead: "dead_lettered",
  released: "released",
  replayed: "replayed",
  discarded: "discarded",
  expired: "expired",
  claimed: "taken_over",
  moved: "moved",
};

const ENDS: ReadonlyMap<RecordedAct, HistoryState> = new Map([
  ["acked", "acknowledged"],
  ["discarded", "discarded"],
  ["expired", "discarded"],
  ["moved", "skipped"],
]);

/** A move past what the group had done with already changes nothing for this message. */
function meaningful(records: readonly Placed[], { entryId }: Origin): Placed[] {
  return records.filter(({ act, group, more }, at) => {
    if (act !== "moved" || isBefore(more, entryId)) return true;
    const last = records.slice(0, at).findLast((one) => one.group === group);
    return last === undefined || !DONE.has(last.act);
  });
}

const DONE: ReadonlySet<RecordedAct> = new Set(["acked", "dead", "discarded", "expired"]);

/** Whether a group that goes on after this position reads the entry. */
function isBefore(position: string, entryId: string): boolean {
  return position !== "$" && compareIds(position, entryId) < 0;
}

const NOTHING = { group: null, by: null, attempt: null, error: null, code: null, dueAt: null, deadLetterId: null, position: null };

/** A settlement also tells when its delivery was. */
function entriesOf({ act, group, by, at, place, ages, tries, why, more }: Placed): HistoryEntry[] {
  const [age, attempt, reason] = [valueAt(ages, place), valueAt(tries, place), reasonAt(why, place)];
  const about = {
    ...NOTHING,
    group: group === "" ? null : group,
    by: by === "" ? null : by,
    attempt: attempt === null ? null : Number(attempt),
  };
  const dueAt = act === "retried" ? at + Number(valueAt(more, place) ?? 0) : null;
  const deadLetterId = act === "dead" || act === "replayed" ? more : null;
  const settled: HistoryEntry = {
    ...about,
    at,
    act: ACTS[act],
    error: reason?.error ?? null,
    code: reason?.code ?? null,
    dueAt,
    deadLetterId,
    position: act === "moved" ? more : null,
  };
  return age === null ? [settled] : [{ ...about, at: at - Number(age), act: "delivered" }, settled];
}

/** Clocks and rounding must not turn round what followed from what: nothing is before the publish, nor before what the group did last. */
function told(story: HistoryEntry[], entry: HistoryEntry): void {
  const before = story.findLast(({ group }) => group === null || group === entry.group);
  story.push({ ...entry, at: Math.max(entry.at, before?.at ?? 0) });
}

/** Failures the message itself remembers and no record does any more. */
function carried(story: HistoryEntry[], group: string, attempts: readonly AttemptRecord[]): void {
  for (const { attempt, at, consumer, code, error } of attempts) {
    const known = story.some(
      (entry) =>
        entry.group === group &&
        entry.attempt === attempt &&
        (entry.act === "retried" || entry.act === "dead_lettered") &&
        near(entry.at, at),
    );
    if (!known) story.push({ ...NOTHING, at, act: "retried", group, by: consumer, attempt, error, code });
  }
}

function deathOf({ id, failedAt: at, group, consumer: by, attempts, errorMessage: error, errorCode: code }: DeadLetter): HistoryEntry {
  const attempt = attempts.at(-1)?.attempt ?? null;
  return { ...NOTHING, at, act: "dead_lettered", group, by, attempt, error, code, deadLetterId: id };
}

/** A takeover is the delivery. */
function isEchoed(entry: HistoryEntry, story: readonly HistoryEntry[]): boolean {
  if (entry.act !== "delivered") return false;
  const { at, group, by } = entry;
  return story.some((other) => other.act === "taken_over" && other.group === group && other.by === by && Math.abs(other.at - at) < 1_000);
}

/** Programs' clocks differ, and a failure is noted before it is stored. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 600_000;
}
