/** A trace, explained: what came in, which messages it caused, what failed, and what it came to. Pure. */
import type { SpanRecord, Trace } from "@tidegate/streams";
import type { LogEntry, WhyAnswer } from "../contract.ts";
import { logStep, type Step } from "./message-story.ts";
import { listed, many, moment, reason, took } from "./wording.ts";

/** Steps shown; a trace may have a thousand spans. */
const MOST = 100;

export function traceStory(trace: Trace, logs: readonly LogEntry[], now: number): WhyAnswer {
  const told = trace.records.flatMap((span) => spanStep(span, now));
  const steps = [...told, ...logs.flatMap(logStep)].toSorted((a, b) => a.at - b.at);
  const left = steps.length - MOST;
  const rest: Step[] = left > 0 ? [{ at: steps[MOST]?.at ?? now, text: `… and ${many(left, "step")} more.`, level: "info" }] : [];
  return { id: trace.traceId, kind: "trace", verdict: verdictOf(trace), steps: [...steps.slice(0, MOST), ...rest], next: nextOf(trace) };
}

/** Only what was logged is left. */
export function logsStory(traceId: string, logs: readonly LogEntry[]): WhyAnswer {
  const steps = logs.map(({ at, level, component, message }): Step => {
    const shown = level === "warn" ? "warn" : level === "error" || level === "critical" ? "error" : "info";
    return { at, text: `${component}: ${message.slice(0, 300)}`, level: shown };
  });
  return {
    id: traceId,
    kind: "trace",
    verdict: `No spans of it are kept; ${many(logs.length, "log entry").replace("entrys", "entries")} carry its id.`,
    steps: steps.toSorted((a, b) => a.at - b.at).slice(0, MOST),
    next: [`tidegate log search --trace ${traceId}`],
  };
}

// Private

function verdictOf(trace: Trace): string {
  const { operation, status, duration, spans, components } = trace;
  const [culprit, mended] = [culpritOf(trace), mendedOf(trace)];
  const where = culprit === null ? "" : ` in ${culprit.component}, ${culprit.name}: ${reason(null, culprit.error)}`;
  const size = `${many(spans, "span")} over ${listed(components)}`;
  if (culprit === null && mended !== null)
    return `${operation} ended well after ${took(duration)}, at a later attempt: ${mended.name} (${mended.component}) had failed with ${reason(null, mended.error)}.`;
  if (status === "error") return `${operation} failed after ${took(duration)}${where}.`;
  if (status === "interrupted") return `${operation} was interrupted: the process that ran ${culprit?.name ?? "it"} vanished.`;
  if (status === "running") return `${operation} still runs: ${took(duration)} so far, ${size}.`;
  return `${operation} went well in ${took(duration)}: ${size}.${slowest(trace)}`;
}

/** The failed span nothing failed beneath: where it began. Of several the first to end; none of an attempt that a later one made good. */
function culpritOf(trace: Trace): SpanRecord | null {
  const bad = trace.records.filter((span) => isBad(span) && !isMended(span, trace));
  const deepest = bad.filter(({ spanId }) => !bad.some(({ parentId }) => parentId === spanId));
  return deepest.toSorted((a, b) => (a.endedAt ?? Infinity) - (b.endedAt ?? Infinity))[0] ?? null;
}

function mendedOf(trace: Trace): SpanRecord | null {
  return trace.records.find((span) => isBad(span) && isMended(span, trace)) ?? null;
}

function isBad({ status }: SpanRecord): boolean {
  return status === "error" || status === "interrupted";
}

/** It belongs to a failed attempt at a message that the same group has handled since. */
function isMended(span: SpanRecord, { records }: Trace): boolean {
  let handling: SpanRecord | undefined = span;
  for (let climbed = 0; handling !== undefined && handling.kind !== "consumer" && climbed < records.length; climbed++) {
    const parent: string | null = handling.parentId;
    handling = records.find(({ spanId }) => spanId === parent);
  }
  if (handling?.kind !== "consumer") return false;
  const { message_id: id, group } = handling.attributes;
  return records.some(
    ({ kind, status, attributes }) =>
      kind === "consumer" && status === "ok" && attributes["message_id"] === id && attributes["group"] === group,
  );
}

function slowest({ records, duration }: Trace): string {
  const leaves = records.filter(({ spanId }) => !records.some(({ parentId }) => parentId === spanId));
  const [longest] = leaves.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  if (longest === undefined || records.length < 2 || lengthOf(longest) < duration / 2) return "";
  return ` Most of the time went into ${longest.name} (${longest.component}): ${took(lengthOf(longest))}.`;
}

function lengthOf({ startedAt, endedAt }: SpanRecord): number {
  return endedAt === null ? 0 : endedAt - startedAt;
}

function nextOf({ traceId, records }: Trace): string[] {
  const failed = records
    .filter(({ kind, status }) => kind === "consumer" && status !== "ok")
    .map(({ attributes }) => attributes["message_id"]);
  const ids = [...new Set(failed.filter((id) => typeof id === "string"))].slice(0, 3);
  return [`tidegate trace show ${traceId}`, ...ids.map((id) => `tidegate why ${id}`), `tidegate log search --trace ${traceId}`];
}

function spanStep(span: SpanRecord, now: number): Step[] {
  const { startedAt, status, attributes } = span;
  const id = attributes["message_id"];
  const text = sentenceOf(span, now);
  if (text === null) return [];
  const level = status === "error" ? "error" : status === "interrupted" ? "warn" : "info";
  return [{ at: startedAt, text, level, ...(typeof id === "string" ? { message: id } : {}) }];
}

function sentenceOf(span: SpanRecord, now: number): string | null {
  const { kind, name, component, parentId, startedAt, status, attributes } = span;
  const { topic, type, group } = attributes;
  const [what, where] = [typeof type === "string" ? type : "a message", typeof topic === "string" ? topic : "a topic"];
  if (kind === "producer") return `${component} published ${what} to ${where}${ended(span, "")}.`;
  if (kind === "consumer")
    return `${component} handled ${what} of ${where}, group ${String(group)}${attempt(attributes["attempt"])}${ended(span, timed(span))}.`;
  if (parentId === null) return `${name} began in ${component} at ${moment(startedAt, now)}${ended(span, timed(span, " and took"))}.`;
  if (kind === "server") return `${component} answered ${name}${ended(span, timed(span))}.`;
  return status === "ok" || status === null ? null : `${name} in ${component}${ended(span, "").replace(/^ and/, "")}.`;
}

function attempt(value: unknown): string {
  return typeof value === "number" && value > 1 ? `, attempt ${value},` : "";
}

function timed(span: SpanRecord, words = " in"): string {
  return span.endedAt === null ? ", which still runs" : `${words} ${took(lengthOf(span))}`;
}

function ended({ status, error, endedAt, startedAt }: SpanRecord, well: string): string {
  if (status === "error") return ` and failed after ${took((endedAt ?? startedAt) - startedAt)}: ${reason(null, error)}`;
  if (status === "interrupted") return " and was interrupted: its process vanished";
  return well;
}
