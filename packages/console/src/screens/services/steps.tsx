/** What an operation is at: the steps of its trace, and what they write, oldest first, as it is written. */
import { useEffect, useMemo } from "preact/hooks";
import type { JSX } from "preact";
import type { LogEntry, LogsAnswer, SpanRecord, TraceAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { clock, dateTime, inlineFields, preview, spanTime } from "../../format.ts";
import { entryKey, LogFollow } from "../../live/log-follow.ts";
import { useLogFeed } from "../../live/log-feed.ts";
import { Sign } from "../../parts/icons.tsx";
import { LevelMark } from "../../parts/level.tsx";
import { stepsOf } from "./operation-steps.ts";

const every = 1000;
const most = 12;

export function Steps({ trace, service }: { trace: string; service: string }): JSX.Element {
  const spans = useResource<TraceAnswer>(`/api/v1/traces/${trace}`, every);
  const follow = useMemo(() => new LogFollow(), [trace]);
  const backlog = useResource<LogsAnswer>(`/api/v1/logs/search${queryOf({ trace, limit: 100 })}`);
  useEffect(() => {
    if (backlog.data) follow.tail.push(backlog.data.logs);
  }, [backlog.data]);
  useLogFeed({ trace }, (entries) => follow.tail.push(entries.filter((entry) => entry.traceId === trace)));
  const steps = stepsOf(spans.data?.records ?? [], service);
  return (
    <>
      {steps.length > 0 && (
        <ol class="steps" aria-label="Steps">
          {steps.map((step) => (
            <Step key={step.spanId} step={step} />
          ))}
          {steps.every((step) => step.endedAt !== null) && <li class="runs">…</li>}
        </ol>
      )}
      <EntryList label="What it writes" entries={follow.tail.rows.value.slice(0, most).toReversed()} />
    </>
  );
}

function Step({ step }: { step: SpanRecord }): JSX.Element {
  const state = step.endedAt === null ? "runs" : step.status === "error" ? "bad" : "good";
  return (
    <li class={state} title={step.error ?? ""}>
      {state !== "runs" && <Sign name={state === "bad" ? "bad" : "check"} />}
      {step.name} <span>{step.endedAt === null ? "…" : spanTime(step.endedAt - step.startedAt)}</span>
    </li>
  );
}

interface EntryListProps {
  label: string;
  entries: readonly LogEntry[];
  /** They are of several days. */
  dated?: boolean;
}

/** A line each; for those who want more there is a link beside it. */
export function EntryList({ label, entries, dated = false }: EntryListProps): JSX.Element | null {
  if (entries.length === 0) return null;
  return (
    <div class="trace-logs">
      <ol class="panel" aria-label={label}>
        {entries.map((entry) => (
          <li key={entryKey(entry)}>
            <time>{dated ? dateTime(entry.at).slice(0, -4) : clock(entry.at)}</time>
            <LevelMark level={entry.level} />
            <span class="service">{entry.eventType ?? entry.component}</span>
            <span class="line">{preview(wordsOf(entry), 400)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** An event's name says it already; what it is about is in its fields. */
function wordsOf({ eventType, message, fields }: LogEntry): string {
  if (eventType === null || message !== eventType) return message;
  return inlineFields(fields, (name) => name !== "kind") || message;
}
