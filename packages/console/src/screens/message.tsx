/** One message by its id, on a page of its own: what it says while it is kept, and its history even after. */
import type { JSX } from "preact";
import { CopyCommand } from "../parts/copy.tsx";
import { quoted } from "../shell.ts";
import { Json } from "../parts/json.tsx";
import { Loading, ProblemBox } from "../parts/notices.tsx";
import { Facts } from "../parts/table.tsx";
import { factsOf } from "./message-detail.tsx";
import { HistoryView, useHistory } from "./message-history.tsx";
import { Why } from "./why.tsx";

export function MessageScreen({ topic, id }: { topic: string; id: string }): JSX.Element {
  const history = useHistory(topic, id);
  const message = history.data?.message ?? null;
  return (
    <>
      <h1>
        <a href={`/topics/${encodeURIComponent(topic)}`}>{topic}</a> <span aria-hidden="true">/</span> {message?.type ?? id}
      </h1>
      {history.problem && <ProblemBox problem={history.problem} retry={history.reload} />}
      {!history.data && !history.problem && <Loading />}
      {history.data && (
        <>
          {message ? (
            <Facts facts={factsOf(message)} />
          ) : (
            <p class="faint">The message itself has been trimmed; this is what is known of it.</p>
          )}
          <Why id={id} version={history.data.entries.length} />
          <div class="message-page panel">
            <div>
              <HistoryView history={history.data} groups={[]} />
              <p class="ways">
                {history.data.traceId !== null && <a href={`/traces/${encodeURIComponent(history.data.traceId)}`}>Trace</a>}
                {history.data.traceId !== null && (
                  <a href={`/logs?range=24h&filter=trace:${encodeURIComponent(history.data.traceId)}`}>Log entries</a>
                )}
              </p>
            </div>
            {message && (
              <div>
                <h2>Data</h2>
                <Json value={message.data} label="data" />
              </div>
            )}
          </div>
          <CopyCommand command={`npx tidegate message history ${quoted(id)}`} />
        </>
      )}
    </>
  );
}
