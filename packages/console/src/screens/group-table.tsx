/** Groups in a table, used for all of them and for those of one topic. */
import type { JSX } from "preact";
import type { GroupInfo } from "tidegate/contract";
import { count, duration } from "../format.ts";
import { feed } from "../live/feed.ts";
import { Pill } from "../parts/marks.tsx";
import { Table, type Column } from "../parts/table.tsx";

const columns: readonly Column<GroupInfo>[] = [
  {
    label: "Group",
    lead: true,
    cell: (g) => <a href={`/groups/${encodeURIComponent(g.topic)}/${encodeURIComponent(g.group)}`}>{g.group}</a>,
  },
  { label: "Topic", cell: (g) => <a href={`/topics/${encodeURIComponent(g.topic)}`}>{g.topic}</a> },
  { label: "Lag", number: true, cell: (g) => <span class={g.lag > 0 ? "warn-text" : ""}>{count(g.lag)}</span> },
  { label: "In work", number: true, cell: (g) => count(g.pending) },
  { label: "Retrying", number: true, cell: (g) => <span class={g.retrying > 0 ? "warn-text" : ""}>{count(g.retrying)}</span> },
  { label: "Oldest in work", number: true, cell: (g) => (g.oldestPendingIdle === null ? "–" : duration(g.oldestPendingIdle)) },
  { label: "Consumers", number: true, cell: (g) => count(g.consumers.length) },
  { label: "State", cell: (g) => <GroupState group={g} /> },
];

export function GroupTable({ groups }: { groups: readonly GroupInfo[] }): JSX.Element {
  return <Table label="Groups" columns={columns} rows={groups} rowKey={(g) => `${g.topic}/${g.group}`} />;
}

export function GroupState({ group }: { group: GroupInfo }): JSX.Element {
  if (group.missingLanes.length > 0) return <Pill tone="bad">{`not on ${group.missingLanes.join(", ")}`}</Pill>;
  // Redis knows a consumer from its first message on.
  if (group.consumers.length === 0 && feed.update.value?.streams[group.topic]?.entries_added === 0)
    return <Pill tone="quiet">nothing to read yet</Pill>;
  if (group.consumers.length === 0) return <Pill tone={group.lag > 0 ? "warn" : "quiet"}>no consumer</Pill>;
  if (group.lag > 0) return <Pill tone="warn">behind</Pill>;
  return <Pill tone="good">keeps up</Pill>;
}
