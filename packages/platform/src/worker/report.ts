/** What a worker says: lines for a person, or with `--json` one object per line for a program. */
import type { Settlement } from "@tidegate/streams";
import { messageOf } from "../errors.ts";

export type Report = (event: string, words: string, detail?: Readonly<Record<string, unknown>>) => void;

export function reporter(json: boolean, write: (line: string) => void = (line) => process.stdout.write(line)): Report {
  return (event, words, detail = {}) =>
    write(json ? `${JSON.stringify({ event, at: new Date().toISOString(), pid: process.pid, ...detail })}\n` : `${words}\n`);
}

/** Successes are only counted, failures are worth a line; `--json` tells every one. */
export function reportSettlement(report: Report, json: boolean, settled: Settlement): void {
  if (settled.outcome === "acked" && !json) return;
  const { message, group, outcome, duration } = settled;
  const why = settled.error === undefined ? "" : `: ${messageOf(settled.error)}`;
  report(
    outcome,
    `${SIGNS[outcome]} ${message.topic} ${message.type} ${message.messageId} ${outcome.replace("_", "-")} in ${group}${why}`,
    {
      topic: message.topic,
      group,
      type: message.type,
      message_id: message.messageId,
      entry_id: message.entryId,
      duration_ms: Math.round(duration),
      ...(settled.error === undefined ? {} : { error: messageOf(settled.error) }),
    },
  );
}

// Private

const SIGNS: Readonly<Record<Settlement["outcome"], string>> = { acked: "✓", retried: "↻", dead_lettered: "✗", lost: "!" };
