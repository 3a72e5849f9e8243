/** The routes of a host in the order they are asked, and which of all apply to it. */
import type { JSX } from "preact";
import type { ProxyRouteAnswer, ProxyTargetAnswer, ProxyTargetRoutesAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, useResource } from "../../api.ts";
import { ChoiceField } from "../../parts/fields.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table } from "../../parts/table.tsx";
import { quoted } from "../../shell.ts";
import { routeColumns } from "../routes/route-columns.tsx";
import { hostPath } from "./host-path.ts";

const modes = [
  { value: "all", label: "all but those turned off here" },
  { value: "selective", label: "only those turned on here" },
  { value: "none", label: "none" },
] as const;

interface HostRoutesProps {
  target: ProxyTargetAnswer;
  changed: () => void;
}

export function HostRoutes({ target, changed }: HostRoutesProps): JSX.Element {
  const path = hostPath(target.hostname, "routes");
  const { data, problem, reload } = useResource<ProxyTargetRoutesAnswer>(path, 5000);
  const after = () => {
    reload();
    changed();
  };
  const setMode = (route_mode: string) => void act(() => api("PUT", path, { route_mode }), after);
  const turn = (id: string, verb: "enable" | "disable") => void act(() => api("POST", `${path}/${encodeURIComponent(id)}/${verb}`), after);
  return (
    <>
      <div class="letter-filter">
        <ChoiceField label="Routes that apply" value={data?.route_mode ?? target.route_mode} options={modes} set={setMode} />
        <a class="button" href={`/routes?new=route&host=${encodeURIComponent(target.hostname)}`}>
          New route
        </a>
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && data.routes.length === 0 && (
        <Empty title="No route applies" command={`npx tidegate route create /api 3000 --host ${quoted(target.hostname)}`}>
          Every path goes where the host goes. A route sends some elsewhere.
        </Empty>
      )}
      {data && data.routes.length > 0 && (
        <Table
          label="Routes in the order they are asked"
          columns={[
            ...routeColumns(data.routes),
            {
              label: "Actions",
              acts: true,
              cell: (r) => <Turn route={r} label="Turn off here" turn={() => turn(r.route_id, "disable")} />,
            },
          ]}
          rows={data.routes}
          rowKey={(r) => r.route_id}
        />
      )}
      {data && data.disabled_routes.length > 0 && <TurnedOff ids={data.disabled_routes} turn={(id) => turn(id, "enable")} />}
    </>
  );
}

function Turn({ route, label, turn }: { route: ProxyRouteAnswer; label: string; turn: () => void }): JSX.Element {
  return (
    <span class="row-actions">
      <button type="button" class="button" aria-label={`${label}: ${route.route_id}`} onClick={turn}>
        {label}
      </button>
    </span>
  );
}

function TurnedOff({ ids, turn }: { ids: readonly string[]; turn: (id: string) => void }): JSX.Element {
  return (
    <section class="stack" aria-label="Turned off here">
      <h2>Turned off here</h2>
      <ul class="chips">
        {ids.map((id) => (
          <li key={id} class="panel">
            <a href={`/routes?route=${encodeURIComponent(id)}`}>{id}</a>{" "}
            <button type="button" class="link" aria-label={`Turn ${id} on again`} onClick={() => turn(id)}>
              turn on
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
