/** Who may pass a host: addresses first, then any one of the ways that are given. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ProxyTargetAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, problemOf } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";
import { setQuery } from "../../router.ts";
import { accessDraft, accessRequest, type AccessDraft } from "./access-draft.ts";
import { AddressFields, DemandFields, ForwardFields, TokenFields } from "./access-fields.tsx";
import { accessWords } from "./access-words.ts";
import { hostPath } from "./host-path.ts";
import { UserRows } from "./user-rows.tsx";

interface AccessFormProps {
  target: ProxyTargetAnswer;
  changed: () => void;
}

export function AccessForm({ target, changed }: AccessFormProps): JSX.Element {
  const [draft, setDraft] = useState(() => accessDraft(target.access));
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<AccessDraft>) => setDraft((old) => ({ ...old, ...change }));
  const made = accessRequest(draft);
  const close = () => setQuery({ view: null });
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in made) return;
    try {
      await api("POST", hostPath(target.hostname, "auth"), made.request);
      toast(`Who may pass ${target.hostname} is changed`);
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="rule-form panel" aria-label="Access" onSubmit={(event) => void submit(event)}>
      <p>{accessWords(target.access)}</p>
      <AddressFields draft={draft} set={set} />
      <TokenFields draft={draft} set={set} />
      <UserRows users={draft.users} realm={draft.realm} set={set} />
      <ForwardFields draft={draft} set={set} />
      <DemandFields draft={draft} set={set} />
      <FormEnd
        action="Save"
        problem={problem}
        close={close}
        fault={"fault" in made ? made.fault : null}
        aside={target.access !== null && <OpenToAll target={target} changed={changed} />}
      />
    </form>
  );
}

function OpenToAll({ target, changed }: AccessFormProps): JSX.Element {
  const open = async () => {
    const text = "Lists, users and forward-auth are forgotten. It can be brought back from its revisions.";
    if (!(await confirm({ title: `Let everybody pass ${target.hostname}?`, text, action: "Let everybody in", danger: true }))) return;
    if (await act(() => api("DELETE", hostPath(target.hostname, "auth")), changed)) setQuery({ view: null });
  };
  return (
    <button type="button" class="button danger-text" onClick={() => void open()}>
      Let everybody in
    </button>
  );
}
