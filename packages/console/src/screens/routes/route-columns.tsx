/** What a list of routes shows, wherever it stands. */
import type { JSX } from "preact";
import type { ListedRouteAnswer, ProxyRouteAnswer } from "tidegate/contract";
import { Pill } from "../../parts/marks.tsx";
import type { Column } from "../../parts/table.tsx";
import { accessShort } from "../proxy/access-words.ts";
import { demandsOf } from "./route-order.ts";

/** `routes`: all that are listed, in the order they are asked. */
export function routeColumns(routes: readonly ProxyRouteAnswer[]): readonly Column<ProxyRouteAnswer>[] {
  return [
    { label: "Asked", number: true, cell: (r) => routes.indexOf(r) + 1 },
    { label: "Route", lead: true, cell: (r) => <Name route={r} /> },
    { label: "Path", wide: true, cell: (r) => <Path route={r} /> },
    { label: "Goes to", wide: true, cell: (r) => <GoesTo route={r} /> },
    { label: "Hosts", cell: (r) => <Hosts route={r} /> },
    { label: "Access", cell: (r) => (r.access === null ? "the host's" : accessShort(r.access)) },
    { label: "Priority", number: true, cell: (r) => r.priority },
  ];
}

function Name({ route }: { route: ProxyRouteAnswer }): JSX.Element {
  return (
    <>
      <a href={`/routes?route=${encodeURIComponent(route.route_id)}`}>{route.route_id}</a> {!route.enabled && <Pill tone="quiet">off</Pill>}
      {"conflicts" in route && <InTheWay route={route as ListedRouteAnswer} />}
    </>
  );
}

/** Why it does not do what somebody wanted; only the list of all knows. */
function InTheWay({ route: { conflicts } }: { route: ListedRouteAnswer }): JSX.Element | null {
  const found = conflicts.find(({ kind }) => kind !== "shadows");
  if (found === undefined) return null;
  return (
    <span class="in-the-way">
      <Pill tone="warn">{found.kind === "shadowed" ? "never asked" : "ambiguous"}</Pill>{" "}
      <span class="faint" title={found.why}>
        {found.kind === "shadowed" ? "because of " : "beside "}
        <a href={`/routes?route=${encodeURIComponent(found.other)}`}>{found.other}</a>
      </span>
    </span>
  );
}

function Path({ route }: { route: ProxyRouteAnswer }): JSX.Element {
  const kind = route.is_regex ? "regex" : route.exact ? "only this" : "and below";
  const demands = demandsOf(route);
  return (
    <span>
      <code>{route.path_pattern}</code> <span class="faint">{[kind, ...demands].join(", ")}</span>
    </span>
  );
}

function GoesTo({ route: { target_type: type, target_value: value, status, ...route } }: { route: ProxyRouteAnswer }): JSX.Element {
  const rewriting = [
    route.strip_prefix === null ? null : `without ${route.strip_prefix}`,
    route.rewrite === null ? null : "rewritten",
    route.add_prefix === null ? null : `below ${route.add_prefix}`,
  ].filter((part) => part !== null);
  return (
    <span>
      {type === "service" ? <a href={`/services/${encodeURIComponent(value.split(":")[0] ?? "")}`}>service {value}</a> : null}
      {type === "hostname" ? <a href={`/proxy/${encodeURIComponent(value)}`}>{value}</a> : null}
      {type === "port" ? <code>port {value}</code> : null}
      {type === "url" || type === "redirect" ? <code>{value}</code> : null}{" "}
      <span class="faint">{[...(type === "redirect" ? [`${status}`] : []), ...rewriting].join(", ")}</span>
    </span>
  );
}

function Hosts({ route: { scope, proxy_hostnames: hosts } }: { route: ProxyRouteAnswer }): JSX.Element {
  if (scope === "global") return <span class="faint">all</span>;
  return (
    <span class="ports">
      {hosts.map((host) => (
        <a key={host} href={`/proxy/${encodeURIComponent(host)}`}>
          {host}
        </a>
      ))}
    </span>
  );
}
