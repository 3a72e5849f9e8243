/** The ports of a new service, a row each. */
import type { JSX } from "preact";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { blankPort, type PortDraft } from "./service-draft.ts";

export const BINDS = [
  { value: "127.0.0.1", label: "this machine only" },
  { value: "0.0.0.0", label: "everybody (0.0.0.0)" },
  { value: "::", label: "everybody (::)" },
] as const;

export function PortRows({ ports, set }: { ports: readonly PortDraft[]; set: (ports: readonly PortDraft[]) => void }): JSX.Element {
  const change = (at: number, next: Partial<PortDraft>) => set(ports.map((port, i) => (i === at ? { ...port, ...next } : port)));
  return (
    <fieldset class="rows" aria-label="Ports">
      <legend>Ports</legend>
      {ports.map((port, i) => (
        <div key={i} class="row" role="group" aria-label={`Port ${i + 1}`}>
          <PortFields port={port} set={(next) => change(i, next)} />
          <button
            type="button"
            class="button danger-text"
            aria-label={`Remove port ${i + 1}`}
            onClick={() => set(ports.filter((_, j) => j !== i))}
          >
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        class="button"
        onClick={() => set([...ports, { ...blankPort, name: ports.length === 0 ? "http" : `port${ports.length + 1}` }])}
      >
        Add a port
      </button>
    </fieldset>
  );
}

export function PortFields({ port, set }: { port: PortDraft; set: (change: Partial<PortDraft>) => void }): JSX.Element {
  return (
    <>
      <TextField label="Name" value={port.name} required set={(name) => set({ name })} />
      <TextField label="In the container" value={port.container} required placeholder="80" set={(container) => set({ container })} />
      <TextField label="Here" value={port.host} placeholder="any free one" set={(host) => set({ host })} />
      <ChoiceField label="Open to" value={port.bind} options={bindsWith(port.bind)} set={(bind) => set({ bind })} />
      <ChoiceField label="Protocol" value={port.protocol} options={["tcp", "udp"]} set={(protocol) => set({ protocol })} />
    </>
  );
}

/** An address of one interface is kept as it is. */
function bindsWith(bind: string): readonly { value: string; label: string }[] {
  return BINDS.some((b) => b.value === bind) ? BINDS : [...BINDS, { value: bind, label: bind }];
}
