/** What was asked of a host lately: its newest requests, those that failed, and the way to all of them. */
import type { JSX } from "preact";
import type { LogEntry, LogsAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { clock, dateTime, duration } from "../../format.ts";
import { entryKey } from "../../live/log-follow.ts";
import { Pill, type Tone } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";

const every = 3000;

/** `host`: a name; of a wildcard its names are looked for as text. */
export function HostRequests({ host, example }: { host: string; example: string | null }): JSX.Element {
  // The edge's own word of each request; what a service says of it besides is in the logs.
  const named = { component: "edge", ...(host.startsWith("*.") ? { q: host.slice(1) } : { host }) };
  const newest = useResource<LogsAnswer>(
    `/api/v1/logs/search${queryOf({ ...named, status_min: 100, level: "trace", hours: 24, limit: 20 })}`,
    every,
  );
  const failed = useResource<LogsAnswer>(
    `/api/v1/logs/search${queryOf({ ...named, status_min: 500, level: "trace", hours: 24, limit: 5 })}`,
    every,
  );
  const filter = host.startsWith("*.") ? `component:edge ${host.slice(1)}` : `host:${host}`;
  return (
    <>
      {failed.data && failed.data.logs.length > 0 && (
        <section aria-label="Last errors" class="stack">
          <h2>
            Last errors <small>{all(`${filter} status:5xx`)}</small>
          </h2>
          <Table label="Last errors" columns={errors} rows={failed.data.logs} rowKey={entryKey} />
        </section>
      )}
      <section aria-label="Recent requests" class="stack">
        <h2>
          Recent requests <small>{all(filter)}</small>
        </h2>
        {newest.problem && <ProblemBox problem={newest.problem} retry={newest.reload} />}
        {!newest.data && !newest.problem && <Loading />}
        {newest.data && newest.data.logs.length === 0 && <Nobody example={example} />}
        {newest.data && newest.data.logs.length > 0 && (
          <Table label="Recent requests" columns={requests} rows={newest.data.logs} rowKey={entryKey} />
        )}
      </section>
    </>
  );
}

function all(filter: string): JSX.Element {
  return <a href={`/logs?range=24h&filter=${encodeURIComponent(filter)}`}>all of them in the logs</a>;
}

function Nobody({ example }: { example: string | null }): JSX.Element {
  if (example === null) return <Empty title="Nobody has asked for it in the last day" />;
  return (
    <Empty title="Nobody has asked for it in the last day" command={`curl -i ${example}`}>
      Ask for it yourself:
    </Empty>
  );
}

const when: Column<LogEntry> = { label: "When", cell: (e) => <span title={dateTime(e.at)}>{clock(e.at)}</span> };
const what: Column<LogEntry> = {
  label: "Request",
  wide: true,
  lead: true,
  cell: (e) => (
    <code>
      {text(e, "method")} {text(e, "path")}
    </code>
  ),
};
const status: Column<LogEntry> = { label: "Status", cell: (e) => <Pill tone={toneOf(e)}>{text(e, "status")}</Pill> };

const requests: readonly Column<LogEntry>[] = [
  what,
  status,
  { label: "Took", number: true, cell: took },
  { label: "Route", cell: (e) => text(e, "route") },
  { label: "Client", cell: (e) => <code>{text(e, "ip")}</code> },
  when,
  { label: "Why", cell: (e) => <WhyLink entry={e} /> },
];

const errors: readonly Column<LogEntry>[] = [
  what,
  status,
  { label: "What went wrong", wide: true, cell: (e) => failure(e) },
  when,
  { label: "Why", cell: (e) => <WhyLink entry={e} /> },
];

function WhyLink({ entry: { traceId, fields } }: { entry: LogEntry }): JSX.Element {
  if (traceId === null) return <>–</>;
  return (
    <a href={`/traces/${encodeURIComponent(traceId)}`} aria-label={`Why ${String(fields["path"])} was answered so`}>
      why
    </a>
  );
}

function text({ fields }: LogEntry, name: string): string {
  const value = fields[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "–";
}

function took({ fields }: LogEntry): string {
  const value = fields["duration_ms"] ?? fields["duration"];
  return typeof value === "number" ? duration(value) : "–";
}

function failure(entry: LogEntry): string {
  const error = entry.fields["error"];
  const said = typeof error === "object" && error !== null && "message" in error ? String(error.message) : null;
  return said ?? (text(entry, "reason") === "–" ? entry.message : text(entry, "reason"));
}

function toneOf(entry: LogEntry): Tone {
  const code = Number(entry.fields["status"]);
  return code >= 500 ? "bad" : code >= 400 ? "warn" : "good";
}
