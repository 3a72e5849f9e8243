/** Who did what, and whether it was allowed; newest first. */
import type { JSX } from "preact";
import type { AuditAnswer, AuditEntry } from "tidegate/contract";
import { queryOf } from "../../api.ts";
import { dateTime, inlineFields } from "../../format.ts";
import { usePages } from "../../paging.ts";
import { ChoiceField } from "../../parts/fields.tsx";
import { Pill, type Tone } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";

const tones: Record<AuditEntry["result"], Tone> = { done: "good", denied: "bad", failed: "warn" };
const mostPages = 10;

const columns: readonly Column<AuditEntry>[] = [
  { label: "When", cell: (e) => dateTime(e.at) },
  { label: "Who", cell: (e) => <Narrow field="actor" value={e.actor} /> },
  { label: "Did", lead: true, cell: (e) => <Narrow field="action" value={e.action} /> },
  { label: "To", cell: (e) => <code>{e.resource}</code> },
  { label: "Result", cell: (e) => <Pill tone={tones[e.result] ?? "quiet"}>{e.result}</Pill> },
  { label: "More", wide: true, cell: (e) => <More entry={e} /> },
];

export function AuditList(): JSX.Element {
  const fields = { actor: query.value.get("actor"), action: query.value.get("action"), result: query.value.get("result") };
  const pages = usePages<AuditAnswer>(`/api/v1/audit${queryOf({ ...fields, limit: 100 })}`, mostPages);
  const entries = pages.pages.flatMap((page) => page.items);
  const filtered = Object.values(fields).some((value) => value !== null);
  return (
    <>
      <div class="letter-filter">
        <ChoiceField
          label="Result"
          value={fields.result ?? ""}
          options={[{ value: "", label: "all" }, "done", "denied", "failed"]}
          set={(result) => setQuery({ result })}
        />
        {filtered && (
          <button type="button" class="button" onClick={() => setQuery({ actor: null, action: null, result: null })}>
            Clear
          </button>
        )}
      </div>
      {pages.problem && <ProblemBox problem={pages.problem} retry={pages.reload} />}
      {pages.pages.length === 0 && !pages.problem && <Loading />}
      {pages.pages.length > 0 && entries.length === 0 && (
        <Empty title={filtered ? "No entry fits" : "Nobody has changed anything yet"}>
          Every change by the console, the command line or the API is kept here, denied ones too.
        </Empty>
      )}
      {entries.length > 0 && <Table label="Audit" columns={columns} rows={entries} rowKey={(e) => e.id} />}
      {pages.more && (
        <p class="list-foot">
          <button type="button" class="button" disabled={pages.loading} onClick={pages.more}>
            {pages.loading ? "Loading…" : "Load more"}
          </button>
        </p>
      )}
    </>
  );
}

function Narrow({ field, value }: { field: string; value: string }): JSX.Element {
  return (
    <button type="button" class="link" title={`Only ${value}`} onClick={() => setQuery({ [field]: value })}>
      {value}
    </button>
  );
}

function More({ entry }: { entry: AuditEntry }): JSX.Element {
  return (
    <>
      <code>{inlineFields(entry.fields, (name) => name !== "request_id")}</code>{" "}
      {entry.trace !== null && <a href={`/traces/${encodeURIComponent(entry.trace)}`}>trace</a>}
    </>
  );
}
