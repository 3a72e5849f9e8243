/** The list's rows. What a container uses is asked only for those that can be seen. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { ServiceAnswer, ServiceStatsAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago, bytes, dateTime } from "../../format.ts";
import { confirm } from "../../parts/confirm.tsx";
import { Pill } from "../../parts/marks.tsx";
import { toast } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { portHref, portWords, sourceOf, statusTones, type Row } from "./service-words.ts";

const every = 5000;

export function ServiceTable({ rows, changed }: { rows: readonly Row[]; changed: () => void }): JSX.Element {
  return <Table label="Services" columns={columnsOf(changed)} rows={rows} rowKey={(row) => `${row.kind}/${row.name}`} />;
}

function columnsOf(changed: () => void): readonly Column<Row>[] {
  return [
    { label: "Service", lead: true, cell: (row) => <Name row={row} /> },
    { label: "State", cell: (row) => <StatusMark row={row} /> },
    {
      label: "Image",
      wide: true,
      cell: (row) => (row.kind === "docker" ? <code>{sourceOf(row.service)}</code> : <code>{row.external.url}</code>),
    },
    { label: "Ports", cell: (row) => (row.kind === "docker" ? <Ports service={row.service} /> : "–") },
    { label: "Changed", cell: (row) => <Age row={row} /> },
    { label: "CPU, memory", number: true, cell: (row) => (row.kind === "docker" ? <Usage service={row.service} /> : "–") },
    { label: "Owner", cell: (row) => (row.kind === "docker" ? row.service.owner : row.external.owner) },
    { label: "Actions", acts: true, cell: (row) => (row.kind === "external" ? <Unregister name={row.name} changed={changed} /> : null) },
  ];
}

function Name({ row }: { row: Row }): JSX.Element {
  if (row.kind === "docker") return <a href={`/services/${encodeURIComponent(row.name)}`}>{row.name}</a>;
  return (
    <a href={row.external.url} target="_blank" rel="noreferrer" title={row.external.description}>
      {row.name}
    </a>
  );
}

function StatusMark({ row }: { row: Row }): JSX.Element {
  if (row.kind === "external") return <Pill tone="accent">external</Pill>;
  const { status, failure } = row.service;
  return (
    <span title={status === "failed" ? (failure?.message ?? "") : ""}>
      <Pill tone={statusTones[status] ?? "quiet"}>{status}</Pill>
    </span>
  );
}

function Ports({ service }: { service: ServiceAnswer }): JSX.Element {
  if (service.port_configs.length === 0) return <>–</>;
  return (
    <span class="ports">
      {service.port_configs.map((port) => {
        const href = service.status === "running" ? portHref(port, location.hostname) : null;
        const words = portWords(port);
        return href === null ? (
          <span key={port.port_name}>{words}</span>
        ) : (
          <a key={port.port_name} href={href} target="_blank" rel="noreferrer">
            {words}
          </a>
        );
      })}
    </span>
  );
}

function Age({ row }: { row: Row }): JSX.Element {
  const at = row.kind === "docker" ? row.service.updated_at : row.external.updated_at;
  return (
    <span title={dateTime(at)}>
      {row.kind === "docker" && `generation ${row.service.generation}, `}
      {ago(at, now.value)}
    </span>
  );
}

function Usage({ service }: { service: ServiceAnswer }): JSX.Element {
  const cell = useRef<HTMLSpanElement>(null);
  const seen = useSeen(cell);
  const runs = service.status === "running" || service.status === "paused" || service.status === "updating";
  const path = `/api/v1/services/${encodeURIComponent(service.service_name)}/stats`;
  const { data } = useResource<ServiceStatsAnswer>(seen && runs ? path : null, every);
  return (
    <span ref={cell} class="usage">
      {!runs || !data ? "–" : `${data.cpu_usage.toFixed(1)} %, ${bytes(data.memory_usage)}`}
    </span>
  );
}

function useSeen(cell: { current: Element | null }): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watcher = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting ?? false));
    if (cell.current) watcher.observe(cell.current);
    return () => watcher.disconnect();
  }, []);
  return seen;
}

function Unregister({ name, changed }: { name: string; changed: () => void }): JSX.Element {
  const remove = async () => {
    const text = "Only its name here goes; the service itself is not touched.";
    if (!(await confirm({ title: `Unregister ${name}?`, text, action: "Unregister", danger: true }))) return;
    if (await act(() => api("DELETE", `/api/v1/services/external/${encodeURIComponent(name)}`), changed)) toast(`Unregistered ${name}`);
  };
  return (
    <span class="row-actions">
      <button type="button" class="button danger-text" aria-label={`Unregister ${name}`} onClick={() => void remove()}>
        Unregister
      </button>
    </span>
  );
}
