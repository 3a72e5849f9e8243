/** What the edge workers of this machine do: where they listen, what came in, what waits, what was refused before it was a request. */
import type { JSX } from "preact";
import type { OrchestratorStatus } from "tidegate/contract";
import { count } from "../../format.ts";
import { Sign } from "../../parts/icons.tsx";
import { Facts, type Fact } from "../../parts/table.tsx";

type Edge = NonNullable<OrchestratorStatus["edge"]>;

export function EdgeCard({ edge }: { edge: OrchestratorStatus["edge"] }): JSX.Element {
  return (
    <section class="stack" aria-label="Edge">
      <h2>
        Edge <small>{edge !== null && <a href="/proxy">hosts</a>}</small>
      </h2>
      {edge === null ? (
        <p class="faint">No edge worker reports here. They listen for hosts and for the ports of services.</p>
      ) : (
        <>
          {edge.failed.map(({ place, why }) => (
            <p key={place} class="calm panel" role="status">
              <Sign name="warn" />{" "}
              <span>
                {place} is not listened on: {why}
              </span>
            </p>
          ))}
          <Facts facts={factsOf(edge)} />
        </>
      )}
    </section>
  );
}

function factsOf(edge: Edge): Fact[] {
  const refused = Object.entries(edge.refused).filter(([, n]) => n > 0);
  return [
    {
      label: "Workers",
      value: <span class={edge.workers < edge.expected ? "warn-text" : ""}>{`${edge.workers} of ${edge.expected}`}</span>,
    },
    { label: "Listening", value: edge.urls.length === 0 ? "nowhere" : edge.urls.map((url) => <code key={url}>{url} </code>) },
    { label: "Requests", value: count(edge.requests) },
    { label: "By status", value: <Statuses statuses={edge.statuses} /> },
    { label: "Connections", value: count(edge.connections) },
    { label: "WebSockets", value: count(edge.tunnels) },
    { label: "Held", value: <span class={edge.held > 0 ? "warn-text" : ""}>{count(edge.held)}</span> },
    {
      label: "Refused",
      value: refused.length === 0 ? "0" : refused.map(([reason, n]) => `${count(n)} ${reason.replaceAll("_", " ")}`).join(", "),
    },
    { label: "Counted, not recorded", value: count(edge.unrecorded) },
    ...(edge.ports.length === 0 ? [] : [{ label: "Ports of services", value: count(edge.ports.length) }]),
  ];
}

function Statuses({ statuses }: { statuses: Edge["statuses"] }): JSX.Element {
  const some = Object.entries(statuses).filter(([, n]) => n > 0);
  if (some.length === 0) return <>–</>;
  return (
    <>
      {some.map(([group, n]) => (
        <span key={group} class={`status-count ${group === "5xx" ? "bad-text" : ""}`}>
          {group} {count(n)}{" "}
        </span>
      ))}
    </>
  );
}
