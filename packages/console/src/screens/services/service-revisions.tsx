/** What the service was, newest first, and the way back to any of it. */
import type { JSX } from "preact";
import type { RevisionAnswer, RevisionsAnswer, ServiceAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago, dateTime } from "../../format.ts";
import { Json } from "../../parts/json.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { rollBack } from "../revisions/roll-back.ts";
import { sourceOf } from "./service-words.ts";

interface RevisionsProps {
  service: ServiceAnswer;
  changed: () => void;
}

export function ServiceRevisions({ service, changed }: RevisionsProps): JSX.Element {
  const path = `/api/v1/services/${encodeURIComponent(service.service_name)}/revisions`;
  const { data, problem, reload } = useResource<RevisionsAnswer>(path, 5000);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Loading />;
  if (data.items.length === 0) return <Empty title="No revision is kept">Each change of the service is kept here as it was then.</Empty>;
  const shown = data.items.find((r) => String(r.version) === query.value.get("revision"));
  return (
    <>
      <Table
        label="Revisions"
        columns={columnsOf(service, data.items[0]?.version ?? 0, changed)}
        rows={data.items}
        rowKey={(r) => r.version}
      />
      {shown && (
        <>
          <h2>Version {shown.version}</h2>
          <Json value={shown.data ?? null} label={`version ${shown.version}`} />
        </>
      )}
    </>
  );
}

function columnsOf(service: ServiceAnswer, newest: number, changed: () => void): readonly Column<RevisionAnswer>[] {
  return [
    { label: "Version", lead: true, cell: (r) => r.version },
    { label: "Change", cell: (r) => r.change.replace("_", " ") },
    { label: "Generation", number: true, cell: (r) => stateOf(r)?.generation ?? "–" },
    { label: "Image", cell: (r) => <code>{imageOf(r)}</code> },
    { label: "When", cell: (r) => <span title={dateTime(r.at)}>{ago(r.at, now.value)}</span> },
    { label: "By", cell: (r) => r.by },
    { label: "Actions", acts: true, cell: (r) => <Actions revision={r} newest={newest} service={service} changed={changed} /> },
  ];
}

function Actions({ revision, newest, service, changed }: RevisionsProps & { revision: RevisionAnswer; newest: number }): JSX.Element {
  const open = query.value.get("revision") === String(revision.version);
  return (
    <span class="row-actions">
      <button
        type="button"
        class="button"
        aria-pressed={open}
        aria-label={`Show version ${revision.version}`}
        onClick={() => setQuery({ revision: open ? null : String(revision.version) })}
      >
        Show
      </button>
      {revision.version !== newest && revision.change !== "deleted" && (
        <button
          type="button"
          class="button"
          disabled={service.operation !== null}
          aria-label={`Roll back to version ${revision.version}`}
          onClick={() => void rollBack(revision, changed)}
        >
          Roll back
        </button>
      )}
      {revision.trace !== null && (
        <a class="button" href={`/traces/${revision.trace}`} aria-label={`Trace of version ${revision.version}`}>
          Trace
        </a>
      )}
    </span>
  );
}

function stateOf({ data }: RevisionAnswer): ServiceAnswer | null {
  return typeof data === "object" && data !== null ? (data as ServiceAnswer) : null;
}

function imageOf(revision: RevisionAnswer): string {
  const state = stateOf(revision);
  return state === null ? "–" : sourceOf(state);
}
