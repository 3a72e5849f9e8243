/** Who may pass a route, its limits and timeouts, where they are not its host's. */
import type { JSX } from "preact";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import type { AccessDraft } from "../proxy/access-draft.ts";
import { AddressFields, DemandFields, ForwardFields, TokenFields } from "../proxy/access-fields.tsx";
import { UserRows } from "../proxy/user-rows.tsx";
import type { RouteFieldsProps } from "./route-fields.tsx";

const asks = [
  { value: "host", label: "as the host says" },
  { value: "both", label: "as the host says, and this" },
  { value: "instead", label: "only as this says" },
] as const;

export function RuleFields({ draft, set, open }: RouteFieldsProps & { open: boolean }): JSX.Element {
  return (
    <details open={open}>
      <summary>Of its own: access, limits, timeouts</summary>
      <fieldset aria-label="Rules of its own">
        <ChoiceField label="Who may pass" value={draft.asks} options={asks} set={(chosen) => set({ asks: chosen })} />
        <TextField label="Largest body" value={draft.body} placeholder="the host's" set={(body) => set({ body })} />
        <TextField label="Requests for each client" value={draft.rate} placeholder="the host's" set={(rate) => set({ rate })} />
        <TextField label="At the same time" value={draft.concurrent} placeholder="the host's" set={(concurrent) => set({ concurrent })} />
        <TextField label="To connect, seconds" value={draft.connect} placeholder="the host's" set={(connect) => set({ connect })} />
        <TextField
          label="To the first byte, seconds"
          value={draft.response}
          placeholder="the host's"
          set={(response) => set({ response })}
        />
        <TextField label="Between bytes, seconds" value={draft.idle} placeholder="the host's" set={(idle) => set({ idle })} />
      </fieldset>
      {draft.asks !== "host" && <Access draft={draft} set={set} />}
    </details>
  );
}

function Access({ draft: { access }, set }: RouteFieldsProps): JSX.Element {
  const change = (next: Partial<AccessDraft>) => set({ access: { ...access, ...next } });
  return (
    <div class="more">
      <AddressFields draft={access} set={change} />
      <TokenFields draft={access} set={change} />
      <UserRows users={access.users} realm={access.realm} set={change} />
      <ForwardFields draft={access} set={change} />
      <DemandFields draft={access} set={change} />
    </div>
  );
}
