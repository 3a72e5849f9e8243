/** Certificates in rows and words. */
import type { CertificateAnswer, CertificateProblem, CertificateRow, CertificateStatusAnswer, PreflightAnswer } from "../contract.ts";
import { ago, count, facts, line, paint, printable, type Column } from "./output.ts";

export const COLUMNS: readonly Column<CertificateRow>[] = [
  { title: "CERTIFICATE", value: ({ cert_name: name }) => name },
  { title: "HOSTS", value: ({ domains }) => domains.join(" ") },
  { title: "STATE", value: stateWords },
  { title: "LIFE LEFT", value: lifeWords },
  { title: "ENDS", value: ({ expires_at: at }) => (at === null ? "-" : ago(at)) },
  { title: "NEXT", value: nextWords },
  { title: "FROM", value: issuerWords },
];

/** `active`, `active (staging)`, `renewing: validation` */
function stateWords({ status, stage, staging }: Pick<CertificateRow, "status" | "stage" | "staging">): string {
  return `${status.replace("_", " ")}${stage === null ? "" : `: ${stage}`}${staging ? " (staging)" : ""}`;
}

/** What comes next: the order, its attempt after a failure, or nothing. */
function nextWords({ next_attempt_at: at, attempts, request, status }: CertificateRow, now: number = Date.now()): string {
  if (request === null) return "nobody renews it";
  if (status === "issuing" || status === "renewing") return "under way";
  if (at === null) return "-";
  const what = attempts > 0 ? "attempt" : status === "pending" ? "order" : "renewal";
  return at <= now ? `${what} now` : `${what} ${ago(at, now)}`;
}

/** The CN of whoever signed it. */
function issuerWords({ issuer }: Pick<CertificateRow, "issuer">): string {
  return issuer === null ? "-" : (/CN=([^,\n]+)/.exec(issuer)?.[1] ?? issuer);
}

export function certificatePage(answer: CertificateAnswer): void {
  const { request, last_problem: problem, expires_at: end } = answer;
  facts([
    ["certificate", answer.cert_name],
    ["hosts", answer.domains.join(", ")],
    ["state", stateWords(answer)],
    ...issuedFacts(answer),
    ...(request === null ? [] : requestFacts(answer)),
    ["next", nextWords(answer)],
    ["owner", answer.owner],
  ]);
  if (problem !== null) problemLines(problem);
  if (end === null || problem !== null) line(`  Why, and what comes next: tidegate cert explain ${printable(answer.cert_name)}`);
}

export function statusPage(answer: CertificateStatusAnswer): void {
  facts([
    ["certificate", answer.cert_name],
    ["state", `${answer.status.replace("_", " ")}${answer.stage === null ? "" : `: ${answer.stage}`}`],
    ...fact("ends", answer.expires_at),
    ...fact("began", answer.began_at),
    ["failed attempts", count(answer.attempts)],
    ...fact(answer.status === "active" ? "renewal" : "next attempt", answer.next_attempt_at),
    ...(answer.trace_id === null ? [] : [["trace", `tidegate trace show ${answer.trace_id}`] as const]),
  ]);
  if (answer.last_problem !== null) problemLines(answer.last_problem);
}

export function problemLines({ at, stage, ca, detail, subproblems, not_before }: CertificateProblem): void {
  line(`${paint("red", "✗")} The last attempt failed ${ago(at)} (${stage}${ca === null ? "" : ` at ${printable(ca)}`}):`);
  line(`  ${printable(detail)}`);
  for (const { domain, detail: words } of subproblems) line(`  ${domain === null ? "" : `${printable(domain)}: `}${printable(words)}`);
  if (not_before !== null) line(`  Not to be asked before ${moment(not_before)}.`);
}

/** What stands in the way first; to stderr, since it goes before the answer. */
export function findingLines({ findings }: PreflightAnswer): string[] {
  const ranked = findings.toSorted((one, other) => rankOf(one) - rankOf(other));
  return ranked.map((finding) => {
    const sign = [paint("red", "✗"), paint("yellow", "!"), paint("green", "✓")][rankOf(finding)] ?? "";
    const hint = finding.hint === "" ? "" : `\n    ${printable(finding.hint)}`;
    return `  ${sign} ${printable(finding.domain)}, ${finding.check}: ${printable(finding.message)}${hint}`;
  });
}

/** `2026-11-22T05:40:57Z (in 3 d)` */
export function moment(at: number): string {
  return `${new Date(at).toISOString().replace(/\.\d+Z$/, "Z")} (${ago(at)})`;
}

// Private

type Fact = readonly [string, string];

function rankOf({ ok, severity }: PreflightAnswer["findings"][number]): 0 | 1 | 2 {
  return ok ? 2 : severity === "error" ? 0 : 1;
}

function fact(name: string, at: number | null): Fact[] {
  return at === null ? [] : [[name, moment(at)]];
}

function lifeWords({ issued_at: from, expires_at: end }: CertificateRow, now: number = Date.now()): string {
  if (from === null || end === null) return "-";
  return `${Math.round(100 * Math.min(1, Math.max(0, (end - now) / Math.max(1, end - from))))} %`;
}

function issuedFacts(answer: CertificateAnswer): Fact[] {
  const { issued_at: from, expires_at: end, subject, issuer, key_type: key, fingerprint } = answer;
  if (from === null || end === null) return [];
  return [
    ["from", new Date(from).toISOString()],
    ["ends", `${new Date(end).toISOString()} (${ago(end)}, ${lifeWords(answer)} of its life left)`],
    ["subject", subject ?? ""],
    ["issuer", issuer ?? ""],
    ["key", key ?? ""],
    ["fingerprint", fingerprint ?? ""],
  ];
}

function requestFacts({ request, acme_directory_url: ca, email, domains }: CertificateAnswer): Fact[] {
  if (request === null) return [];
  const changed = request.domains.toSorted().join() !== domains.toSorted().join();
  return [
    ...(changed ? [["wanted", request.domains.join(", ")] as const] : []),
    ["CA", ca ?? "the configured ones, in turn"],
    ["challenge", request.challenge],
    ["e-mail", email ?? "none"],
  ];
}
