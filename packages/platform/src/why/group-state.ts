/** Where a message stands in one group now, as a sentence, and how bad that is. Pure. */
import type { GroupInfo, HistoryEntry, HistoryState, MessageHistory } from "@tidegate/streams";
import { many, moment, reason, took } from "./wording.ts";

export interface GroupState {
  readonly group: string;
  readonly state: HistoryState;
  /** What the verdict says where this group's state is the worst. */
  readonly verdict: string;
  /** Said as a last step; null where the last entry of the history says it already. */
  readonly now: string | null;
  readonly level: "info" | "warn" | "error";
  readonly next: readonly string[];
}

/** The worst first. */
const SEVERITY: readonly HistoryState[] = [
  "dead_lettered",
  "waiting_retry",
  "pending",
  "not_delivered",
  "skipped",
  "discarded",
  "unknown",
  "acknowledged",
];

export function bySeverity(a: GroupState, b: GroupState): number {
  return SEVERITY.indexOf(a.state) - SEVERITY.indexOf(b.state);
}

/** `infos` of the message's topic. */
export function groupStates(history: MessageHistory, infos: readonly GroupInfo[], now: number): GroupState[] {
  return Object.entries(history.groups).map(([group, state]) => {
    const info = infos.find((one) => one.group === group) ?? null;
    return { group, state, ...DESCRIBE[state]({ history, group, info, now, told: history.entries.filter((one) => one.group === group) }) };
  });
}

// Private

interface About {
  readonly history: MessageHistory;
  readonly group: string;
  readonly info: GroupInfo | null;
  readonly now: number;
  /** The group's part of the history. */
  readonly told: readonly HistoryEntry[];
}

type Description = Omit<GroupState, "group" | "state">;

const DESCRIBE: Readonly<Record<HistoryState, (about: About) => Description>> = {
  dead_lettered: deadLettered,
  waiting_retry: waiting,
  pending,
  not_delivered: notDelivered,
  discarded,
  skipped,
  unknown,
  acknowledged,
};

function deadLettered({ history: { topic }, group, told }: About): Description {
  const death = told.findLast(({ act }) => act === "dead_lettered");
  const id = death?.deadLetterId ?? null;
  return {
    verdict: `Failed: group ${group} gave up${attempts(death, " after ")} (${reason(death?.code ?? null, death?.error ?? null)}).`,
    now: null,
    level: "error",
    next: id === null ? [`tidegate dlq ls --topic ${topic} --group ${group}`] : [`tidegate dlq show ${id}`, `tidegate dlq replay ${id}`],
  };
}

function waiting({ history: { topic }, group, info, now, told }: About): Description {
  const failure = told.findLast(({ act }) => act === "retried");
  const attempt = (failure?.attempt ?? 0) + 1;
  const why = reason(failure?.code ?? null, failure?.error ?? null);
  const due = failure?.dueAt ?? null;
  const next = [`tidegate group show ${topic} ${group}`];
  if (due !== null && due <= now) {
    const text = `attempt ${attempt} in group ${group} has been due for ${took(now - due)}, and nobody has begun it: ${readers(info)}`;
    return { verdict: `Not done: ${text}.`, now: `${capital(text)}.`, level: "warn", next };
  }
  const when = due === null ? "until it is due" : `until ${moment(due, now)} (${took(due - now)} more)`;
  const text = `waits ${when} for attempt ${attempt} in group ${group}`;
  return { verdict: `Not done yet: it ${text} (${why}).`, now: `It ${text}.`, level: "warn", next };
}

function pending({ history: { topic }, group, info, now, told }: About): Description {
  const begun = told.findLast(({ act }) => act === "delivered" || act === "taken_over");
  const who = begun?.by ?? "a consumer";
  const consumer = info?.consumers.find(({ name }) => name === who);
  const silent = consumer !== undefined && consumer.idle > SILENT ? `, which was last heard of ${took(consumer.idle)} ago` : "";
  const since = begun === undefined ? "" : ` for ${took(now - begun.at)}`;
  return {
    verdict: `In work: ${who} (group ${group}) has had it${since}${silent}.`,
    now: `${who} (group ${group}) has it in hand${silent}.`,
    level: silent === "" ? "info" : "warn",
    next: [`tidegate group show ${topic} ${group}`],
  };
}

function notDelivered({ history: { topic }, group, info, told }: About): Description {
  const behind = info === null || info.lag === 0 ? "" : `the group is ${many(info.lag, "message")} behind, `;
  const last = told.at(-1)?.act;
  const begins =
    last === undefined
      ? `Nobody in group ${group} has read it yet`
      : `${last === "released" ? "It was handed back" : "The group was moved back"}, and nobody in group ${group} has it now`;
  const text = `${begins}: ${behind}${readers(info)}.`;
  const level = info !== null && info.consumers.some(({ idle }) => idle < SILENT) ? "info" : "warn";
  return { verdict: text, now: text, level, next: [`tidegate group show ${topic} ${group}`, `tidegate lag ${group}`] };
}

function discarded({ group, told }: About): Description {
  const end = told.findLast(({ act }) => act === "discarded" || act === "expired");
  const how = end?.act === "expired" ? "expired" : `was discarded${end?.by == null ? "" : ` by ${end.by}`}`;
  return { verdict: `Failed for good: its dead letter of group ${group} ${how}.`, now: null, level: "error", next: [] };
}

function skipped({ history: { topic, entryId }, group, told }: About): Description {
  const move = told.findLast(({ act }) => act === "moved");
  const before = `${Number(entryId.split("-")[0]) - 1}-0`;
  return {
    verdict: `Not done: group ${group} was moved past it${move?.by == null ? "" : ` by ${move.by}`}, and will not read it.`,
    now: null,
    level: "error",
    next: [`tidegate group seek ${topic} ${group} ${before}`],
  };
}

function unknown({ history: { complete }, group }: About): Description {
  const why = complete ? "the group began after it, was moved, or belongs to another program" : "records that old have been removed";
  const text = `Group ${group} has passed it, but there is no record of how it ended: ${why}.`;
  return { verdict: text, now: text, level: "info", next: [] };
}

function acknowledged({ history, group, told }: About): Description {
  const end = told.findLast(({ act }) => act === "acknowledged");
  const published = history.entries.find(({ act }) => act === "published");
  const after = end === undefined || published === undefined ? "" : `, ${took(end.at - published.at)} after it was published`;
  return { verdict: `Done: acknowledged in group ${group}${attempts(end, " after ")}${after}.`, now: null, level: "info", next: [] };
}

/** Milliseconds without a read after which a consumer is not taken for alive; it asks every few seconds. */
const SILENT = 30_000;

function readers(info: GroupInfo | null): string {
  const consumers = info?.consumers ?? [];
  const latest = Math.min(...consumers.map(({ idle }) => idle));
  if (consumers.length === 0) return "it has no consumer";
  if (latest > SILENT) return `its last consumer was seen ${took(latest)} ago`;
  const alive = consumers.filter(({ idle }) => idle <= SILENT).length;
  return `${many(alive, "consumer")} of it ${alive === 1 ? "is" : "are"} reading`;
}

export function attempts(entry: HistoryEntry | undefined, before: string): string {
  const count = entry?.attempt ?? null;
  return count === null ? "" : `${before}${count === 1 ? "1 attempt" : `${count} attempts`}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
