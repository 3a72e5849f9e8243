/** The parts of a route: its path and where that goes, how the path is changed on the way, what else a request must have. */
import type { JSX } from "preact";
import type { ProxyRouteAnswer } from "tidegate/contract";
import { AreaField, ChoiceField, TextField } from "../../parts/fields.tsx";
import type { RouteDraft } from "./route-draft.ts";

export interface RouteFieldsProps {
  draft: RouteDraft;
  set: (change: Partial<RouteDraft>) => void;
}

const kinds = [
  { value: "prefix", label: "it and all below it" },
  { value: "exact", label: "only it" },
  { value: "regex", label: "a regular expression" },
] as const;

const types: readonly { value: ProxyRouteAnswer["target_type"]; label: string; field: string; example: string }[] = [
  { value: "url", label: "a URL", field: "URL", example: "http://127.0.0.1:9000" },
  { value: "port", label: "a port of this machine", field: "Port", example: "9000" },
  { value: "service", label: "a service", field: "Service, or service:port", example: "api" },
  { value: "hostname", label: "where another host goes", field: "Host", example: "app.example" },
  { value: "redirect", label: "a redirect", field: "Sent to", example: "https://{host}/new{path}" },
];

const statuses = [
  { value: "308", label: "308, for good" },
  { value: "307", label: "307, for now" },
  { value: "301", label: "301, for good, as GET" },
  { value: "302", label: "302, for now, as GET" },
  { value: "303", label: "303, see other" },
] as const;

interface PathFieldsProps extends RouteFieldsProps {
  isNew: boolean;
  hosts: readonly string[];
}

export function PathFields({ draft, set, isNew, hosts }: PathFieldsProps): JSX.Element {
  const type = types.find((one) => one.value === draft.type);
  return (
    <fieldset>
      <TextField label="Path" value={draft.pattern} required placeholder="/api" set={(pattern) => set({ pattern })} />
      <ChoiceField label="Takes" value={draft.kind} options={kinds} set={(kind) => set({ kind })} />
      <ChoiceField label="Goes to" value={draft.type} options={types} set={(chosen) => set({ type: chosen })} />
      <TextField
        label={type?.field ?? "Where"}
        value={draft.value}
        required
        placeholder={type?.example ?? ""}
        set={(value) => set({ value })}
      />
      {draft.type === "redirect" && <ChoiceField label="With" value={draft.status} options={statuses} set={(status) => set({ status })} />}
      <AreaField
        label="For the hosts"
        value={draft.hosts}
        rows={1}
        placeholder="all"
        hint={hosts.length === 0 ? "one a line; empty: all" : `one a line, as ${hosts[0]}; empty: all`}
        set={(named) => set({ hosts: named })}
      />
      <TextField label="Priority" value={draft.priority} required hint="0 to 999, higher first" set={(priority) => set({ priority })} />
      <TextField label="Id" value={draft.id} disabled={!isNew} placeholder="made from the path" set={(id) => set({ id })} />
    </fieldset>
  );
}

export function RewriteFields({ draft, set }: RouteFieldsProps): JSX.Element {
  if (draft.type === "redirect") return <></>;
  return (
    <fieldset aria-label="The path on its way">
      <TextField label="Take off the path" value={draft.strip} placeholder="/api" set={(strip) => set({ strip })} />
      <TextField label="Put before it" value={draft.add} placeholder="/v2" set={(add) => set({ add })} />
      <TextField
        label="Rewrite (regex)"
        value={draft.rewritePattern}
        placeholder="^/old/(.*)"
        set={(pattern) => set({ rewritePattern: pattern })}
      />
      <TextField label="To" value={draft.rewriteTo} placeholder="/new/$1" set={(rewriteTo) => set({ rewriteTo })} />
    </fieldset>
  );
}

export function DemandFields({ draft, set, open }: RouteFieldsProps & { open: boolean }): JSX.Element {
  return (
    <details open={open}>
      <summary>More: methods, headers, query, clients</summary>
      <fieldset>
        <TextField label="Methods" value={draft.methods} placeholder="all" hint="as GET, POST" set={(methods) => set({ methods })} />
        <AreaField
          label="Headers it must have"
          value={draft.headers}
          placeholder="X-Beta: yes"
          hint="one a line; without a value any will do"
          set={(headers) => set({ headers })}
        />
        <AreaField label="Query it must have" value={draft.query} placeholder="preview" set={(query) => set({ query })} />
        <AreaField label="Clients" value={draft.clients} placeholder="everybody" hint="as 10.0.0.0/8" set={(clients) => set({ clients })} />
        <TextField label="Description" value={draft.description} set={(description) => set({ description })} />
      </fieldset>
    </details>
  );
}
