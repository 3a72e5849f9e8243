/** The list's rows. Traffic is of the last five minutes, as the processors of the logs count it. */
import type { JSX } from "preact";
import type { OrchestratorMetricsAnswer, ProxyTargetAnswer } from "tidegate/contract";
import { duration, short } from "../../format.ts";
import { Pill } from "../../parts/marks.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { accessShort } from "./access-words.ts";
import { hostTones, schemesOf, serviceOf, stateOf } from "./host-words.ts";
import { trafficOf, type Traffic } from "./traffic.ts";

interface HostTableProps {
  rows: readonly ProxyTargetAnswer[];
  traffic: OrchestratorMetricsAnswer["http"];
}

export function HostTable({ rows, traffic }: HostTableProps): JSX.Element {
  const columns: readonly Column<ProxyTargetAnswer>[] = [
    { label: "Host", lead: true, cell: (t) => <a href={hostHref(t.hostname)}>{t.hostname}</a> },
    { label: "State", cell: (t) => <HostMark target={t} /> },
    { label: "Goes to", wide: true, cell: (t) => <GoesTo target={t} /> },
    { label: "Comes in by", cell: schemesOf },
    { label: "Access", cell: (t) => accessShort(t.access) },
    { label: "In 5 min", number: true, cell: (t) => <Requests traffic={trafficOf(t.hostname, traffic)} /> },
    { label: "Errors", number: true, cell: (t) => <Errors traffic={trafficOf(t.hostname, traffic)} /> },
    { label: "p95", number: true, cell: (t) => time(trafficOf(t.hostname, traffic)?.p95 ?? null) },
  ];
  return <Table label="Hosts" columns={columns} rows={rows} rowKey={(t) => t.hostname} />;
}

export function hostHref(host: string): string {
  return `/proxy/${encodeURIComponent(host)}`;
}

export function HostMark({ target }: { target: ProxyTargetAnswer }): JSX.Element {
  const state = stateOf(target);
  return <Pill tone={hostTones[state]}>{state}</Pill>;
}

function GoesTo({ target }: { target: Pick<ProxyTargetAnswer, "target_url" | "target_urls"> }): JSX.Element {
  const service = serviceOf(target.target_url);
  if (service !== null) return <a href={`/services/${encodeURIComponent(service)}`}>{target.target_url}</a>;
  return <code>{target.target_urls.length > 1 ? target.target_urls.join(" ") : target.target_url}</code>;
}

function Requests({ traffic }: { traffic: Traffic | null }): JSX.Element {
  return <>{traffic === null ? "–" : short(traffic.requests)}</>;
}

function Errors({ traffic }: { traffic: Traffic | null }): JSX.Element {
  if (traffic === null) return <>–</>;
  return (
    <span class={traffic.errors > 0 ? "bad-text" : ""}>{traffic.errors.toFixed(traffic.errors > 0 && traffic.errors < 10 ? 1 : 0)} %</span>
  );
}

function time(milliseconds: number | null): string {
  return milliseconds === null ? "–" : duration(milliseconds);
}
