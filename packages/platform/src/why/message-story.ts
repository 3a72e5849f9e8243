/** A message, explained: its history as sentences, what its handlers did meanwhile, and what it came to. Pure. */
import type { GroupInfo, HistoryEntry, MessageHistory, SpanRecord, Trace } from "@tidegate/streams";
import type { LogEntry, WhyAnswer } from "../contract.ts";
import { attempts, bySeverity, groupStates, type GroupState } from "./group-state.ts";
import { listed, moment, reason, took } from "./wording.ts";

export type Step = WhyAnswer["steps"][number];

export interface MessageFacts {
  readonly history: MessageHistory;
  /** Groups of its topic. */
  readonly groups: readonly GroupInfo[];
  /** Null where it belongs to none, or it is no longer kept. */
  readonly trace: Trace | null;
  /** Of that trace. */
  readonly logs: readonly LogEntry[];
  readonly now: number;
}

export function messageStory({ history, groups, trace, logs, now }: MessageFacts): WhyAnswer {
  const states = groupStates(history, groups, now).toSorted(bySeverity);
  const spans = spansOf(history, trace);
  const steps = [
    ...history.entries.map((entry) => stepOf(entry, history, now)),
    ...spans.flatMap((span) => causedStep(span)),
    ...logs.filter((log) => log.spanId !== null && spans.some((span) => span.spanId === log.spanId)).flatMap(logStep),
  ].toSorted((a, b) => a.at - b.at);
  const present = states.flatMap(({ now: text, level }) => (text === null ? [] : [{ at: now, text, level }]));
  if (states.length === 0) present.push({ at: now, text: nobodyReads(history), level: "warn" });
  if (!history.complete)
    present.push({ at: now, text: "Some of its history has been removed already; there may have been more.", level: "info" });
  return {
    id: history.messageId,
    kind: "message",
    verdict: verdictOf(history, states),
    steps: [...steps, ...present],
    next: nextOf(history, states, trace),
  };
}

/** What is worth knowing of a log entry in between: that something was wrong. */
export function logStep({ at, level, component, message, traceId }: LogEntry): Step[] {
  if (level !== "warn" && level !== "error" && level !== "critical") return [];
  const link = traceId === null ? {} : { trace: traceId };
  return [{ at, text: `${component} logged: ${message.slice(0, 300)}`, level: level === "warn" ? "warn" : "error", ...link }];
}

// Private

function verdictOf(history: MessageHistory, states: readonly GroupState[]): string {
  const [worst, ...others] = states;
  if (worst === undefined) return nobodyReads(history);
  const done = others.filter(({ state }) => state === "acknowledged").map(({ group }) => group);
  const open = others.filter(({ state, group }) => state !== "acknowledged" && group !== worst.group).map(({ group }) => group);
  const also = [
    ...(open.length === 0 ? [] : [` Not done in ${listed(open)} either.`]),
    ...(done.length === 0 ? [] : [worst.state === "acknowledged" ? ` So did ${listed(done)}.` : ` Done in ${listed(done)}.`]),
  ];
  return worst.verdict + also.join("");
}

function nobodyReads({ topic }: MessageHistory): string {
  return `Nobody reads it: the topic ${topic} has no group.`;
}

function nextOf({ topic, messageId, traceId }: MessageHistory, states: readonly GroupState[], trace: Trace | null): string[] {
  const history = `tidegate message history ${quoted(messageId)}`;
  const none = states.length === 0 ? [`tidegate group create ${topic} ${topic}_processors`] : [];
  const spans = trace === null || traceId === null ? [] : [`tidegate trace show ${traceId}`];
  return [...new Set([...states.flatMap(({ next }) => next), ...none, ...spans, history])];
}

function quoted(id: string): string {
  return /^[\w.:/-]+$/.test(id) ? id : `'${id.replaceAll("'", "'\\''")}'`;
}

function stepOf(entry: HistoryEntry, history: MessageHistory, now: number): Step {
  const bad = entry.act === "dead_lettered" || entry.act === "discarded" || entry.act === "expired";
  const level = bad ? "error" : entry.act === "retried" || entry.act === "taken_over" ? "warn" : "info";
  const trace = entry.act === "published" && history.traceId !== null ? { trace: history.traceId } : {};
  return { at: entry.at, text: SENTENCES[entry.act](entry, history, now), level, ...trace };
}

