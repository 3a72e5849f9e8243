/** What befell a message: where it stands with each group, and everything that was done to it, by whom and when. */
import type { JSX } from "preact";
import type { HistoryAct, HistoryEntry, HistoryState, MessageHistoryAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../api.ts";
import { now } from "../clock.ts";
import { dateTime, dueIn } from "../format.ts";
import { Pill, type Tone } from "../parts/marks.tsx";
import { Why } from "./why.tsx";

const every = 3000;

export function useHistory(topic: string, id: string) {
  return useResource<MessageHistoryAnswer>(`/api/v1/messages/${encodeURIComponent(id)}/history${queryOf({ topic })}`, every);
}

interface MessageHistoryProps {
  topic: string;
  id: string;
  /** Those the topic has now; the history may name others. */
  groups: readonly string[];
}

export function MessageHistory({ topic, id, groups }: MessageHistoryProps): JSX.Element {
  const history = useHistory(topic, id);
  return (
    <>
      <Why id={id} version={history.data?.entries.length ?? 0} />
      {history.data && <HistoryView history={history.data} groups={groups} />}
      {history.problem && <p class="faint">No history: {history.problem.detail}</p>}
    </>
  );
}

export function HistoryView({ history, groups }: { history: MessageHistoryAnswer; groups: readonly string[] }): JSX.Element {
  const names = [...new Set([...groups, ...Object.keys(history.groups)])];
  return (
    <>
      {names.length > 0 && (
        <ul class="standing" aria-label="Groups">
          {names.map((group) => (
            <li key={group}>
              <a href={`/groups/${encodeURIComponent(history.topic)}/${encodeURIComponent(group)}`}>{group}</a>{" "}
              <Standing state={history.groups[group] ?? "unknown"} />
            </li>
          ))}
        </ul>
      )}
      <h2>History</h2>
      {history.entries.length === 0 && <p class="faint">Nothing is recorded about this message.</p>}
      <ol class="timeline">
        {history.entries.map((entry, i) => (
          <Entry key={i} entry={entry} topic={history.topic} />
        ))}
      </ol>
      {!history.complete && <p class="faint">Older records are gone; something may be missing.</p>}
    </>
  );
}

const states: Record<HistoryState, { text: string; tone: Tone }> = {
  not_delivered: { text: "not read yet", tone: "quiet" },
  pending: { text: "in work", tone: "accent" },
  waiting_retry: { text: "waits for a retry", tone: "warn" },
  acknowledged: { text: "answered", tone: "good" },
  dead_lettered: { text: "dead", tone: "bad" },
  discarded: { text: "discarded", tone: "quiet" },
  skipped: { text: "passed over", tone: "quiet" },
  unknown: { text: "not known", tone: "quiet" },
};

function Standing({ state }: { state: HistoryState }): JSX.Element {
  const { text, tone } = states[state] ?? states.unknown;
  return <Pill tone={tone}>{text}</Pill>;
}

const acts: Record<HistoryAct, { text: string; level: string }> = {
  published: { text: "published by", level: "info" },
  delivered: { text: "delivered to", level: "info" },
  taken_over: { text: "taken over by", level: "warn" },
  acknowledged: { text: "answered by", level: "good" },
  retried: { text: "failed, waits for a retry at", level: "warn" },
  dead_lettered: { text: "failed for good at", level: "error" },
  released: { text: "handed back by", level: "info" },
  replayed: { text: "replayed by", level: "info" },
  discarded: { text: "discarded by", level: "warn" },
  moved: { text: "position moved by", level: "warn" },
  expired: { text: "expired", level: "warn" },
};

function Entry({ entry, topic }: { entry: HistoryEntry; topic: string }): JSX.Element {
  const { text, level } = acts[entry.act] ?? { text: entry.act, level: "info" };
  return (
    <li class={level}>
      <time>{dateTime(entry.at)}</time>{" "}
      <span>
        <b>{text}</b> {entry.by ?? (entry.act === "expired" ? "" : "somebody unknown")}
        {entry.group !== null && ` of ${entry.group}`}
        {entry.attempt !== null && entry.attempt > 1 && `, attempt ${entry.attempt}`}
        {entry.dueAt !== null && entry.dueAt > now.value && `, due ${dueIn(entry.dueAt, now.value)}`}
      </span>
      {entry.act === "dead_lettered" && entry.deadLetterId !== null && (
        <>
          {" "}
          <a href={`/dead-letters${queryOf({ topic, group: entry.group, letter: entry.deadLetterId })}`}>dead letter</a>
        </>
      )}
      {entry.error !== null && (
        <p class="faint">
          {entry.code !== null && <code>{entry.code}</code>} {entry.error}
        </p>
      )}
    </li>
  );
}
