/** The end of a host, after a question; with its certificate where that serves no other host. */
import type { CertificatesAnswer, ProxyTargetAnswer, ProxyTargetRemovedAnswer, ProxyTargetsAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, queryOf } from "../../api.ts";
import { choose, confirm } from "../../parts/confirm.tsx";
import { toast } from "../../parts/notices.tsx";
import { navigate } from "../../router.ts";
import { certificates } from "../certificates/certificate-path.ts";
import { ownCertificate } from "./host-certificate.ts";
import { hostPath } from "./host-path.ts";

export async function removeHost({ hostname }: ProxyTargetAnswer, changed: () => void): Promise<void> {
  const decision = await decided(hostname);
  if (decision === null) return;
  let answer: ProxyTargetRemovedAnswer | null = null;
  const along = decision === "along" ? { delete_certificate: "true" } : {};
  const path = hostPath(hostname) + queryOf({ force: "true", ...along });
  const remove = async () => void (answer = await api<ProxyTargetRemovedAnswer | null>("DELETE", path));
  if (!(await act(remove, changed))) return;
  toast(`${hostname} is not served any more`);
  if (decision === "along") toast(detailOf(answer));
  navigate("/proxy");
}

// Private

type Decision = "alone" | "along";

async function decided(host: string): Promise<Decision | null> {
  const text = "It is answered 404 from then on; routes stay. It can be brought back from its revisions.";
  const question = { title: `Serve ${host} no longer?`, text, action: "Delete", danger: true, typed: host };
  const own = await certificateOf(host);
  if (own === null) return (await confirm(question)) ? "alone" : null;
  const stays = { value: "alone", label: "stays" } as const;
  const goes = { value: "along", label: "goes with it: no other host is shown with it" } as const;
  return await choose<Decision>({ ...question, label: `Its certificate ${own}`, choices: [stays, goes] });
}

/** Who may not see certificates is not asked about them. */
async function certificateOf(host: string): Promise<string | null> {
  try {
    const [targets, all] = await Promise.all([
      api<ProxyTargetsAnswer>("GET", "/api/v1/proxy/targets"),
      api<CertificatesAnswer>("GET", certificates),
    ]);
    return ownCertificate(host, targets.items, all.items)?.cert_name ?? null;
  } catch {
    return null;
  }
}

function detailOf(answer: ProxyTargetRemovedAnswer | null): string {
  return answer?.detail ?? "Its certificate is deleted.";
}
