/** What runs, who leads, how far behind everything is, and what changed. */
import type { JSX } from "preact";
import type { OrchestratorMetricsAnswer, OrchestratorStatus, ProcessorStatus } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { count, dateTime, duration } from "../../format.ts";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Facts, Table, type Column, type Fact } from "../../parts/table.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { query } from "../../router.ts";
import { AuditList } from "./audit.tsx";
import { ComponentChanges } from "./changes.tsx";
import { ComponentTable } from "./components.tsx";
import { EdgeCard } from "./edge-card.tsx";

const views = [
  { view: null, label: "Now", show: () => <Now /> },
  { view: "changes", label: "Changes", show: () => <ComponentChanges /> },
  { view: "audit", label: "Audit", show: () => <AuditList /> },
] as const;

export function StatusScreen(): JSX.Element {
  const here = views.find((v) => v.view === query.value.get("view")) ?? views[0];
  return (
    <>
      <div class="heading">
        <h1>Status</h1>
        <Tabs
          label="Status"
          tabs={views.map((v) => ({ label: v.label, href: v.view === null ? "/status" : `/status?view=${v.view}`, here: v === here }))}
        />
      </div>
      {here.show()}
    </>
  );
}

const every = 2000;

function Now(): JSX.Element {
  const status = useResource<OrchestratorStatus>("/api/v1/orchestrator/status", every);
  const metrics = useResource<OrchestratorMetricsAnswer>("/api/v1/orchestrator/metrics", every);
  if (!status.data) return status.problem ? <ProblemBox problem={status.problem} retry={status.reload} /> : <Loading />;
  return (
    <>
      {status.problem && <ProblemBox problem={status.problem} retry={status.reload} />}
      <Facts facts={factsOf(status.data)} />
      <h2>Components</h2>
      <ComponentTable components={status.data.components} />
      <EdgeCard edge={status.data.edge} />
      <h2>Processors of logs and events</h2>
      {metrics.problem && <ProblemBox problem={metrics.problem} retry={metrics.reload} />}
      {metrics.data && <Processors processors={metrics.data.processors} mine={status.data.instance} />}
    </>
  );
}

function factsOf(status: OrchestratorStatus): Fact[] {
  const { lag, redis } = status;
  return [
    { label: "Status", value: <Pill tone={status.status === "healthy" ? "good" : "bad"}>{status.status}</Pill> },
    {
      label: "Largest lag",
      value: (
        <>
          {count(lag.messages)} <span class="faint">messages</span>, {duration(lag.seconds * 1000)}
          {lag.group !== null && (
            <>
              {" "}
              <a href={`/groups/${lag.group.split("/").map(encodeURIComponent).join("/")}`}>{lag.group}</a>
            </>
          )}
        </>
      ),
    },
    {
      label: "Control process",
      value: (
        <>
          <code>{status.instance}</code> <Pill tone={status.leader ? "accent" : "quiet"}>{status.leader ? "leads" : "follows"}</Pill>
        </>
      ),
    },
    { label: "Running for", value: <span title={dateTime(status.started_at)}>{duration(now.value - status.started_at)}</span> },
    {
      label: "Redis",
      value: (
        <>
          <code>{redis.address}</code>{" "}
          <span class="faint">{redis.round_trip_ms === null ? "no answer" : `${redis.round_trip_ms.toFixed(1)} ms`}</span>
        </>
      ),
    },
    { label: "Version", value: status.version },
  ];
}

function Processors({ processors, mine }: { processors: readonly ProcessorStatus[]; mine: string }): JSX.Element {
  if (processors.length === 0) return <Empty title="No processor runs yet">They start with the control process.</Empty>;
  const columns: readonly Column<ProcessorStatus>[] = [
    { label: "Group", lead: true, cell: (p) => p.group },
    { label: "Stream", cell: (p) => <code>{p.stream}</code> },
    { label: "Held by", cell: (p) => <Holder holder={p.holder} mine={mine} /> },
    { label: "Lag", number: true, cell: (p) => <span class={p.lag > 1000 ? "warn-text" : ""}>{count(p.lag)}</span> },
    { label: "Oldest", number: true, cell: (p) => (p.lag_seconds === 0 ? "–" : duration(p.lag_seconds * 1000)) },
    { label: "Processed", number: true, cell: (p) => count(p.processed) },
    { label: "Lost", number: true, cell: (p) => <span class={p.lost > 0 ? "bad-text" : ""}>{count(p.lost)}</span> },
  ];
  return <Table label="Processors" columns={columns} rows={processors} rowKey={(p) => `${p.group}/${p.stream}`} />;
}

function Holder({ holder, mine }: { holder: string | null; mine: string }): JSX.Element {
  if (holder === null) return <Pill tone="warn">nobody</Pill>;
  return holder === mine ? <>this one</> : <code>{holder}</code>;
}
