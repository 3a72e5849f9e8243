/** One destination. Secrets are written and never shown: an empty one leaves what is stored. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { SEVERITIES } from "tidegate/contract";
import type { AlertDestination, Problem, Severity } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { CheckField, ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";

interface Draft {
  id: string;
  enabled: boolean;
  kind: AlertDestination["kind"];
  severity: Severity;
  url: string;
  secret: string;
  to: string;
  from: string;
  smtp: string;
  allowPrivate: boolean;
}

const blank: Draft = {
  id: "",
  enabled: true,
  kind: "webhook",
  severity: "low",
  url: "",
  secret: "",
  to: "",
  from: "",
  smtp: "",
  allowPrivate: false,
};

export function DestinationForm({ initial, close }: { initial: AlertDestination | null; close: () => void }): JSX.Element {
  const [draft, setDraft] = useState(initial === null ? blank : draftOf(initial));
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const submit = async (event: Event) => {
    event.preventDefault();
    const failed = await save(destinationOf(draft), initial === null);
    if (failed) setProblem(failed);
    else close();
  };
  return (
    <form
      class="rule-form panel"
      aria-label={initial === null ? "New destination" : `Destination ${initial.id}`}
      onSubmit={(event) => void submit(event)}
    >
      <h2>{initial === null ? "New destination" : initial.id}</h2>
      <fieldset>
        <TextField label="Id" value={draft.id} required disabled={initial !== null} placeholder="on-call" set={(id) => set({ id })} />
        <ChoiceField label="Kind" value={draft.kind} options={["webhook", "slack", "email"]} set={(kind) => set({ kind })} />
        <ChoiceField label="From severity" value={draft.severity} options={SEVERITIES} set={(severity) => set({ severity })} />
        {draft.kind === "email" ? <Mail draft={draft} set={set} /> : <Hook draft={draft} set={set} stored={initial !== null} />}
      </fieldset>
      <CheckField
        label="May be in a private network (off: addresses inside are refused)"
        checked={draft.allowPrivate}
        set={(allowPrivate) => set({ allowPrivate })}
      />
      <FormEnd action="Save" problem={problem} close={close} />
    </form>
  );
}

interface PartProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

function Hook({ draft, set, stored }: PartProps & { stored: boolean }): JSX.Element {
  return (
    <>
      <TextField label="URL" value={draft.url} required wide placeholder="https://…" set={(url) => set({ url })} />
      {draft.kind === "webhook" && (
        <TextField
          label="Secret for the signature"
          value={draft.secret}
          secret
          placeholder={stored ? "as stored" : "none"}
          set={(secret) => set({ secret })}
        />
      )}
    </>
  );
}

function Mail({ draft, set }: PartProps): JSX.Element {
  return (
    <>
      <TextField label="To" value={draft.to} required wide placeholder="ops@example.org, second@example.org" set={(to) => set({ to })} />
      <TextField label="From" value={draft.from} required placeholder="tidegate@example.org" set={(from) => set({ from })} />
      <TextField
        label="SMTP server"
        value={draft.smtp}
        required
        placeholder="smtps://user:password@mail.example.org"
        set={(smtp) => set({ smtp })}
      />
    </>
  );
}

function draftOf(destination: AlertDestination): Draft {
  const { id, enabled, kind, min_severity: severity, allow_private: allowPrivate = false } = destination;
  const shared = { ...blank, id, enabled, kind, severity, allowPrivate };
  if (destination.kind === "email") return { ...shared, to: destination.to.join(", "), from: destination.from, smtp: destination.smtp };
  return { ...shared, url: destination.url };
}

function destinationOf(draft: Draft): AlertDestination {
  const shared = {
    id: draft.id.trim(),
    enabled: draft.enabled,
    min_severity: draft.severity,
    ...(draft.allowPrivate ? { allow_private: true } : {}),
  };
  if (draft.kind === "email") {
    const to = draft.to.split(/[\s,;]+/).filter((address) => address !== "");
    return { ...shared, kind: "email", to, from: draft.from.trim(), smtp: draft.smtp.trim() };
  }
  const url = draft.url.trim();
  if (draft.kind === "slack") return { ...shared, kind: "slack", url };
  return { ...shared, kind: "webhook", url, ...(draft.secret === "" ? {} : { secret: draft.secret }) };
}

async function save(destination: AlertDestination, isNew: boolean): Promise<Problem | null> {
  const path = "/api/v1/alerts/destinations";
  try {
    await (isNew ? api("POST", path, destination) : api("PUT", `${path}/${encodeURIComponent(destination.id)}`, destination));
    toast(`Saved ${destination.id}`);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}
