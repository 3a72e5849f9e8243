/** The search: bar, range, histogram and list. Following shows what comes in; otherwise older entries are read page by page. */
import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { LogHistogramAnswer, LogsAnswer } from "tidegate/contract";
import { problemOf, queryOf, useResource } from "../../api.ts";
import { usePages } from "../../paging.ts";
import { count, plural } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Sign } from "../../parts/icons.tsx";
import { toast } from "../../parts/notices.tsx";
import { query, setQuery } from "../../router.ts";
import { RangeChoice, rangeOf, setRange } from "../time-range.tsx";
import { exportLogs, mostExported } from "./export.ts";
import { LogHistogram } from "./histogram.tsx";
import { Following } from "./following.tsx";
import { Found } from "./found.tsx";
import { fits, queryOfFilter } from "./log-filter.ts";
import { currentFilter, QueryBar } from "./query-bar.tsx";
import { commandOf } from "./command.ts";

const mostPages = 20;

export function LogSearch(): JSX.Element {
  const following = query.value.get("follow") === "1";
  const [round, setRound] = useState(0);
  const filterText = query.value.get("filter") ?? "";
  const filter = useMemo(currentFilter, [filterText]);
  const span = `${query.value.get("range")}/${query.value.get("from")}/${query.value.get("to")}`;
  const asked = useMemo(() => ({ ...queryOfFilter(filter), ...rangeOf(query.value, Date.now()) }), [filter, span, round]);
  const search = `/api/v1/logs/search${queryOf(asked)}`;
  const histogram = useResource<LogHistogramAnswer>(`/api/v1/logs/histogram${queryOf(asked)}`, following ? 5000 : 0);
  const pages = usePages<LogsAnswer>(following ? null : `${search}&limit=100`, mostPages);
  return (
    <>
      <QueryBar />
      <div class="toolbar" role="toolbar" aria-label="Log entries">
        <RangeChoice />
        <button
          type="button"
          class="button"
          aria-pressed={following}
          onClick={() => setQuery({ follow: following ? null : "1", from: null, to: null })}
        >
          <Sign name={following ? "pause" : "play"} /> {following ? "Stop following" : "Follow"}
        </button>
        {!following && (
          <button type="button" class="button" onClick={() => setRound((n) => n + 1)}>
            <Sign name="replay" /> Read again
          </button>
        )}
        <ExportButton path={search} />
        <span class="command-copy">
          <CopyButton text={commandOf(filter, following)} label="Copy as a command" />
        </span>
      </div>
      <LogHistogram answer={histogram.data} problem={histogram.problem} choose={setRange} />
      {following ? <Following key={filterText} /> : <Found pages={pages} />}
    </>
  );
}

function ExportButton({ path }: { path: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    const filter = currentFilter();
    try {
      const { entries, cut } = await exportLogs(path, (entry) => fits(entry, filter));
      toast(`Saved ${plural(entries, "entry", "entries")}${cut ? `: the newest; a file takes ${count(mostExported)} at most` : ""}`);
    } catch (error) {
      toast(`Not saved: ${problemOf(error).detail}`, undefined, false);
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button" disabled={busy} onClick={() => void run()}>
      <Sign name="save" /> {busy ? "Reading…" : "Export"}
    </button>
  );
}
