/** The parts of an access rule. */
import type { JSX } from "preact";
import { AreaField, CheckField, ChoiceField, TextField } from "../../parts/fields.tsx";
import type { AccessDraft } from "./access-draft.ts";

export interface AccessFieldsProps {
  draft: AccessDraft;
  set: (change: Partial<AccessDraft>) => void;
}

export function AddressFields({ draft, set }: AccessFieldsProps): JSX.Element {
  return (
    <fieldset class="halves" aria-label="Addresses">
      <AreaField
        label="Only from these networks"
        value={draft.allow}
        placeholder="10.0.0.0/8"
        hint="one a line; empty: from everywhere"
        set={(allow) => set({ allow })}
      />
      <AreaField label="Never from these" value={draft.deny} placeholder="203.0.113.7" hint="one a line" set={(deny) => set({ deny })} />
    </fieldset>
  );
}

const tokens = [
  { value: "off", label: "are not asked for" },
  { value: "any", label: "any one lets in" },
  { value: "named", label: "those named let in" },
] as const;

export function TokenFields({ draft, set }: AccessFieldsProps): JSX.Element {
  return (
    <fieldset aria-label="Tokens">
      <ChoiceField label="API tokens" value={draft.tokens} options={tokens} set={(chosen) => set({ tokens: chosen })} />
      {draft.tokens === "named" && (
        <AreaField label="Names" value={draft.tokenNames} rows={1} placeholder="deploy-bot" set={(tokenNames) => set({ tokenNames })} />
      )}
      {draft.tokens !== "off" && (
        <TextField
          label="With the scopes"
          value={draft.tokenScopes}
          placeholder="any"
          hint="as services:read"
          set={(tokenScopes) => set({ tokenScopes })}
        />
      )}
      {draft.tokens !== "off" && (
        <CheckField
          label="The token is taken out before it is passed on"
          checked={draft.hideCredentials}
          set={(hideCredentials) => set({ hideCredentials })}
        />
      )}
    </fieldset>
  );
}

const failures = [
  { value: "closed", label: "nobody passes" },
  { value: "open", label: "everybody passes as nobody" },
] as const;
const refusals = [
  { value: "forward", label: "its answer is passed on" },
  { value: "redirect", label: "people are sent to sign in" },
] as const;

export function ForwardFields({ draft, set }: AccessFieldsProps): JSX.Element {
  return (
    <fieldset aria-label="Forward-auth">
      <div class="wide">
        <CheckField label="Another service decides (forward-auth)" checked={draft.forward} set={(forward) => set({ forward })} />
      </div>
      {draft.forward && (
        <>
          <TextField
            label="Asked with GET"
            value={draft.forwardUrl}
            required
            placeholder="http://127.0.0.1:4180/auth"
            set={(forwardUrl) => set({ forwardUrl })}
          />
          <ChoiceField label="When it refuses" value={draft.forwardMode} options={refusals} set={(forwardMode) => set({ forwardMode })} />
          {draft.forwardMode === "redirect" && (
            <TextField label="Sign in at" value={draft.loginUrl} required set={(loginUrl) => set({ loginUrl })} />
          )}
          <ChoiceField label="When it does not answer" value={draft.onFailure} options={failures} set={(onFailure) => set({ onFailure })} />
          <TextField
            label="Headers the upstream gets of it"
            value={draft.copyHeaders}
            placeholder="X-User, X-Groups"
            set={(copyHeaders) => set({ copyHeaders })}
          />
        </>
      )}
    </fieldset>
  );
}

export function DemandFields({ draft, set }: AccessFieldsProps): JSX.Element {
  return (
    <details>
      <summary>More: only some of them, paths that need nothing</summary>
      <fieldset>
        <AreaField label="Only these users" value={draft.required} placeholder="everybody let in" set={(required) => set({ required })} />
        <AreaField label="These e-mails" value={draft.requiredEmails} set={(requiredEmails) => set({ requiredEmails })} />
        <AreaField label="These groups" value={draft.requiredGroups} set={(requiredGroups) => set({ requiredGroups })} />
        <AreaField
          label="Paths that need nothing"
          value={draft.excluded}
          placeholder="/health"
          hint="with all below them"
          set={(excluded) => set({ excluded })}
        />
      </fieldset>
      <CheckField
        label="The upstream is told who it is (X-Auth-User-…)"
        checked={draft.passHeaders}
        set={(passHeaders) => set({ passHeaders })}
      />
    </details>
  );
}
