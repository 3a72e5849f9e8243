/** Every route in the order they are asked: paths that go elsewhere than their host. */
import type { JSX } from "preact";
import type { ProxyRouteAnswer, ProxyRoutesAnswer, ProxyTargetsAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, queryOf, useResource } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { ChoiceField } from "../../parts/fields.tsx";
import { Empty, Loading, ProblemBox, toast } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { routeColumns } from "./route-columns.tsx";
import { RouteForm } from "./route-form.tsx";
import { inOrder } from "./route-order.ts";

const path = "/api/v1/routes";

export function RoutesScreen(): JSX.Element {
  const { data, problem, reload } = useResource<ProxyRoutesAnswer>(path, 5000);
  const hosts = useResource<ProxyTargetsAnswer>("/api/v1/proxy/targets").data?.items.map(({ hostname }) => hostname) ?? [];
  const wanted = query.value.get("route");
  const edited = data?.items.find((route) => route.route_id === wanted) ?? null;
  const close = () => setQuery({ new: null, route: null });
  const creating = query.value.get("new") === "route";
  return (
    <>
      <div class="heading">
        <h1>Routes</h1>
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ new: "route", route: null })}>
            New route
          </button>
          <a class="button" href="/explain">
            Explain a URL
          </a>
        </div>
      </div>
      {(creating || edited !== null) && (
        <RouteForm
          key={edited?.route_id ?? ""}
          initial={edited}
          host={query.value.get("host")}
          hosts={hosts}
          close={close}
          changed={reload}
        />
      )}
      {wanted !== null && data && edited === null && <Empty title={`There is no route ${wanted}`} command="npx tidegate route ls" />}
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <List routes={data.items} hosts={hosts} changed={reload} />}
    </>
  );
}

interface ListProps {
  routes: readonly ProxyRouteAnswer[];
  hosts: readonly string[];
  changed: () => void;
}

function List({ routes, hosts, changed }: ListProps): JSX.Element {
  if (routes.length === 0)
    return (
      <Empty title="No routes yet" command="npx tidegate route create /api 3000">
        Without one every path goes where its host goes. A route sends a path elsewhere, for all hosts or for some.
      </Empty>
    );
  const host = query.value.get("host") ?? "";
  const rows = inOrder(routes.filter((route) => host === "" || route.scope === "global" || route.proxy_hostnames.includes(host)));
  const named = [...new Set([...hosts, ...routes.flatMap((route) => route.proxy_hostnames), ...(host === "" ? [] : [host])])].toSorted();
  const actions: Column<ProxyRouteAnswer> = { label: "Actions", acts: true, cell: (r) => <Actions route={r} changed={changed} /> };
  return (
    <>
      <div class="letter-filter">
        <ChoiceField
          label="Made for"
          value={host}
          options={[{ value: "", label: "any host" }, ...named]}
          set={(chosen) => setQuery({ host: chosen })}
        />
        {host !== "" && (
          <p class="faint">
            Which of them apply is decided on <a href={`/proxy/${encodeURIComponent(host)}?view=routes`}>the host's page</a>.
          </p>
        )}
      </div>
      {rows.length === 0 ? (
        <Empty title="No route is made for it" />
      ) : (
        <Table
          label="Routes in the order they are asked"
          columns={[...routeColumns(rows), actions]}
          rows={rows}
          rowKey={(r) => r.route_id}
        />
      )}
    </>
  );
}

function Actions({ route, changed }: { route: ProxyRouteAnswer; changed: () => void }): JSX.Element {
  const { route_id: id, enabled } = route;
  const one = `${path}/${encodeURIComponent(id)}`;
  const remove = async () => {
    const text = "Its path goes where the host goes again. It can be brought back from its revisions.";
    if (!(await confirm({ title: `Delete the route ${id}?`, text, action: "Delete", danger: true }))) return;
    if (await act(() => api("DELETE", one + queryOf({ force: "true" })), changed)) toast(`Deleted ${id}`);
  };
  const turn = () => void act(() => api("PATCH", one, { enabled: !enabled }), changed);
  return (
    <span class="row-actions">
      <button type="button" class="button" aria-label={`Edit ${id}`} onClick={() => setQuery({ route: id, new: null })}>
        Edit
      </button>
      <button type="button" class="button" aria-label={`${enabled ? "Disable" : "Enable"} ${id}`} onClick={turn}>
        {enabled ? "Disable" : "Enable"}
      </button>
      <button type="button" class="button danger-text" aria-label={`Delete ${id}`} onClick={() => void remove()}>
        Delete
      </button>
    </span>
  );
}
