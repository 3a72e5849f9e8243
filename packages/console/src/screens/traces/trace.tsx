/** One trace: when each piece of work began and ended, what failed, and what was logged meanwhile. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { TraceAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { count, dateTime, plural, spanTime } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Facts, type Fact } from "../../parts/table.tsx";
import { TraceStatus } from "../../parts/trace-status.tsx";
import { query, setQuery } from "../../router.ts";
import { Why } from "../why.tsx";
import { SpanDetail } from "./span-detail.tsx";
import { explainHref } from "./explain-href.ts";
import { TraceLogs } from "./trace-logs.tsx";
import { Waterfall } from "./waterfall.tsx";

export function TraceScreen({ id }: { id: string }): JSX.Element {
  const [every, setEvery] = useState(0);
  const trace = useResource<TraceAnswer>(`/api/v1/traces/${encodeURIComponent(id)}`, every);
  const shown = trace.data;
  useEffect(() => setEvery(shown?.status === "running" ? 2000 : 0), [shown?.status]);
  return (
    <>
      <h1>
        <a href="/traces">Traces</a> <span aria-hidden="true">/</span> {shown?.operation ?? id.slice(0, 12)}
      </h1>
      {trace.problem && (
        <>
          <ProblemBox problem={trace.problem} retry={trace.reload} />
          <p>
            A trace that is not kept may still have <a href={`/logs?range=24h&filter=trace:${encodeURIComponent(id)}`}>log entries</a>.
          </p>
        </>
      )}
      {!shown && !trace.problem && <Loading />}
      {shown && <Shown trace={shown} />}
    </>
  );
}

function Shown({ trace }: { trace: TraceAnswer }): JSX.Element {
  const chosen = trace.records.find((span) => span.spanId === query.value.get("span"));
  return (
    <>
      <Facts facts={factsOf(trace)} />
      <Why id={trace.traceId} version={trace.spans} />
      <div class={`split ${chosen ? "open" : ""}`}>
        {trace.records.length > 0 ? <Waterfall trace={trace} chosen={chosen ?? null} /> : <Empty title="No span is left of this trace" />}
        {chosen && <SpanDetail span={chosen} traceId={trace.traceId} close={() => setQuery({ span: null })} />}
      </div>
      {trace.dropped > 0 && <p class="faint">{plural(trace.dropped, "span")} more did not fit and were not kept.</p>}
      <TraceLogs trace={trace} />
    </>
  );
}

function factsOf(trace: TraceAnswer): Fact[] {
  const asked = explainHref(trace.records);
  return [
    { label: "Status", value: <TraceStatus status={trace.status} /> },
    { label: "Duration", value: spanTime(trace.duration) },
    { label: "Started", value: dateTime(trace.startedAt) },
    { label: "Spans", value: count(trace.spans) },
    { label: "Components", value: trace.components.join(", ") },
    ...(asked === null ? [] : [{ label: "URL", value: <a href={asked}>explain its way</a> }]),
    {
      label: "Trace id",
      value: (
        <>
          <code>{trace.traceId}</code> <CopyButton text={trace.traceId} label="Copy trace id" />
        </>
      ),
    },
  ];
}
