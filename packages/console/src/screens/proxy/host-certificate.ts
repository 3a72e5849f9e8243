/** The certificate of a host: asked for when the host is made, and removed with it where it serves no other. Pure; the server decides both. */
import type { CertificatesAnswer, ProxyTargetAnswer } from "tidegate/contract";
import type { HostDraft } from "./host-draft.ts";

export interface IssueDraft {
  readonly issue: boolean;
  readonly email: string;
  readonly staging: boolean;
}

/** Staging first: a mistake is free there. */
export const noIssue: IssueDraft = { issue: false, email: "", staging: true };

/** A CA might issue for it: it is served by HTTPS, with whichever certificate fits, under a name of the internet. */
export function mayBeIssued({ host, https, certificate }: HostDraft): boolean {
  const name = host.trim().toLowerCase().replace(/\.$/, "");
  const top = name.split(".").at(-1) ?? "";
  return https && certificate === "" && name.includes(".") && /^(?:[a-z]{2,}|xn--[a-z0-9-]+)$/.test(top) && !local.has(top);
}

export function issueRequest(draft: HostDraft, { issue, email, staging }: IssueDraft): Readonly<Record<string, unknown>> {
  if (!issue || !mayBeIssued(draft)) return {};
  return { issue_certificate: true, staging, ...(email.trim() === "" ? {} : { email: email.trim() }) };
}

/** The same on the command line. */
export function issueFlags(draft: HostDraft, { issue, email, staging }: IssueDraft): string[] {
  if (!issue || !mayBeIssued(draft)) return [];
  return ["--issue", ...(staging ? ["--staging"] : []), ...(email.trim() === "" ? [] : ["--email", email.trim()])];
}

type Certificate = CertificatesAnswer["items"][number];

/** The certificate that serves this host and no other one; null: there is none. */
export function ownCertificate(
  host: string,
  targets: readonly ProxyTargetAnswer[],
  certificates: readonly Certificate[],
): Certificate | null {
  const shownTo = (target: ProxyTargetAnswer) => shownWith(target, certificates);
  const target = targets.find((one) => one.hostname === host);
  const own = target === undefined ? null : shownTo(target);
  return own === null || targets.some((one) => one.hostname !== host && shownTo(one) === own) ? null : own;
}

// Private

/** Tidegate makes certificates for these itself. */
const local = new Set(["localhost", "test", "internal"]);

function shownWith(
  { hostname, cert_name: named, enable_https: https }: ProxyTargetAnswer,
  all: readonly Certificate[],
): Certificate | null {
  const pinned = named === null ? undefined : all.find((one) => one.cert_name === named);
  if (pinned !== undefined) return pinned;
  if (!https) return null;
  const wildcard = hostname.replace(/^[^.]+/, "*");
  const best = all.toSorted((one, other) => (other.expires_at ?? 0) - (one.expires_at ?? 0));
  return best.find(({ domains }) => domains.includes(hostname)) ?? best.find(({ domains }) => domains.includes(wildcard)) ?? null;
}
