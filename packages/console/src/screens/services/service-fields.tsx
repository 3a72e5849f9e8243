/** What a service may use and when it counts as healthy; the same when it is made and when it is changed. */
import type { JSX } from "preact";
import { AreaField, CheckField, ChoiceField, TextField } from "../../parts/fields.tsx";
import { DEFAULTS, RESTARTS, type ServiceDraft } from "./service-draft.ts";

export interface FieldsProps {
  draft: ServiceDraft;
  set: (change: Partial<ServiceDraft>) => void;
}

export function LimitFields({ draft, set }: FieldsProps): JSX.Element {
  return (
    <>
      <fieldset aria-label="Limits and health">
        <TextField label="Memory" value={draft.memory} required hint={`default ${DEFAULTS.memory}`} set={(memory) => set({ memory })} />
        <TextField label="CPUs" value={draft.cpus} required hint={`default ${DEFAULTS.cpus}`} set={(cpus) => set({ cpus })} />
        <TextField label="Processes" value={draft.pids} required hint={`default ${DEFAULTS.pids}`} set={(pids) => set({ pids })} />
        <ChoiceField label="Healthy when" value={draft.health} options={healths} set={(health) => set({ health })} />
        {draft.health === "http" && <TextField label="Health path" value={draft.path} placeholder="/" set={(path) => set({ path })} />}
        {draft.health !== "" && (
          <TextField
            label="Healthy within, seconds"
            value={draft.deadline}
            placeholder={DEFAULTS.deadline}
            set={(deadline) => set({ deadline })}
          />
        )}
      </fieldset>
      <CheckField
        label="Its own files are read-only; volumes and /tmp can be written"
        checked={draft.readOnly}
        set={(readOnly) => set({ readOnly })}
      />
    </>
  );
}

const healths = [
  { value: "", label: "by default: a port accepts" },
  { value: "http", label: "a path answers" },
  { value: "tcp", label: "the port accepts" },
  { value: "docker", label: "the image's own check" },
] as const;

export function MoreFields({ draft, set }: FieldsProps): JSX.Element {
  return (
    <div class="more">
      <fieldset>
        <ChoiceField label="Restarted" value={draft.restart} options={restartsWith(draft.restart)} set={(restart) => set({ restart })} />
        <TextField label="User" value={draft.user} placeholder="the image's" set={(user) => set({ user })} />
        <TextField label="Command" value={draft.command} wide placeholder="the image's" set={(command) => set({ command })} />
        <AreaField
          label="Volumes, one a line"
          value={draft.volumes}
          wide
          placeholder="data:/var/lib/data"
          set={(volumes) => set({ volumes })}
        />
      </fieldset>
    </div>
  );
}

function restartsWith(restart: string): readonly string[] {
  return (RESTARTS as readonly string[]).includes(restart) ? RESTARTS : [...RESTARTS, restart];
}
