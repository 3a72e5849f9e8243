/** Requests, errors, times and visitors of the last hours, with a way to the entries behind each figure. */
import type { JSX } from "preact";
import type { LogStatsAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { bytes, count, duration, short } from "../../format.ts";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Pill, type Tone } from "../../parts/marks.tsx";
import { Facts, Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { LogSeries } from "./log-series.tsx";

const spans = [
  { hours: "1", range: "1h", label: "last hour" },
  { hours: "6", range: "6h", label: "last 6 hours" },
  { hours: "24", range: "24h", label: "last 24 hours" },
  { hours: "168", range: "7d", label: "last 7 days" },
] as const;

export function LogStats(): JSX.Element {
  const span = spans.find((s) => s.hours === query.value.get("hours")) ?? spans[0];
  const stats = useResource<LogStatsAnswer>(`/api/v1/logs/stats?hours=${span.hours}`, 10_000);
  const search = (filter: string) => `/logs?range=${span.range}&filter=${encodeURIComponent(filter)}`;
  return (
    <>
      <div class="toolbar">
        <label class="range">
          <span class="only-read">Time range</span>
          <select value={span.hours} onChange={(event) => setQuery({ hours: event.currentTarget.value })}>
            {spans.map((s) => (
              <option key={s.hours} value={s.hours}>
                {s.label}
              </option>
            ))}
          </select>
        </label>
      </div>
      {stats.problem && <ProblemBox problem={stats.problem} retry={stats.reload} />}
      {!stats.data && !stats.problem && <Loading />}
      {stats.data && <Figures stats={stats.data} search={search} />}
    </>
  );
}

type Search = (filter: string) => string;

function Figures({ stats, search }: { stats: LogStatsAnswer; search: Search }): JSX.Element {
  const time = (ms: number | null) => (ms === null ? "–" : duration(ms));
  return (
    <>
      <Facts
        facts={[
          { label: "Requests", value: count(stats.requests) },
          { label: "Errors (5xx)", value: <Share percent={stats.error_rate} href={search("status:5xx")} bad={1} /> },
          { label: "Client errors (4xx)", value: <Share percent={stats.client_error_rate} href={search("status:4xx")} bad={25} /> },
          { label: "Median", value: time(stats.response_time.p50) },
          { label: "p95", value: time(stats.response_time.p95) },
          { label: "p99", value: time(stats.response_time.p99) },
          { label: "Visitors", value: count(stats.unique_visitors) },
          { label: "Received", value: bytes(stats.bytes_in) },
          { label: "Sent", value: bytes(stats.bytes_out) },
          { label: "Entries", value: short(stats.total) },
        ]}
      />
      <LogSeries hours={stats.hours} />
      <StatusCodes codes={stats.status_codes} search={search} />
      {stats.requests === 0 && (
        <Empty title="No requests in this time" command="npx tidegate log stats --hours 1">
          The control API's own requests are counted here, and those of every program with the middleware.
        </Empty>
      )}
      <div class="stat-tables">
        <Group title="Paths" rows={stats.top_paths} columns={pathColumns(search)} rowKey={(r) => r.path} />
        <Group title="Hosts" rows={stats.hosts} columns={hostColumns(search)} rowKey={(r) => r.host} />
        <Group title="Components" rows={stats.components} columns={componentColumns(search)} rowKey={(r) => r.component} />
      </div>
    </>
  );
}

function Share({ percent, href, bad }: { percent: number; href: string; bad: number }): JSX.Element {
  return (
    <a href={href} class={percent >= bad ? "bad-text" : ""}>
      {percent.toFixed(percent > 0 && percent < 10 ? 2 : 0)} %
    </a>
  );
}

const toneOfClass: Readonly<Record<string, Tone>> = { "2": "good", "3": "accent", "4": "warn", "5": "bad" };

function StatusCodes({ codes, search }: { codes: Readonly<Record<string, number>>; search: Search }): JSX.Element | null {
  const found = Object.entries(codes).toSorted(([a], [b]) => a.localeCompare(b));
  if (found.length === 0) return null;
  return (
    <ul class="codes" aria-label="Status codes">
      {found.map(([code, n]) => (
        <li key={code}>
          <a href={search(`status:${code}`)}>
            <Pill tone={toneOfClass[code.charAt(0)] ?? "quiet"}>{code}</Pill> {count(n)}
          </a>
        </li>
      ))}
    </ul>
  );
}

interface GroupProps<Row> {
  title: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
}

function Group<Row>({ title, rows, columns, rowKey }: GroupProps<Row>): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <Table label={title} columns={columns} rows={rows} rowKey={rowKey} />
    </section>
  );
}

function pathColumns(search: Search): readonly Column<LogStatsAnswer["top_paths"][number]>[] {
  return [
    { label: "Path", lead: true, wide: true, cell: (r) => <a href={search(`path:"${r.path}"`)}>{r.path}</a> },
    { label: "Requests", number: true, cell: (r) => count(r.requests) },
    { label: "Errors", number: true, cell: (r) => <span class={r.errors > 0 ? "bad-text" : ""}>{count(r.errors)}</span> },
    { label: "p95", number: true, cell: (r) => (r.p95 === null ? "–" : duration(r.p95)) },
  ];
}

function hostColumns(search: Search): readonly Column<LogStatsAnswer["hosts"][number]>[] {
  return [
    { label: "Host", lead: true, wide: true, cell: (r) => <a href={search(`host:"${r.host}"`)}>{r.host}</a> },
    { label: "Requests", number: true, cell: (r) => count(r.requests) },
    { label: "Errors", number: true, cell: (r) => `${r.error_rate.toFixed(1)} %` },
    { label: "Visitors", number: true, cell: (r) => count(r.unique_visitors) },
  ];
}

function componentColumns(search: Search): readonly Column<LogStatsAnswer["components"][number]>[] {
  return [
    { label: "Component", lead: true, wide: true, cell: (r) => <a href={search(`component:"${r.component}"`)}>{r.component}</a> },
    { label: "Entries", number: true, cell: (r) => count(r.entries) },
    { label: "Errors", number: true, cell: (r) => <span class={r.errors > 0 ? "bad-text" : ""}>{count(r.errors)}</span> },
  ];
}
