/** Who is told: webhooks, Slack channels and mailboxes, each with a test that really sends. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { AlertDestination, AlertDestinationsAnswer, AlertTestAnswer, Problem } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, problemOf, useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago } from "../../format.ts";
import { confirm } from "../../parts/confirm.tsx";
import { Sign } from "../../parts/icons.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox, toast } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { DestinationForm } from "./destination-form.tsx";

type Destination = AlertDestinationsAnswer["items"][number];

const path = "/api/v1/alerts/destinations";
const fresh = "+";

export function Destinations(): JSX.Element {
  const answer = useResource<AlertDestinationsAnswer>(path, 5000);
  const [problem, setProblem] = useState<Problem | null>(null);
  const items = answer.data?.items;
  const wanted = query.value.get("destination");
  const edited = items?.find((d) => d.id === wanted);
  const close = () => {
    setQuery({ destination: null });
    answer.reload();
  };
  const test = async (destination: Destination) => {
    setProblem(null);
    try {
      const { ok, detail } = await api<AlertTestAnswer>("POST", `${path}/${encodeURIComponent(destination.id)}/test`);
      toast(ok ? `Sent a test to ${destination.id}` : `The test of ${destination.id} failed: ${detail}`, undefined, ok);
    } catch (error) {
      setProblem(problemOf(error));
    }
    answer.reload();
  };
  if (answer.problem && !items) return <ProblemBox problem={answer.problem} retry={answer.reload} />;
  if (!items) return <Loading />;
  return (
    <>
      {(edited ?? wanted === fresh) ? (
        <DestinationForm key={wanted} initial={edited ?? null} close={close} />
      ) : (
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ destination: fresh })}>
            New destination
          </button>
        </div>
      )}
      {problem && <ProblemBox problem={problem} />}
      {items.length === 0 ? (
        <Empty title="Nobody is told">
          Alerts show up here and in the overview; add a webhook, a Slack channel or a mailbox to be told elsewhere.
        </Empty>
      ) : (
        <Table label="Destinations" columns={columns(answer.reload, test)} rows={items} rowKey={(d) => d.id} />
      )}
    </>
  );
}

function columns(changed: () => void, test: (destination: Destination) => Promise<void>): readonly Column<Destination>[] {
  return [
    { label: "On", cell: (d) => <Switch destination={d} changed={changed} /> },
    { label: "Destination", lead: true, cell: (d) => d.id },
    { label: "Kind", cell: (d) => d.kind },
    { label: "Where", wide: true, cell: (d) => (d.kind === "email" ? d.to.join(", ") : d.url) },
    { label: "From severity", cell: (d) => d.min_severity },
    { label: "Last", cell: (d) => <Last destination={d} /> },
    { label: "Actions", acts: true, cell: (d) => <Actions destination={d} changed={changed} test={test} /> },
  ];
}

function Last({ destination: { last } }: { destination: Destination }): JSX.Element {
  if (last === null) return <span class="faint">never</span>;
  return (
    <span title={last.error ?? ""}>
      <Pill tone={last.ok ? "good" : "bad"}>{last.ok ? "delivered" : "failed"}</Pill> {ago(last.at, now.value)}
    </span>
  );
}

function Switch({ destination, changed }: { destination: Destination; changed: () => void }): JSX.Element {
  const { last: _, ...rest } = destination;
  const set = (enabled: boolean) =>
    act(() => api("PUT", `${path}/${encodeURIComponent(destination.id)}`, { ...rest, enabled } satisfies AlertDestination), changed);
  return (
    <input
      type="checkbox"
      role="switch"
      aria-label={destination.id}
      checked={destination.enabled}
      onChange={(event) => void set(event.currentTarget.checked)}
    />
  );
}

interface ActionsProps {
  destination: Destination;
  changed: () => void;
  test: (destination: Destination) => Promise<void>;
}

function Actions({ destination, changed, test }: ActionsProps): JSX.Element {
  const { id } = destination;
  const remove = async () => {
    const text = "Rules that name it tell nobody in its place.";
    if (await confirm({ title: `Delete ${id}?`, text, action: "Delete", danger: true }))
      await act(() => api("DELETE", `${path}/${encodeURIComponent(id)}`), changed);
  };
  return (
    <span class="row-actions">
      <button type="button" class="button" aria-label={`Test ${id}`} onClick={() => void test(destination)}>
        <Sign name="send" /> Test
      </button>
      <button type="button" class="button" aria-label={`Edit ${id}`} onClick={() => setQuery({ destination: id })}>
        Edit
      </button>
      <button type="button" class="button danger-text" aria-label={`Delete ${id}`} onClick={() => void remove()}>
        Delete
      </button>
    </span>
  );
}
