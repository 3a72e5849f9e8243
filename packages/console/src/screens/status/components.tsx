/** Components in the order they start, each with what it needs. */
import type { JSX } from "preact";
import type { ComponentStatus } from "tidegate/contract";
import { now } from "../../clock.ts";
import { ago, count, dateTime } from "../../format.ts";
import { Pill, State } from "../../parts/marks.tsx";
import { Table, type Column } from "../../parts/table.tsx";

const columns: readonly Column<ComponentStatus>[] = [
  {
    label: "Component",
    lead: true,
    cell: (c) => (
      <>
        <b>{c.name}</b> {c.essential && <Pill tone="quiet">essential</Pill>}
      </>
    ),
  },
  { label: "State", cell: (c) => <State state={c.state} /> },
  { label: "Since", cell: (c) => <span title={dateTime(c.since)}>{ago(c.since, now.value)}</span> },
  { label: "Needs", cell: (c) => (c.needs.length === 0 ? "–" : c.needs.join(", ")) },
  { label: "Restarts", number: true, cell: (c) => <span class={c.restarts > 0 ? "warn-text" : ""}>{count(c.restarts)}</span> },
  { label: "Process", number: true, cell: (c) => c.pid ?? "–" },
  { label: "Detail", wide: true, cell: (c) => c.detail ?? "–" },
  { label: "Logs", cell: (c) => <a href={`/logs?range=24h&filter=${encodeURIComponent(`"${c.name}"`)}`}>logs</a> },
];

export function ComponentTable({ components }: { components: readonly ComponentStatus[] }): JSX.Element {
  return <Table label="Components" columns={columns} rows={components} rowKey={(c) => c.name} />;
}