const SENTENCES: Readonly<Record<HistoryEntry["act"], (entry: HistoryEntry, history: MessageHistory, now: number) => string>> = {
  published: ({ by, at }, { topic, message }, now) => {
    const type = message === null ? "" : ` as ${message.type}`;
    const lane = message === null || message.priority === "normal" ? "" : ` with priority ${message.priority}`;
    return `Published${type} to ${topic}${lane} by ${by ?? "somebody"} at ${moment(at, now)}.`;
  },
  delivered: (entry) => `Delivered to ${entry.by} (group ${entry.group})${nth(entry, ", attempt ")}.`,
  taken_over: ({ by, group }) => `Taken over by ${by} (group ${group}): whoever had it had been silent, or handed it back.`,
  retried: (entry, { message }) => {
    const waits = entry.dueAt === null ? "" : `; the next attempt may begin ${took(entry.dueAt - entry.at)} later`;
    return `Failed in group ${entry.group}: ${reason(entry.code, entry.error)}${ofAll(entry, message?.maxRetries ?? null)}${waits}.`;
  },
  dead_lettered: (entry) =>
    `Given up in group ${entry.group}${attempts(entry, " after ")}: ${reason(entry.code, entry.error)}. It became a dead letter.`,
  acknowledged: (entry, { entries }) => {
    const published = entries.find(({ act }) => act === "published");
    const after = published === undefined ? "" : `, ${took(entry.at - published.at)} after it was published`;
    return `Acknowledged by ${entry.by} (group ${entry.group})${attempts(entry, " after ")}${after}.`;
  },
  released: ({ by, group }) => `Handed back unhandled by ${by} (group ${group}), which stopped; no attempt was counted.`,
  moved: ({ by, group, position }) => `Group ${group} was moved ${placeOf(position)} by ${by}.`,
  replayed: ({ by, group }) => `Replayed to group ${group} by ${by}, with fresh attempts.`,
  discarded: ({ by, group }) =>
    `Its dead letter${group === null ? "" : ` of group ${group}`} was discarded${by === null ? "" : ` by ${by}`}.`,
  expired: ({ group }) => `Its dead letter${group === null ? "" : ` of group ${group}`} expired.`,
};

function placeOf(position: string | null): string {
  if (position === "$") return "to the end, past this message";
  return position === "0" ? "back to the beginning" : `to ${position}`;
}

function nth({ attempt }: HistoryEntry, before: string): string {
  return attempt === null || attempt === 1 ? "" : `${before}${attempt}`;
}

function ofAll({ attempt }: HistoryEntry, retries: number | null): string {
  if (attempt === null) return "";
  return retries === null ? ` (attempt ${attempt})` : ` (attempt ${attempt} of ${retries + 1})`;
}

/** Spans of the message's handlers and everything beneath them, down to the next handlers. */
function spansOf({ messageId }: MessageHistory, trace: Trace | null): SpanRecord[] {
  const found = new Set<SpanRecord>();
  const isMine = (span: SpanRecord): boolean => span.kind === "consumer" && span.attributes["message_id"] === messageId;
  for (const span of trace?.records ?? []) {
    const parent = [...found].some(({ spanId }) => spanId === span.parentId);
    if (isMine(span) || (parent && span.kind !== "consumer")) found.add(span);
  }
  return [...found];
}

function causedStep({ kind, name, startedAt, status, error, attributes, component }: SpanRecord): Step[] {
  const { topic, type, message_id: id } = attributes;
  if (kind === "producer" && typeof id === "string")
    return [{ at: startedAt, text: `Its handler published ${String(type)} to ${String(topic)}.`, level: "info", message: id }];
  if (kind === "consumer" || status === "ok" || status === null) return [];
  const how = status === "interrupted" ? "was interrupted: its process vanished" : `failed: ${reason(null, error)}`;
  return [{ at: startedAt, text: `Within it, ${name} (${component}) ${how}.`, level: status === "error" ? "error" : "warn" }];
}
