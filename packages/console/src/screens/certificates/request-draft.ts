/** What somebody types who wants a certificate, and what is sent. Pure. */

export interface RequestDraft {
  readonly domains: string;
  readonly email: string;
  readonly name: string;
  readonly challenge: "auto" | "http-01" | "tls-alpn-01" | "dns-01";
  readonly staging: boolean;
}

/** Staging first: a mistake is free there. */
export function freshDraft(): RequestDraft {
  return { domains: "", email: "", name: "", challenge: "auto", staging: true };
}

export function wishOf({ domains, email, challenge, staging }: RequestDraft): Readonly<Record<string, unknown>> {
  const contact = email.trim();
  return { domains: namesOf(domains), staging, challenge, ...(contact === "" ? {} : { email: contact }) };
}

/** Why it cannot be sent yet; the rest is the server's to say. */
export function faultOf({ domains, challenge }: RequestDraft): string | null {
  const names = namesOf(domains);
  if (names.length === 0) return "Name at least one domain.";
  if (names.some((name) => /^https?:/i.test(name))) return "Domains only: without http:// and without a path.";
  const wildcard = names.find((name) => name.startsWith("*."));
  if (wildcard !== undefined && challenge !== "auto" && challenge !== "dns-01") return `${wildcard} is issued by dns-01 only.`;
  return null;
}

function namesOf(domains: string): string[] {
  return domains.split(/[\s,;]+/).filter((name) => name !== "");
}
