/** Everything a host is served with, to be changed; only what was changed is sent, and no connection is cut by it. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ProxyTargetAnswer, ProxyTargetDoneAnswer } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { FormEnd } from "../../parts/form-end.tsx";
import { setQuery } from "../../router.ts";
import { ErrorPageRows } from "./error-page-rows.tsx";
import { changeRequest, draftOf, type HostDraft } from "./host-draft.ts";
import { ComesInFields, HeaderFields, LimitFields, PlaceFields, UpstreamFields } from "./host-fields.tsx";
import { hostPath } from "./host-path.ts";
import { told } from "./told.ts";
import { UpstreamTlsFields } from "./upstream-tls-fields.tsx";

interface HostSettingsProps {
  target: ProxyTargetAnswer;
  changed: () => void;
}

export function HostSettings({ target, changed }: HostSettingsProps): JSX.Element {
  // As it was when the form was opened: what others change meanwhile is not overwritten, because only differences are sent.
  const [before] = useState(() => draftOf(target));
  const [draft, setDraft] = useState(before);
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<HostDraft>) => setDraft((old) => ({ ...old, ...change }));
  const made = changeRequest(draft, before);
  const close = () => setQuery({ view: null });
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in made || made.request === null) return;
    try {
      told(`${target.hostname} is changed`, await api<ProxyTargetDoneAnswer>("PATCH", hostPath(target.hostname), made.request));
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="rule-form panel" aria-label="Settings" onSubmit={(event) => void submit(event)}>
      <fieldset>
        <PlaceFields draft={draft} set={set} />
        <ComesInFields draft={draft} set={set} />
      </fieldset>
      <UpstreamFields draft={draft} set={set} />
      <UpstreamTlsFields draft={draft} set={set} />
      <LimitFields draft={draft} set={set} />
      <HeaderFields draft={draft} set={set} />
      <ErrorPageRows draft={draft} set={set} />
      <FormEnd
        action="Save"
        problem={problem}
        close={close}
        fault={"fault" in made ? made.fault : null}
        disabled={"fault" in made || made.request === null}
      />
    </form>
  );
}
