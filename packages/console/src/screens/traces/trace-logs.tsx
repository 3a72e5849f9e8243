/** What was logged under a trace, oldest first, as it happened. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { TraceAnswer } from "tidegate/contract";
import { clock, count, plural, preview } from "../../format.ts";
import { entryKey } from "../../live/log-follow.ts";
import { LevelMark } from "../../parts/level.tsx";
import { Empty } from "../../parts/notices.tsx";

const atFirst = 50;

export function TraceLogs({ trace }: { trace: TraceAnswer }): JSX.Element {
  const [all, setAll] = useState(false);
  const entries = trace.logs.toSorted((a, b) => a.at - b.at);
  const shown = all ? entries : entries.slice(0, atFirst);
  return (
    <section class="trace-logs">
      <h2>
        Log entries <small>{count(entries.length)}</small> <a href={`/logs?range=24h&filter=trace:${trace.traceId}`}>open in logs</a>
      </h2>
      {entries.length === 0 && <Empty title="Nothing was logged under this trace" />}
      {entries.length > 0 && (
        <ol class="panel">
          {shown.map((entry) => (
            <li key={entryKey(entry)}>
              <time>{clock(entry.at)}</time>
              <LevelMark level={entry.level} />
              <span class="service">{entry.component}</span>
              <span class="line">{preview(entry.message, 400)}</span>
            </li>
          ))}
        </ol>
      )}
      {shown.length < entries.length && (
        <p class="list-foot">
          <button type="button" class="button" onClick={() => setAll(true)}>
            Show {plural(entries.length - shown.length, "more entry", "more entries")}
          </button>
        </p>
      )}
    </section>
  );
}
