/** The next version of a service. The old container serves until the new one is healthy; only what changed is sent. */
import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ServiceAnswer } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { AreaField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";
import { draftOf, updateRequest } from "./service-draft.ts";
import { LimitFields, MoreFields, type FieldsProps } from "./service-fields.tsx";
import { VariableRows } from "./variable-rows.tsx";

interface DeployFormProps {
  service: ServiceAnswer;
  close: () => void;
  changed: () => void;
}

export function DeployForm({ service, close, changed }: DeployFormProps): JSX.Element {
  // What was shown when the form was opened: a change by somebody else meanwhile is not taken back.
  const before = useMemo(() => draftOf(service), []);
  const [draft, setDraft] = useState(before);
  const [problem, setProblem] = useState<Problem | null>(null);
  const set: FieldsProps["set"] = (change) => setDraft((old) => ({ ...old, ...change }));
  const made = updateRequest(draft, before);
  const fault = "fault" in made ? made.fault : null;
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in made || made.request === null) return;
    const { service_name: name } = service;
    try {
      await api("PUT", `/api/v1/services/${encodeURIComponent(name)}?wait=false`, made.request);
      toast(`Deploying ${name}`);
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="rule-form panel" aria-label="Deploy" onSubmit={(event) => void submit(event)}>
      <h2>Deploy</h2>
      <fieldset>
        {draft.source === "image" ? (
          <TextField label="Image" value={draft.image} required wide set={(image) => set({ image })} />
        ) : (
          <AreaField
            label="Dockerfile (empty: as it is)"
            value={draft.dockerfile}
            wide
            rows={6}
            set={(dockerfile) => set({ dockerfile })}
          />
        )}
      </fieldset>
      <details>
        <summary>Other fields: environment, limits, health, command, volumes</summary>
        <div class="more">
          <VariableRows variables={draft.variables} set={(variables) => set({ variables })} />
          <LimitFields draft={draft} set={set} />
          <MoreFields draft={draft} set={set} />
        </div>
      </details>
      <FormEnd
        action="Deploy"
        problem={problem}
        close={close}
        fault={fault}
        disabled={fault !== null || ("request" in made && made.request === null)}
      />
    </form>
  );
}
