/** A new host. Everything else than where it goes has a default, and can be changed on its page. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ProxyTargetMadeAnswer } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { CopyCommand } from "../../parts/copy.tsx";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { navigate, query } from "../../router.ts";
import { quoted } from "../../shell.ts";
import { pageOf } from "../certificates/certificate-path.ts";
import { ComesInFields, PlaceFields } from "./host-fields.tsx";
import { blankHost, createRequest, type HostDraft } from "./host-draft.ts";
import { issueFlags, issueRequest, noIssue, type IssueDraft } from "./host-certificate.ts";
import { hostHref } from "./host-table.tsx";
import { IssueFields } from "./issue-fields.tsx";
import { told } from "./told.ts";
import { UpstreamTlsFields } from "./upstream-tls-fields.tsx";

const accesses = [
  { value: "", label: "everybody" },
  { value: "token", label: "whoever has an API token" },
  { value: "here", label: "this machine only" },
] as const;
type Access = (typeof accesses)[number]["value"];

const accessOf: Readonly<Record<Access, object>> = {
  "": {},
  token: { access: { tokens: { names: null, scopes: [] } } },
  here: { access: { allow_ips: ["127.0.0.0/8", "::1/128"] } },
};

export function HostForm({ close }: { close: () => void }): JSX.Element {
  const [draft, setDraft] = useState(() => ({ ...blankHost, host: query.value.get("host") ?? "" }));
  const [access, setAccess] = useState<Access>("");
  const [wish, setWish] = useState(noIssue);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<HostDraft>) => setDraft((old) => ({ ...old, ...change }));
  const made = createRequest(draft);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in made) return;
    setBusy(true);
    try {
      const body = { ...made.request, ...accessOf[access], ...issueRequest(draft, wish) };
      const answer = await api<ProxyTargetMadeAnswer>("POST", "/api/v1/proxy/targets", body);
      told(`${answer.hostname} is ${answer.served ? "served" : "kept"}`, answer);
      const { certificate } = answer;
      navigate(certificate === null ? hostHref(answer.hostname) : pageOf(certificate.name));
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  return (
    <form class="rule-form panel" aria-label="New host" onSubmit={(event) => void submit(event)}>
      <h2>New host</h2>
      <fieldset>
        <TextField label="Host" value={draft.host} required placeholder="app.localhost" set={(host) => set({ host })} />
        <PlaceFields draft={draft} set={set} />
      </fieldset>
      <fieldset>
        <ComesInFields draft={draft} set={set} />
        <ChoiceField label="Who may pass" value={access} options={accesses} set={setAccess} />
      </fieldset>
      <IssueFields draft={draft} wish={wish} set={(change) => setWish((old) => ({ ...old, ...change }))} />
      <UpstreamTlsFields draft={draft} set={set} />
      <FormEnd
        action={busy && wish.issue ? "Looking whether the CA can reach it…" : "Serve it"}
        problem={problem}
        close={close}
        fault={draft.host !== "" && "fault" in made ? made.fault : null}
        disabled={"fault" in made || busy}
        aside={"fault" in made || access !== "" || saysMore(draft) ? null : <CopyCommand command={commandOf(draft, wish)} />}
      />
    </form>
  );
}

/** What would need files on the command line. */
function saysMore({ authority, serverName, unchecked }: HostDraft): boolean {
  return authority.trim() !== "" || serverName.trim() !== "" || unchecked;
}

function commandOf(draft: HostDraft, wish: IssueDraft): string {
  const { host, urls, service, https, http, certificate } = draft;
  const [to = ""] = service.trim() === "" ? urls.trim().split(/\s+/) : [service.trim()];
  const plain = http === (https ? "redirect" : "serve") ? [] : ["--http", http];
  const named = certificate === "" ? [] : ["--cert", quoted(certificate)];
  return [
    "npx tidegate proxy create",
    quoted(host.trim()),
    quoted(to),
    ...(https ? [] : ["--no-https"]),
    ...plain,
    ...named,
    ...issueFlags(draft, wish).map(quoted),
  ].join(" ");
}
