/** Who has which port, who holds one that is asked for, and where there is room. */
import type { JSX } from "preact";
import type { PortAnswer, PortRangesAnswer, PortsAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, queryOf, useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago, count, dateTime, duration } from "../../format.ts";
import { confirm } from "../../parts/confirm.tsx";
import { Empty, Loading, ProblemBox, toast } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { ClaimForm } from "./claim-form.tsx";
import { PortCheck } from "./port-check.tsx";

const path = "/api/v1/services/ports";

export function PortsScreen(): JSX.Element {
  const ports = useResource<PortsAnswer>(path, 5000);
  const ranges = useResource<PortRangesAnswer>(`${path}/available`, 30_000);
  const claiming = query.value.has("claim");
  const changed = () => {
    ports.reload();
    ranges.reload();
  };
  return (
    <>
      <div class="heading">
        <h1>Ports</h1>
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ claim: "new" })}>
            Allocate a port
          </button>
        </div>
      </div>
      <PortCheck />
      {claiming && <ClaimForm close={() => setQuery({ claim: null })} changed={changed} />}
      {ports.problem && <ProblemBox problem={ports.problem} retry={ports.reload} />}
      {!ports.data && !ports.problem && <Loading />}
      {ports.data && ports.data.items.length === 0 && (
        <Empty title="No port is given" command="npx tidegate port check 8080">
          A service gets its ports by itself. Allocate one here to keep it for a program of your own.
        </Empty>
      )}
      {ports.data && ports.data.items.length > 0 && (
        <Table
          label="Ports"
          columns={columnsOf(changed)}
          rows={ports.data.items}
          rowKey={(p) => `${p.protocol}/${p.port}/${p.bind_address}`}
        />
      )}
      {ranges.data && <FreeRanges ranges={ranges.data.items} />}
    </>
  );
}

function columnsOf(changed: () => void): readonly Column<PortAnswer>[] {
  return [
    { label: "Port", lead: true, cell: (p) => p.port },
    { label: "Protocol", cell: (p) => p.protocol },
    { label: "Address", cell: (p) => <code>{p.bind_address}</code> },
    { label: "Owner", cell: (p) => <Owner owner={p.owner} /> },
    { label: "Since", cell: (p) => <span title={dateTime(p.allocated_at)}>{ago(p.allocated_at, now.value)}</span> },
    { label: "Until", cell: (p) => (p.expires_at === null ? "given back" : `in ${duration(Math.max(0, p.expires_at - now.value))}`) },
    { label: "By", cell: (p) => p.by },
    { label: "Description", cell: (p) => p.description || "–" },
    { label: "Actions", acts: true, cell: (p) => (serviceOf(p.owner) === null ? <Release port={p} changed={changed} /> : null) },
  ];
}

/** `service:web/http` is of the service web. */
function serviceOf(owner: string): string | null {
  return /^service:([^/]+)/.exec(owner)?.[1] ?? null;
}

function Owner({ owner }: { owner: string }): JSX.Element {
  const service = serviceOf(owner);
  return service === null ? <>{owner}</> : <a href={`/services/${encodeURIComponent(service)}`}>{owner.slice("service:".length)}</a>;
}

function Release({ port, changed }: { port: PortAnswer; changed: () => void }): JSX.Element {
  const release = async () => {
    const text = `${port.owner} holds it; anybody may get it then.`;
    if (!(await confirm({ title: `Release ${port.protocol} ${port.port}?`, text, action: "Release", danger: true }))) return;
    const where = queryOf({ bind_address: port.bind_address });
    if (await act(() => api("DELETE", `${path}/${port.protocol}/${port.port}${where}`), changed)) toast(`Released ${port.port}`);
  };
  return (
    <span class="row-actions">
      <button type="button" class="button danger-text" aria-label={`Release ${port.port}`} onClick={() => void release()}>
        Release
      </button>
    </span>
  );
}

const shownAtMost = 12;

function FreeRanges({ ranges }: { ranges: PortRangesAnswer["items"] }): JSX.Element {
  const largest = ranges.toSorted((a, b) => b.count - a.count).slice(0, shownAtMost);
  const shown = largest.toSorted((a, b) => a.from - b.from);
  return (
    <section class="free-ranges" aria-label="Free ranges">
      <h2>
        Free ranges <small>{count(ranges.reduce((sum, r) => sum + r.count, 0))} ports</small>
      </h2>
      <ul>
        {shown.map((range) => (
          <li key={range.from} class="panel">
            <b>
              {range.from}–{range.to}
            </b>{" "}
            <span class="faint">{count(range.count)}</span>
          </li>
        ))}
        {ranges.length > shown.length && <li class="faint">and {ranges.length - shown.length} smaller</li>}
      </ul>
    </section>
  );
}
