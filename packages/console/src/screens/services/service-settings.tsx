/** Everything a service is made with, as it is now. Secrets are named, never shown. */
import type { JSX } from "preact";
import type { ServiceAnswer } from "tidegate/contract";
import { duration } from "../../format.ts";
import { Empty } from "../../parts/notices.tsx";
import { Facts, Table, type Column, type Fact } from "../../parts/table.tsx";
import { sourceOf } from "./service-words.ts";

export function ServiceSettings({ service }: { service: ServiceAnswer }): JSX.Element {
  return (
    <>
      <Facts facts={factsOf(service)} />
      <h2>Environment</h2>
      <Pairs label="Environment" pairs={service.environment} none="No variables beside the image's own." />
      <h2>Labels</h2>
      <Pairs label="Labels" pairs={service.labels} none="No labels beside Tidegate's own." />
    </>
  );
}

function factsOf(service: ServiceAnswer): Fact[] {
  const { command, volumes, networks } = service;
  return [
    { label: "Image", value: <code>{sourceOf(service)}</code> },
    { label: "Command", value: command === null ? "the image's" : <code>{command.join(" ")}</code> },
    { label: "User", value: service.user ?? "the image's" },
    { label: "Memory", value: service.memory_limit },
    { label: "CPUs", value: service.cpu_limit },
    { label: "Processes", value: service.pids_limit },
    { label: "Restarted", value: service.restart_policy },
    { label: "Healthy when", value: <code>{health(service.healthcheck)}</code> },
    { label: "Deployed", value: service.strategy },
    { label: "Drains for", value: duration(service.drain_timeout * 1000) },
    { label: "Stops within", value: duration(service.stop_timeout * 1000) },
    { label: "Own files", value: service.read_only_root ? "read-only" : "can be written" },
    { label: "Volumes", value: volumes.length === 0 ? "none" : <code>{volumes.join(", ")}</code> },
    { label: "Networks", value: networks.length === 0 ? "its own" : networks.join(", ") },
  ];
}

function health(check: ServiceAnswer["healthcheck"]): string {
  const { kind, path, port } = check;
  return [kind, kind === "http" ? path : null, port].filter((part) => typeof part === "string").join(" ");
}

type Pair = readonly [string, string];

const columns: readonly Column<Pair>[] = [
  { label: "Name", lead: true, cell: ([name]) => <code>{name}</code> },
  { label: "Value", wide: true, cell: ([, value]) => (value === "***" ? <span class="faint">*** (secret)</span> : <code>{value}</code>) },
];

function Pairs({ label, pairs, none }: { label: string; pairs: Readonly<Record<string, string>>; none: string }): JSX.Element {
  const rows = Object.entries(pairs).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return rows.length === 0 ? <Empty title={none} /> : <Table label={label} columns={columns} rows={rows} rowKey={([name]) => name} />;
}
