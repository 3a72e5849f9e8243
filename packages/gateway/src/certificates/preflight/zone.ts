/** What the zone of a name says: whether its CAA records let the CA issue, and for dns-01 whether there is a zone to write to. */
import type { DnsHook } from "../authority.ts";
import type { CertificateRequest } from "../request-spec.ts";
import { findCaa, forbids } from "./caa.ts";
import { bad, good, type Finding } from "./finding.ts";
import type { Dns } from "./resolve.ts";

export interface CaaCheck {
  /** As in the request. */
  readonly domain: string;
  readonly challenge: CertificateRequest["challenge"];
  /** Per CA that may be asked, how CAA records call it. */
  readonly identities: readonly (readonly string[])[];
}

/** One CA that may issue is enough. */
export async function checkCaa({ domain, challenge, identities }: CaaCheck, dns: Dns, signal: AbortSignal): Promise<Finding> {
  const { at, records, trouble } = await findCaa(dns, bare(domain), signal);
  const troubled = "A CA that cannot read it does not issue: correct the zone.";
  if (trouble !== null) return bad(domain, "caa", "warning", `CAA of ${at} cannot be read: ${trouble}.`, troubled);
  const verdicts = identities.map((names) => forbids(records, { wildcard: domain.startsWith("*."), identities: names, challenge }));
  const [first] = verdicts;
  if (first === undefined || first === null || verdicts.includes(null))
    return good(domain, "caa", at === null ? `${domain} has no CAA record.` : `CAA of ${at} allows the CA.`);
  const names = identities.flat();
  const message = `CAA of ${at} forbids ${names.join(" or ")} to issue for ${domain}: ${first}.`;
  return bad(domain, "caa", "error", message, `Add the record: ${at} CAA 0 issue "${names[0] ?? ""}"`);
}

export async function checkZone(domain: string, hook: DnsHook | null, dns: Dns, signal: AbortSignal): Promise<Finding> {
  const wrong = (severity: Finding["severity"], message: string, hint: string): Finding => bad(domain, "dns-hook", severity, message, hint);
  const hooks = "Set ACME_DNS_EXEC, ACME_DNS_WEBHOOK or ACME_DNS_RFC2136.";
  if (hook === null) return wrong("error", `${domain} needs dns-01, and nothing here writes DNS records.`, hooks);
  const labels = bare(domain).split(".");
  // The top-level domain has name servers whether the domain is registered or not.
  for (const [at] of labels.slice(0, -1).entries()) {
    const zone = labels.slice(at).join(".");
    const { found, trouble } = await dns.nameServers(zone, signal);
    const troubled = "Correct the zone, or the resolver of this machine.";
    if (trouble !== null) return wrong("warning", `The name servers of ${zone} cannot be found out: ${trouble}.`, troubled);
    if (found.length > 0) return good(domain, "dns-hook", `${domain} is in the zone ${zone}, at ${found.toSorted().join(", ")}.`);
  }
  return wrong("error", `No zone of ${domain} has name servers.`, "Register the domain and set its name servers first.");
}

// Private

function bare(domain: string): string {
  return domain.replace(/^\*\./, "");
}
