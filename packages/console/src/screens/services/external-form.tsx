/** A name for something that runs elsewhere. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";

export function ExternalForm({ close, changed }: { close: () => void; changed: () => void }): JSX.Element {
  const [draft, setDraft] = useState({ service_name: "", url: "", description: "" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...change }));
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await api("POST", "/api/v1/services/external", draft);
      toast(`Registered ${draft.service_name}`);
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="rule-form panel" aria-label="External service" onSubmit={(event) => void submit(event)}>
      <h2>External service</h2>
      <fieldset>
        <TextField label="Name" value={draft.service_name} required placeholder="billing" set={(service_name) => set({ service_name })} />
        <TextField label="URL" value={draft.url} required placeholder="https://billing.example.org" set={(url) => set({ url })} />
        <TextField label="Description" value={draft.description} wide set={(description) => set({ description })} />
      </fieldset>
      <FormEnd action="Register" problem={problem} close={close} />
    </form>
  );
}
