/** One line per trace, newest first: what began it, how long it took, how it ended. */
import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { TracesAnswer, TraceSummary } from "tidegate/contract";
import { queryOf } from "../../api.ts";
import { count, dateTime, plural, spanTime } from "../../format.ts";
import { usePages, type Paged } from "../../paging.ts";
import { Sign } from "../../parts/icons.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { TraceStatus } from "../../parts/trace-status.tsx";
import { query } from "../../router.ts";
import { RangeChoice, rangeOf } from "../time-range.tsx";
import { TraceFilter, traceFields } from "./trace-filter.tsx";
import { Scatter } from "./scatter.tsx";

const mostPages = 10;

export function TracesScreen(): JSX.Element {
  const [round, setRound] = useState(0);
  const text = query.value.toString();
  const path = useMemo(() => {
    const fields = Object.fromEntries(traceFields.map((name) => [name, query.value.get(name)]));
    return `/api/v1/traces${queryOf({ ...fields, ...rangeOf(query.value, Date.now()), limit: 100 })}`;
  }, [text, round]);
  const pages = usePages<TracesAnswer>(path, mostPages);
  const traces = pages.pages.flatMap((page) => page.items);
  return (
    <>
      <div class="heading">
        <h1>Traces</h1>
        <div class="toolbar">
          <RangeChoice />
          <button type="button" class="button" onClick={() => setRound((n) => n + 1)}>
            <Sign name="replay" /> Read again
          </button>
        </div>
      </div>
      <TraceFilter />
      {pages.problem && <ProblemBox problem={pages.problem} retry={pages.reload} />}
      {pages.pages.length === 0 && !pages.problem && <Loading />}
      {pages.pages.length > 0 && (traces.length === 0 ? <Nothing /> : <Found traces={traces} pages={pages} />)}
    </>
  );
}

function Found({ traces, pages }: { traces: readonly TraceSummary[]; pages: Paged<TracesAnswer> }): JSX.Element {
  const longest = Math.max(...traces.map((t) => t.duration));
  const more = pages.more ? " so far" : pages.full ? "; for older ones choose another time" : "";
  return (
    <>
      <Scatter traces={traces} />
      <p class="faint">
        {plural(traces.length, "trace")}
        {more}
      </p>
      <Table label="Traces" columns={columns(longest)} rows={traces} rowKey={(t) => t.traceId} />
      {pages.more && (
        <p class="list-foot">
          <button type="button" class="button" disabled={pages.loading} onClick={pages.more}>
            {pages.loading ? "Loading…" : "Load more"}
          </button>
        </p>
      )}
    </>
  );
}

function columns(longest: number): readonly Column<TraceSummary>[] {
  return [
    {
      label: "Operation",
      lead: true,
      wide: true,
      cell: (t) => <a href={`/traces/${encodeURIComponent(t.traceId)}`}>{t.operation || "(no name)"}</a>,
    },
    { label: "Component", cell: (t) => t.component },
    { label: "Started", cell: (t) => dateTime(t.startedAt) },
    { label: "Duration", number: true, cell: (t) => <Duration ms={t.duration} longest={longest} /> },
    { label: "Spans", number: true, cell: (t) => count(t.spans) },
    { label: "Status", cell: (t) => <TraceStatus status={t.status} /> },
  ];
}

function Duration({ ms, longest }: { ms: number; longest: number }): JSX.Element {
  return (
    <span class="duration">
      <meter min={0} max={longest || 1} value={ms} aria-hidden="true" />
      {spanTime(ms)}
    </span>
  );
}

function Nothing(): JSX.Element {
  const filtered = traceFields.some((name) => query.value.has(name));
  if (filtered) return <Empty title="No trace fits">Choose less, or look at a longer time.</Empty>;
  return (
    <Empty title="No traces in this time" command="npx tidegate trace ls">
      Every request makes one, and what it publishes goes on in it; so does work done under <code>tide.trace(…)</code>.
    </Empty>
  );
}
