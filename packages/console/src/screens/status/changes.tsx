/** Every change of a component's state, newest first. */
import type { JSX } from "preact";
import type { ComponentHistoryAnswer, ComponentState } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { dateTime } from "../../format.ts";
import { feed } from "../../live/feed.ts";
import { ChoiceField } from "../../parts/fields.tsx";
import { State } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";

type Change = ComponentHistoryAnswer["items"][number];

const columns: readonly Column<Change>[] = [
  { label: "Component", lead: true, cell: (c) => <b>{c.component}</b> },
  { label: "When", cell: (c) => dateTime(c.at) },
  { label: "From", cell: (c) => c.from || "–" },
  { label: "To", cell: (c) => <State state={c.to as ComponentState} /> },
  { label: "Detail", wide: true, cell: (c) => c.detail ?? "–" },
  { label: "Control process", cell: (c) => <code>{c.instance}</code> },
];

export function ComponentChanges(): JSX.Element {
  const component = query.value.get("component") ?? "";
  const changes = useResource<ComponentHistoryAnswer>(`/api/v1/orchestrator/history${queryOf({ component, limit: 200 })}`, 5000);
  const names = feed.update.value?.components.map((c) => c.name) ?? [];
  const options = [...new Set([...names, component].filter((name) => name !== ""))];
  return (
    <>
      <div class="letter-filter">
        <ChoiceField
          label="Component"
          value={component}
          options={[{ value: "", label: "all" }, ...options]}
          set={(name) => setQuery({ component: name })}
        />
      </div>
      {changes.problem && <ProblemBox problem={changes.problem} retry={changes.reload} />}
      {!changes.data && !changes.problem && <Loading />}
      {changes.data?.items.length === 0 && <Empty title="No change is recorded">A start, a stop or a failure shows up here.</Empty>}
      {changes.data && changes.data.items.length > 0 && (
        <Table
          label="Changes of state"
          columns={columns}
          rows={changes.data.items}
          rowKey={(c) => `${c.at}/${c.component}/${c.to}/${c.instance}`}
        />
      )}
    </>
  );
}
