/** Environment variables, a row each. A secret one is kept encrypted and never shown again. */
import type { JSX } from "preact";
import { TextField } from "../../parts/fields.tsx";
import { blankVariable, type VariableDraft } from "./service-draft.ts";

interface VariableRowsProps {
  variables: readonly VariableDraft[];
  set: (variables: readonly VariableDraft[]) => void;
}

export function VariableRows({ variables, set }: VariableRowsProps): JSX.Element {
  const change = (at: number, next: Partial<VariableDraft>) => set(variables.map((v, i) => (i === at ? { ...v, ...next } : v)));
  return (
    <fieldset class="rows" aria-label="Environment">
      <legend>Environment</legend>
      {variables.map((variable, i) => (
        <div key={i} class="row variable" role="group" aria-label={`Variable ${i + 1}`}>
          <TextField label="Name" value={variable.name} placeholder="LOG_LEVEL" set={(name) => change(i, { name })} />
          <TextField
            label="Value"
            value={variable.value}
            secret={variable.secret}
            placeholder={variable.stored ? "as stored" : ""}
            set={(value) => change(i, { value })}
          />
          <Secret number={i + 1} variable={variable} set={(secret) => change(i, { secret })} />
          <button
            type="button"
            class="button danger-text"
            aria-label={`Remove variable ${i + 1}`}
            onClick={() => set(variables.filter((_, j) => j !== i))}
          >
            Remove
          </button>
        </div>
      ))}
      <button type="button" class="button" onClick={() => set([...variables, blankVariable])}>
        Add a variable
      </button>
    </fieldset>
  );
}

/** What is stored as a secret is not made readable by a switch. */
function Secret({ number, variable, set }: { number: number; variable: VariableDraft; set: (secret: boolean) => void }): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        role="switch"
        aria-label={`Variable ${number} is secret`}
        checked={variable.secret}
        disabled={variable.stored}
        onChange={(event) => set(event.currentTarget.checked)}
      />{" "}
      secret
    </label>
  );
}
