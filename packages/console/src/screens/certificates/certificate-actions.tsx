/** What can be done with a certificate as it is. */
import type { JSX } from "preact";
import type { CertificateAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, queryOf } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { toast } from "../../parts/notices.tsx";
import { navigate } from "../../router.ts";
import { certificatePath } from "./certificate-path.ts";

interface ActionsProps {
  certificate: CertificateAnswer;
  changed: () => void;
}

export function CertificateActions({ certificate, changed }: ActionsProps): JSX.Element {
  const { request, staging, expires_at: end, origin, cert_name: name } = certificate;
  const button = (label: string, work: () => Promise<void>, kind = "") => (
    <button type="button" class={`button ${kind}`} onClick={() => void work()}>
      {label}
    </button>
  );
  return (
    <div class="actions">
      {request !== null && staging && button("Convert to production", () => convert(certificate, changed), "primary")}
      {request !== null && button(end === null ? "Try now" : "Renew now", () => renew(certificate, changed))}
      {origin === "acme" && end !== null && button("Revoke", () => revoke(certificate, changed), "danger-text")}
      {button("Delete", () => remove(name), "danger-text")}
    </div>
  );
}

async function renew({ cert_name: name, expires_at: end }: CertificateAnswer, changed: () => void): Promise<void> {
  const text =
    "It is renewed in time by itself. Each order counts against the limits of the CA; the one there is serves until the next is there.";
  if (end !== null && !(await confirm({ title: `Renew ${name} now?`, text, action: "Renew" }))) return;
  await act(() => api("POST", certificatePath(name, "renew") + queryOf({ force: "true" })), changed);
}

async function convert({ cert_name: name, request }: CertificateAnswer, changed: () => void): Promise<void> {
  const text = `The CA is asked for a certificate that browsers trust, for ${request?.domains.join(", ") ?? name}. The one of the staging server serves until then.`;
  if (!(await confirm({ title: `Convert ${name} to production?`, text, action: "Convert" }))) return;
  await act(() => api("POST", certificatePath(name, "convert-to-production")), changed);
}

async function revoke({ cert_name: name }: CertificateAnswer, changed: () => void): Promise<void> {
  const text =
    "For when its key is in other hands. The CA is told at once, and another with a new key is ordered; visitors may be warned until it is served.";
  if (!(await confirm({ title: `Revoke ${name}?`, text, action: "Revoke", danger: true, typed: name }))) return;
  const reason = { reason: "keyCompromise" };
  if (await act(() => api("POST", certificatePath(name, "revoke"), reason), changed)) toast(`${name} is revoked; another is ordered`);
}

async function remove(name: string): Promise<void> {
  if (await removeCertificate(name, () => {})) navigate("/certificates");
}

export async function removeCertificate(name: string, changed: () => void): Promise<boolean> {
  const text = "Hosts that name it are served with whichever fits, or not by HTTPS at all. Its key is forgotten, and nobody renews it.";
  if (!(await confirm({ title: `Delete the certificate ${name}?`, text, action: "Delete", danger: true, typed: name }))) return false;
  const done = await act(() => api("DELETE", certificatePath(name)), changed);
  if (done) toast(`Deleted ${name}`);
  return done;
}
