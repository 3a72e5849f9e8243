/** A new host. Everything else than where it goes has a default, and can be changed on its page. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ProxyTargetDoneAnswer } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { CopyCommand } from "../../parts/copy.tsx";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { navigate, query } from "../../router.ts";
import { quoted } from "../../shell.ts";
import { ComesInFields, PlaceFields } from "./host-fields.tsx";
import { blankHost, createRequest, type HostDraft } from "./host-draft.ts";
import { hostHref } from "./host-table.tsx";
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
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<HostDraft>) => setDraft((old) => ({ ...old, ...change }));
  const made = createRequest(draft);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in made) return;
    try {
      const answer = await api<ProxyTargetDoneAnswer>("POST", "/api/v1/proxy/targets", { ...made.request, ...accessOf[access] });
      told(`${answer.hostname} is ${answer.served ? "served" : "kept"}`, answer);
      navigate(hostHref(answer.hostname));
    } catch (error) {
      setProblem(problemOf(error));
    }
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
      <UpstreamTlsFields draft={draft} set={set} />
      <FormEnd
        action="Serve it"
        problem={problem}
        close={close}
        fault={draft.host !== "" && "fault" in made ? made.fault : null}
        disabled={"fault" in made}
        aside={"fault" in made || access !== "" || saysMore(draft) ? null : <CopyCommand command={commandOf(draft)} />}
      />
    </form>
  );
}

/** What would need files on the command line. */
function saysMore({ authority, serverName, unchecked }: HostDraft): boolean {
  return authority.trim() !== "" || serverName.trim() !== "" || unchecked;
}

function commandOf({ host, urls, service, https, http, certificate }: HostDraft): string {
  const [to = ""] = service.trim() === "" ? urls.trim().split(/\s+/) : [service.trim()];
  const plain = http === (https ? "redirect" : "serve") ? [] : ["--http", http];
  const named = certificate === "" ? [] : ["--cert", quoted(certificate)];
  return ["npx tidegate proxy create", quoted(host.trim()), quoted(to), ...(https ? [] : ["--no-https"]), ...plain, ...named].join(" ");
}
