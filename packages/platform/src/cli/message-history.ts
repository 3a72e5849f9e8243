/** A message's history as a page: one line for each thing that befell it, then where each group stands. */
import type { HistoryEntry, HistoryState, MessageHistory } from "@tidegate/streams";
import { duration, facts, line, paint, printable } from "./output.ts";

export function historyPage(history: MessageHistory): void {
  facts([
    ["message", history.messageId],
    ["topic", history.topic],
    ["entry", `${history.entryId} in ${history.stream}`],
    ["type", history.message?.type ?? "(the entry has been trimmed)"],
    ...(history.traceId === null ? [] : [["trace", history.traceId] as const]),
  ]);
  line("");
  const [first] = history.entries;
  for (const entry of history.entries) line(entryLine(entry, first?.at ?? entry.at));
  if (Object.keys(history.groups).length > 0) line("");
  for (const [group, state] of Object.entries(history.groups)) line(`${printable(group)}  ${paint(COLOURS[state], WORDS[state])}`);
  if (!history.complete) line(paint("dim", "Records that old have been removed in part; something may be missing."));
  line(paint("dim", `In plain words: tidegate why ${printable(history.messageId)}`));
}

// Private

const WORDS: Readonly<Record<HistoryState, string>> = {
  not_delivered: "not delivered yet",
  pending: "in work",
  waiting_retry: "waits for another attempt",
  acknowledged: "acknowledged",
  dead_lettered: "dead letter",
  discarded: "dead letter discarded",
  skipped: "skipped: the group was moved past it",
  unknown: "passed, no record of how",
};

const COLOURS: Readonly<Record<HistoryState, "green" | "yellow" | "red" | "dim">> = {
  not_delivered: "yellow",
  pending: "yellow",
  waiting_retry: "yellow",
  acknowledged: "green",
  dead_lettered: "red",
  discarded: "red",
  skipped: "red",
  unknown: "dim",
};

function entryLine({ at, act, group, by, attempt, error, code, dueAt }: HistoryEntry, since: number): string {
  const time = paint("dim", new Date(at).toISOString().slice(11, 23));
  const after = paint("dim", (at === since ? "" : `+${duration(at - since)}`).padStart(8));
  const bad = act === "retried" || act === "dead_lettered" || act === "discarded" || act === "expired";
  const what = paint(bad ? "red" : act === "acknowledged" ? "green" : "cyan", act.replaceAll("_", " ").padEnd(13));
  const who = [by ?? "", group === null ? "" : `(${group})`].filter((text) => text !== "").join(" ");
  const which = attempt === null || attempt === 1 ? "" : `, attempt ${attempt}`;
  const why = error === null ? "" : `  ${code === null || code === "HANDLER_FAILED" ? "" : `${code}: `}${error.split("\n")[0]}`;
  const next = dueAt === null ? "" : paint("dim", `  next in ${duration(dueAt - at)}`);
  return `${time} ${after}  ${what} ${printable(who + which)}${printable(why)}${next}`.trimEnd();
}
