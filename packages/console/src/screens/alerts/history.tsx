/** Alerts as they fired and as they resolved, newest first. */
import type { JSX } from "preact";
import type { Alert, AlertsAnswer } from "tidegate/contract";
import { usePages } from "../../paging.ts";
import { dateTime, duration, preview } from "../../format.ts";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { severityTones } from "./alert-words.ts";

const mostPages = 10;

export function AlertHistory(): JSX.Element {
  const pages = usePages<AlertsAnswer>("/api/v1/alerts/history?limit=100", mostPages);
  const alerts = pages.pages.flatMap((page) => page.items);
  if (pages.problem) return <ProblemBox problem={pages.problem} retry={pages.reload} />;
  if (pages.pages.length === 0) return <Loading />;
  if (alerts.length === 0) return <Empty title="No alert has fired yet">What fires is kept here after it is over.</Empty>;
  return (
    <>
      <Table label="Earlier alerts" columns={columns} rows={alerts} rowKey={(a) => `${a.id}/${a.since}/${a.resolved_at}`} />
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

const columns: readonly Column<Alert>[] = [
  { label: "Alert", lead: true, cell: (a) => a.name },
  { label: "Severity", cell: (a) => <Pill tone={severityTones[a.severity] ?? "quiet"}>{a.severity}</Pill> },
  { label: "Subject", cell: (a) => (a.subject === "" ? "–" : <code>{a.subject}</code>) },
  { label: "What", cell: (a) => <Pill tone={a.state === "resolved" ? "good" : "bad"}>{a.state === "firing" ? "fired" : a.state}</Pill> },
  { label: "When", cell: (a) => dateTime(a.resolved_at ?? a.fired_at ?? a.since).slice(0, -4) },
  { label: "Lasted", number: true, cell: (a) => lasted(a) },
  { label: "Summary", wide: true, cell: (a) => preview(a.summary, 200) },
  { label: "Trace", cell: (a) => (a.trace === null ? "–" : <a href={`/traces/${encodeURIComponent(a.trace)}`}>trace</a>) },
];

function lasted({ fired_at, resolved_at }: Alert): string {
  return fired_at === null || resolved_at === null ? "–" : duration(resolved_at - fired_at);
}
