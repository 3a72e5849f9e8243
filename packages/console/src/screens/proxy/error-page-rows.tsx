/** What visitors see instead of the edge's own answers, a row for each status. An upstream's answers stay its own. */
import type { JSX } from "preact";
import { AreaField, TextField } from "../../parts/fields.tsx";
import type { ErrorPageDraft } from "./host-draft.ts";
import type { HostFieldsProps } from "./host-fields.tsx";

/** Those the edge answers most. */
const usual = ["503", "502", "504", "429", "403", "401"] as const;

export function ErrorPageRows({ draft: { errorPages: pages }, set }: HostFieldsProps): JSX.Element {
  const change = (at: number, next: Partial<ErrorPageDraft>) =>
    set({ errorPages: pages.map((page, i) => (i === at ? { ...page, ...next } : page)) });
  const free = usual.find((status) => !pages.some((page) => page.status === status)) ?? "";
  return (
    <fieldset class="rows" aria-label="Error pages">
      <legend>Error pages</legend>
      {pages.map((page, i) => (
        <div key={i} class="row page" role="group" aria-label={`Error page ${i + 1}`}>
          <TextField label="Status" value={page.status} required set={(status) => change(i, { status })} />
          <AreaField label="HTML" value={page.html} rows={3} placeholder="<h1>Back soon</h1>" set={(html) => change(i, { html })} />
          <button
            type="button"
            class="button danger-text"
            aria-label={`Remove error page ${i + 1}`}
            onClick={() => set({ errorPages: pages.filter((_, j) => j !== i) })}
          >
            Remove
          </button>
        </div>
      ))}
      <div class="actions ends-low">
        <button type="button" class="button" onClick={() => set({ errorPages: [...pages, { status: free, html: "" }] })}>
          Add an error page
        </button>
        {pages.length === 0 && <p class="faint">Shown when no upstream answers; without one visitors see a plain page of the edge.</p>}
      </div>
    </fieldset>
  );
}
