/** A rule in its form, with what it would have done in the last day beside it. Nothing is saved before Save. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { SEVERITIES } from "tidegate/contract";
import type { AlertRuleRequest, Problem } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { AreaField, CheckField, ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";
import { ConditionFields } from "./condition-fields.tsx";
import { idFrom, requestOf, type Draft } from "./rule-draft.ts";
import { RulePreview } from "./rule-preview.tsx";

interface RuleFormProps {
  initial: Draft;
  isNew: boolean;
  /** Ids of all there are. */
  destinations: readonly string[];
  done: () => void;
  cancel: () => void;
}

export function RuleForm({ initial, isNew, destinations, done, cancel }: RuleFormProps): JSX.Element {
  const [draft, setDraft] = useState(initial);
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const request = requestOf(draft);
  const fault = "fault" in request ? request.fault : null;
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in request) return;
    const failed = await save(request, isNew);
    if (failed) setProblem(failed);
    else done();
  };
  return (
    <form class="rule-form panel" aria-label={isNew ? "New rule" : `Rule ${initial.name}`} onSubmit={(event) => void submit(event)}>
      <h2>{isNew ? "New rule" : initial.name}</h2>
      <fieldset>
        <TextField label="Name" value={draft.name} required set={(name) => set({ name })} />
        <TextField label="Id" value={draft.id} disabled={!isNew} placeholder={idFrom(draft.name)} set={(id) => set({ id })} />
        <ChoiceField label="Severity" value={draft.severity} options={SEVERITIES} set={(severity) => set({ severity })} />
        <ConditionFields draft={draft} set={set} />
        <TextField label="Holding for, seconds" value={draft.for} set={(held) => set({ for: held })} />
        <TextField label="Quiet afterwards, seconds" value={draft.cooldown} set={(cooldown) => set({ cooldown })} />
        <AreaField label="What to do about it" value={draft.advice} wide set={(advice) => set({ advice })} />
      </fieldset>
      <Tells all={destinations} chosen={draft.destinations} set={(chosen) => set({ destinations: chosen })} />
      <FormEnd action="Save" problem={problem} close={cancel} fault={fault} />
      <RulePreview request={"fault" in request ? null : request} />
    </form>
  );
}

interface TellsProps {
  all: readonly string[];
  chosen: readonly string[];
  set: (chosen: readonly string[]) => void;
}

function Tells({ all, chosen, set }: TellsProps): JSX.Element | null {
  if (all.length === 0) return null;
  return (
    <fieldset class="tells">
      <legend>Tells (none chosen: all)</legend>
      {all.map((id) => (
        <CheckField
          key={id}
          label={id}
          checked={chosen.includes(id)}
          set={(on) => set(on ? [...chosen, id] : chosen.filter((other) => other !== id))}
        />
      ))}
    </fieldset>
  );
}

async function save(request: AlertRuleRequest, isNew: boolean): Promise<Problem | null> {
  const path = "/api/v1/alerts/rules";
  try {
    await (isNew ? api("POST", path, request) : api("PUT", `${path}/${encodeURIComponent(request.id)}`, request));
    toast(`Saved ${request.name}`);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}
