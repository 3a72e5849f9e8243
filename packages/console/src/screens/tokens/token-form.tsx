/** A new token, or another e-mail, other scopes, another end for one there is. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { NewTokenAnswer, Problem, TokenAnswer } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { dateTime } from "../../format.ts";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";
import { ScopeGrid } from "./scope-grid.tsx";
import { EXPIRIES, expiryOf, grantsOf, scopesOf, type Grants } from "./token-words.ts";

interface Draft {
  name: string;
  email: string;
  all: boolean;
  grants: Grants;
  /** Days; `keep`: as it is. */
  expiry: string;
}

const blank: Draft = {
  name: "",
  email: "",
  all: false,
  grants: { services: "write", ports: "write", certificates: "write", proxy: "write", routes: "write" },
  expiry: "90",
};

interface TokenFormProps {
  initial: TokenAnswer | null;
  close: () => void;
  /** With the secret, where there is a new one. */
  saved: (made: NewTokenAnswer | null) => void;
}

export function TokenForm({ initial, close, saved }: TokenFormProps): JSX.Element {
  const [draft, setDraft] = useState(initial === null ? blank : draftOf(initial));
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const scopes = scopesOf(draft.all, draft.grants);
  const fault = scopes.length === 0 ? "Choose at least one scope." : null;
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      saved(await save(draft, initial));
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form
      class="rule-form panel"
      aria-label={initial === null ? "New token" : `Token ${initial.name}`}
      onSubmit={(event) => void submit(event)}
    >
      <h2>{initial === null ? "New token" : initial.name}</h2>
      <fieldset>
        <TextField
          label="Name"
          value={draft.name}
          required
          disabled={initial !== null}
          placeholder="deploy-bot"
          set={(name) => set({ name })}
        />
        <TextField label="E-mail" value={draft.email} placeholder="ops@example.org" set={(email) => set({ email })} />
        <ChoiceField label="Ends" value={draft.expiry} options={expiriesFor(initial)} set={(expiry) => set({ expiry })} />
      </fieldset>
      <ScopeGrid all={draft.all} grants={draft.grants} set={set} />
      <FormEnd action={initial === null ? "Create" : "Save"} problem={problem} close={close} fault={fault} />
    </form>
  );
}

function draftOf({ name, email, scopes }: TokenAnswer): Draft {
  return { name, email: email ?? "", ...grantsOf(scopes), expiry: "keep" };
}

function expiriesFor(initial: TokenAnswer | null): readonly { value: string; label: string }[] {
  if (initial === null) return EXPIRIES;
  const now = initial.expires_at === null ? "never" : dateTime(initial.expires_at).slice(0, 16);
  return [{ value: "keep", label: `as it is: ${now}` }, ...EXPIRIES];
}

async function save({ name, email, all, grants, expiry }: Draft, initial: TokenAnswer | null): Promise<NewTokenAnswer | null> {
  const shared = { email: email.trim() || null, scopes: scopesOf(all, grants) };
  const ends = expiry === "keep" ? {} : { expires_at: expiryOf(expiry, Date.now()) };
  if (initial === null) return api<NewTokenAnswer>("POST", "/api/v1/tokens", { name: name.trim(), ...shared, ...ends });
  await api<TokenAnswer>("PUT", `/api/v1/tokens/${encodeURIComponent(initial.name)}`, { ...shared, ...ends });
  toast(`Saved ${initial.name}`);
  return null;
}
