/** A new service. It stays open until the service runs: if it does not, what was typed is still there beside the reason. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ServicesAnswer, ServiceDoneAnswer } from "tidegate/contract";
import { api, problemOf, useResource } from "../../api.ts";
import { CopyCommand } from "../../parts/copy.tsx";
import { AreaField, ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";
import { navigate } from "../../router.ts";
import { createCommand } from "./create-command.ts";
import { PortRows } from "./port-rows.tsx";
import { blank, createRequest, type Request } from "./service-draft.ts";
import { LimitFields, MoreFields, type FieldsProps } from "./service-fields.tsx";
import { Steps } from "./steps.tsx";
import { VariableRows } from "./variable-rows.tsx";

export function CreateForm({ close }: { close: () => void }): JSX.Element {
  const [draft, setDraft] = useState(blank);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const set: FieldsProps["set"] = (change) => setDraft((old) => ({ ...old, ...change }));
  const made = createRequest(draft);
  const command = "fault" in made ? null : createCommand(draft);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in made) return;
    setProblem(null);
    setBusy(draft.name.trim());
    setProblem(await create(made.request));
    setBusy(null);
  };
  return (
    <form class="rule-form panel" aria-label="New service" onSubmit={(event) => void submit(event)}>
      <h2>New service</h2>
      <fieldset>
        <TextField label="Name" value={draft.name} required placeholder="hello" set={(name) => set({ name })} />
        <ChoiceField label="Made from" value={draft.source} options={sources} set={(source) => set({ source })} />
        <Source draft={draft} set={set} />
        <TextField
          label="Host"
          value={draft.host}
          placeholder="hello.localhost"
          hint="served from it, made and deleted with it"
          set={(host) => set({ host })}
        />
      </fieldset>
      <PortRows ports={draft.ports} set={(ports) => set({ ports })} />
      <VariableRows variables={draft.variables} set={(variables) => set({ variables })} />
      <LimitFields draft={draft} set={set} />
      <details>
        <summary>More: restarts, command, volumes, user</summary>
        <MoreFields draft={draft} set={set} />
      </details>
      <FormEnd
        action={busy === null ? "Create" : "Creating…"}
        problem={problem}
        close={close}
        fault={draft.name !== "" && "fault" in made ? made.fault : null}
        disabled={busy !== null || "fault" in made}
        leave={busy === null ? "Cancel" : "Close"}
        aside={command !== null && <CopyCommand command={command} />}
      >
        {busy !== null && <UnderWay name={busy} />}
      </FormEnd>
    </form>
  );
}

const sources = [
  { value: "image", label: "an image" },
  { value: "dockerfile", label: "a Dockerfile" },
] as const;

function Source({ draft, set }: FieldsProps): JSX.Element {
  if (draft.source === "image")
    return <TextField label="Image" value={draft.image} required placeholder="nginx:alpine" set={(image) => set({ image })} />;
  return (
    <AreaField
      label="Dockerfile"
      value={draft.dockerfile}
      wide
      rows={6}
      placeholder={'FROM node:24-alpine\nCMD ["node", "-e", "…"]'}
      set={(dockerfile) => set({ dockerfile })}
    />
  );
}

/** Its trace is known as soon as the service is noted down. */
function UnderWay({ name }: { name: string }): JSX.Element {
  const [trace, setTrace] = useState<string | null>(null);
  const { data } = useResource<ServicesAnswer>(trace === null ? "/api/v1/services" : null, 500);
  const found = data?.items.find((service) => service.service_name === name)?.operation?.trace ?? null;
  if (trace === null && found !== null) setTrace(found);
  return (
    <div class="under-way" role="status">
      <p>
        Creating {name}. You may leave this page: it goes on. {trace !== null && <a href={`/traces/${trace}`}>Trace</a>}
      </p>
      {trace !== null && <Steps trace={trace} service={name} />}
    </div>
  );
}

async function create(request: Request): Promise<Problem | null> {
  try {
    const { service } = await api<ServiceDoneAnswer>("POST", "/api/v1/services", request);
    toast(`${service.service_name} is ${service.status}`);
    navigate(`/services/${encodeURIComponent(service.service_name)}`);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}
