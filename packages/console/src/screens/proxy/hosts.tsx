/** Every host name that is served: where its requests go, who may pass, how it is, and how much comes in. */
import type { JSX } from "preact";
import type { OrchestratorMetricsAnswer, ProxyTargetsAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { query, setQuery } from "../../router.ts";
import { HostForm } from "./host-form.tsx";
import { HostTable } from "./host-table.tsx";
import { hostsThatFit } from "./host-words.ts";

const every = 5000;

export function HostsScreen(): JSX.Element {
  const targets = useResource<ProxyTargetsAnswer>("/api/v1/proxy/targets", every);
  const metrics = useResource<OrchestratorMetricsAnswer>("/api/v1/orchestrator/metrics", every);
  return (
    <>
      <div class="heading">
        <h1>Hosts</h1>
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ new: "host" })}>
            Serve a host
          </button>
          <a class="button" href="/explain">
            Explain a URL
          </a>
        </div>
      </div>
      {query.value.get("new") === "host" && <HostForm close={() => setQuery({ new: null, host: null })} />}
      {targets.problem && <ProblemBox problem={targets.problem} retry={targets.reload} />}
      {!targets.data && !targets.problem && <Loading />}
      {targets.data && <List targets={targets.data.items} traffic={metrics.data?.http ?? []} />}
    </>
  );
}

interface ListProps {
  targets: ProxyTargetsAnswer["items"];
  traffic: OrchestratorMetricsAnswer["http"];
}

function List({ targets, traffic }: ListProps): JSX.Element {
  if (targets.length === 0)
    return (
      <Empty title="No host is served yet" command="npx tidegate proxy create app.localhost http://127.0.0.1:3000">
        A host is a name that visitors ask for. Its requests go to a URL or a service; routes send some of its paths elsewhere.
      </Empty>
    );
  const filter = query.value.get("filter") ?? "";
  const rows = hostsThatFit(targets, filter);
  return (
    <>
      <div class="toolbar">
        <input
          type="search"
          aria-label="Filter hosts"
          placeholder="host, upstream, state, owner"
          value={filter}
          onInput={(event) => setQuery({ filter: event.currentTarget.value })}
        />
        <span class="faint">
          {rows.length} of {targets.length}
        </span>
      </div>
      {rows.length === 0 ? <Empty title="No host fits">Remove a word of the filter.</Empty> : <HostTable rows={rows} traffic={traffic} />}
    </>
  );
}
