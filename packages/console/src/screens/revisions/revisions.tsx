/** Who changed what of everything that is stored, newest first, and the way back. */
import type { JSX } from "preact";
import type { RevisionAnswer, RevisionsAnswer } from "tidegate/contract";
import { queryOf } from "../../api.ts";
import { dateTime } from "../../format.ts";
import { usePages } from "../../paging.ts";
import { ChoiceField } from "../../parts/fields.tsx";
import { Sign } from "../../parts/icons.tsx";
import { Pill, type Tone } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { rollBack } from "./roll-back.ts";

const mostPages = 20;
const kinds = [
  { value: "", label: "everything" },
  { value: "target", label: "hosts" },
  { value: "route", label: "routes" },
  { value: "certificate", label: "certificates" },
  { value: "service", label: "services" },
  { value: "external_service", label: "external services" },
  { value: "port", label: "ports" },
  { value: "token", label: "tokens" },
] as const;

export function RevisionsScreen(): JSX.Element {
  const kind = query.value.get("kind") ?? "";
  // Of one thing, where a page of that thing leads here.
  const name = query.value.get("name");
  const path = kind === "" || name === null ? `/api/v1/revisions${queryOf({ kind, limit: 100 })}` : one(kind, name);
  const pages = usePages<RevisionsAnswer>(path, mostPages);
  const changes = pages.pages.flatMap((page) => page.items);
  return (
    <>
      <h1>Revisions</h1>
      <div class="letter-filter">
        <ChoiceField
          label="Of"
          value={kinds.find((k) => k.value === kind)?.value ?? ""}
          options={kinds}
          set={(chosen) => setQuery({ kind: chosen, name: null })}
        />
        {name !== null && (
          <button type="button" class="chip" aria-label={`Not only ${name}`} onClick={() => setQuery({ name: null })}>
            {name} <Sign name="close" />
          </button>
        )}
      </div>
      {pages.problem && <ProblemBox problem={pages.problem} retry={pages.reload} />}
      {pages.pages.length === 0 && !pages.problem && <Loading />}
      {pages.pages.length > 0 && changes.length === 0 && (
        <Empty title="Nothing was changed yet" command="npx tidegate service create hello --image nginx:alpine --port 80 --writable">
          Every change of hosts, routes, services, ports and tokens is kept here for a while: what, when, by whom.
        </Empty>
      )}
      {changes.length > 0 && (
        <Table
          label="Revisions"
          columns={columnsOf(pages.reload)}
          rows={changes}
          rowKey={(c) => `${c.kind}/${c.name}/${c.version}/${c.at}`}
        />
      )}
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

function one(kind: string, name: string): string {
  return `/api/v1/revisions/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
}

const tones: Readonly<Record<RevisionAnswer["change"], Tone>> = {
  created: "good",
  updated: "accent",
  deleted: "bad",
  rolled_back: "warn",
  imported: "quiet",
};

function columnsOf(changed: () => void): readonly Column<RevisionAnswer>[] {
  return [
    { label: "What", lead: true, cell: (c) => <What change={c} /> },
    { label: "Kind", cell: (c) => c.kind.replace("_", " ") },
    { label: "Change", cell: (c) => <Pill tone={tones[c.change] ?? "quiet"}>{c.change.replace("_", " ")}</Pill> },
    { label: "Version", number: true, cell: (c) => c.version },
    { label: "When", cell: (c) => dateTime(c.at).slice(0, -4) },
    { label: "By", cell: (c) => c.by },
    { label: "Trace", cell: (c) => (c.trace === null ? "–" : <a href={`/traces/${c.trace}`}>trace</a>) },
    { label: "Actions", acts: true, cell: (c) => <Actions change={c} changed={changed} /> },
  ];
}

function What({ change: { kind, name } }: { change: RevisionAnswer }): JSX.Element {
  if (kind === "service") return <a href={`/services/${encodeURIComponent(name)}?view=revisions`}>{name}</a>;
  if (kind === "target") return <a href={`/proxy/${encodeURIComponent(name)}`}>{name}</a>;
  if (kind === "route") return <a href={`/routes?route=${encodeURIComponent(name)}`}>{name}</a>;
  if (kind === "token") return <a href={`/tokens?token=${encodeURIComponent(name)}`}>{name}</a>;
  return <>{name}</>;
}

/** What must not come back: a secret that was revoked, a port that somebody else has by now. Services have a list of versions of their own. */
const elsewhere: readonly string[] = ["token", "port", "service"];

function Actions({ change, changed }: { change: RevisionAnswer; changed: () => void }): JSX.Element | null {
  if (change.change === "deleted" || elsewhere.includes(change.kind)) return null;
  return (
    <span class="row-actions">
      <button
        type="button"
        class="button"
        aria-label={`Roll back ${change.name} to version ${change.version}`}
        onClick={() => void rollBack(change, changed)}
      >
        Roll back
      </button>
    </span>
  );
}
