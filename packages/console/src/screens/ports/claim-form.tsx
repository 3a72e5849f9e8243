/** A port for a program of one's own. Never another than asked: where it is taken, the answer says by whom. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { PortAnswer, Problem } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";
import { BINDS } from "../services/port-rows.tsx";

const path = "/api/v1/services/ports";

interface Draft {
  owner: string;
  port: string;
  bind: string;
  protocol: "tcp" | "udp";
  /** Seconds; empty: until it is given back. */
  ttl: string;
  description: string;
}

const ends = [
  { value: "", label: "it is given back" },
  { value: "3600", label: "in an hour" },
  { value: "86400", label: "in a day" },
  { value: "2592000", label: "in 30 days" },
] as const;

export function ClaimForm({ close, changed }: { close: () => void; changed: () => void }): JSX.Element {
  const [draft, setDraft] = useState<Draft>({ owner: "", port: "", bind: "127.0.0.1", protocol: "tcp", ttl: "", description: "" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const submit = async (event: Event) => {
    event.preventDefault();
    const { owner, port, bind, protocol, description } = draft;
    const host = port.trim() === "" ? null : Number(port);
    const ttl = draft.ttl === "" ? null : Number(draft.ttl);
    try {
      const request = { owner: owner.trim(), host, bind_address: bind, protocol, ttl, description };
      const given = await api<PortAnswer>("POST", path, request);
      toast(`${given.protocol} ${given.port} belongs to ${given.owner}`);
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="rule-form panel" aria-label="Allocate a port" onSubmit={(event) => void submit(event)}>
      <h2>Allocate a port</h2>
      <fieldset>
        <TextField label="For" value={draft.owner} required placeholder="my-program" set={(owner) => set({ owner })} />
        <TextField label="Port" value={draft.port} placeholder="any free one" set={(port) => set({ port })} />
        <ChoiceField label="Open to" value={draft.bind} options={BINDS} set={(bind) => set({ bind })} />
        <ChoiceField label="Protocol" value={draft.protocol} options={["tcp", "udp"]} set={(protocol) => set({ protocol })} />
        <ChoiceField label="Until" value={draft.ttl} options={ends} set={(ttl) => set({ ttl })} />
        <TextField label="Description" value={draft.description} wide set={(description) => set({ description })} />
      </fieldset>
      <FormEnd action="Allocate" problem={problem} close={close} />
    </form>
  );
}
