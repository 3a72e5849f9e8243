/** Whether a new host gets its certificate from the CA at once; nothing where none could be issued. */
import type { JSX } from "preact";
import { CheckField, TextField } from "../../parts/fields.tsx";
import { mayBeIssued, type IssueDraft } from "./host-certificate.ts";
import type { HostDraft } from "./host-draft.ts";

interface IssueFieldsProps {
  draft: HostDraft;
  wish: IssueDraft;
  set: (change: Partial<IssueDraft>) => void;
}

export function IssueFields({ draft, wish, set }: IssueFieldsProps): JSX.Element | null {
  if (!mayBeIssued(draft)) return null;
  return (
    <fieldset aria-label="Certificate from the CA">
      <div class="wide tells">
        <CheckField label="Get a certificate from the CA" checked={wish.issue} set={(issue) => set({ issue })} />
      </div>
      {wish.issue && (
        <>
          <TextField label="E-mail" value={wish.email} placeholder="the configured one" set={(email) => set({ email })} />
          <div class="wide tells">
            <CheckField
              label="From the staging server first: it shows that all works, costs none of the CA's limits, and browsers do not trust it"
              checked={wish.staging}
              set={(staging) => set({ staging })}
            />
          </div>
        </>
      )}
    </fieldset>
  );
}
