/** Asks a CA for a certificate: first it is looked whether the CA could reach the domains; what is in the way is shown, and only then it is ordered. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { CertificateAnswer, PreflightAnswer, Problem } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { CheckField, ChoiceField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { navigate } from "../../router.ts";
import { certificates, pageOf } from "./certificate-path.ts";
import { Findings } from "./findings.tsx";
import { faultOf, freshDraft, wishOf, type RequestDraft } from "./request-draft.ts";

const challenges = [
  { value: "auto", label: "whichever works" },
  { value: "http-01", label: "http-01, at port 80" },
  { value: "tls-alpn-01", label: "tls-alpn-01, at port 443" },
  { value: "dns-01", label: "dns-01, by DNS records" },
] as const;

type Step = { at: "draft" | "looking" | "ordering" } | { at: "looked"; found: PreflightAnswer };

export function RequestForm({ close }: { close: () => void }): JSX.Element {
  const [draft, setDraft] = useState<RequestDraft>(freshDraft);
  const [step, setStep] = useState<Step>({ at: "draft" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<RequestDraft>) => {
    setDraft((old) => ({ ...old, ...change }));
    setStep({ at: "draft" });
    setProblem(null);
  };
  const failed = (error: unknown) => {
    setProblem(problemOf(error));
    setStep({ at: "draft" });
  };
  const order = async () => {
    setStep({ at: "ordering" });
    const name = draft.name.trim();
    const body = { ...wishOf(draft), skip_preflight: true, ...(name === "" ? {} : { cert_name: name }) };
    navigate(pageOf((await api<CertificateAnswer>("POST", certificates, body)).cert_name));
  };
  const look = async () => {
    setStep({ at: "looking" });
    const found = await api<PreflightAnswer>("POST", `${certificates}/preflight`, wishOf(draft));
    if (found.ready && found.findings.every(({ ok }) => ok)) await order();
    else setStep({ at: "looked", found });
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setProblem(null);
    void (step.at === "looked" ? order() : look()).catch(failed);
  };
  const busy = step.at === "looking" || step.at === "ordering";
  const again = step.at === "looked" && (step.found.ready ? "Order it" : "Order it all the same");
  const action = again || (step.at === "looking" ? "Looking…" : step.at === "ordering" ? "Ordering…" : "Look and order");
  const fault = faultOf(draft);
  return (
    <form class="rule-form panel" aria-label="Get a certificate" onSubmit={submit}>
      <h2>Get a certificate</h2>
      <Fields draft={draft} set={set} />
      {step.at === "looked" && <Findings answer={step.found} />}
      <FormEnd
        action={action}
        problem={problem}
        close={close}
        fault={fault}
        disabled={fault !== null || busy}
        aside={
          step.at === "looked" && (
            <button type="button" class="button" onClick={() => void look().catch(failed)}>
              Look again
            </button>
          )
        }
      />
    </form>
  );
}

function Fields({ draft, set }: { draft: RequestDraft; set: (change: Partial<RequestDraft>) => void }): JSX.Element {
  return (
    <>
      <fieldset>
        <TextField
          label="Domains"
          value={draft.domains}
          wide
          placeholder="app.example.org www.example.org"
          hint="With spaces between them; the first is its subject."
          set={(domains) => set({ domains })}
        />
      </fieldset>
      <fieldset>
        <TextField label="E-mail" value={draft.email} placeholder="the configured one" set={(email) => set({ email })} />
        <ChoiceField label="How the CA looks" value={draft.challenge} options={challenges} set={(challenge) => set({ challenge })} />
        <TextField label="Name" value={draft.name} placeholder="after its first domain" set={(name) => set({ name })} />
      </fieldset>
      <CheckField
        label="From the staging server first: it shows that all works, costs none of the CA's limits, and browsers do not trust it"
        checked={draft.staging}
        set={(staging) => set({ staging })}
      />
    </>
  );
}
