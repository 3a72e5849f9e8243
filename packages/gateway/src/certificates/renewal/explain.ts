/** "Why was this certificate not renewed?" in one answer: from what is known, without asking anybody. Pure. */
import type { Authority } from "../authority.ts";
import type { Budget } from "../orders/ledger.ts";
import type { LastProblem, Progress } from "../orders/progress.ts";
import type { CertificateRequest, ChallengeType } from "../request-spec.ts";
import { challengeFor, nextAsk, type Ask } from "./ladder.ts";
import { lifeOf, renewal, type IssuedCertificate, type Renewal, type RenewalReason } from "./when.ts";

export type CertificateState =
  /** Wanted, and not tried yet. */
  | "waiting"
  | "working"
  /** The last attempt failed; the certificate there is, if any, is still good. */
  | "failing"
  /** A renewal may be tried now. */
  | "due"
  | "valid"
  /** Nobody renews it. */
  | "uploaded"
  | "expired";

export interface CertificateExplanation {
  readonly state: CertificateState;
  /** One sentence, for a person. */
  readonly summary: string;
  /** When it should be renewed. Unix ms, as all times. */
  readonly window: { readonly start: number; readonly end: number; readonly why: RenewalReason } | null;
  /** When it is due, and by which rule; null: never. */
  readonly chosen: Renewal | null;
  /** Null: nothing is planned, or it is under way. */
  readonly next_attempt_at: number | null;
  /** Null: there is nobody to ask. */
  readonly next_ask: { readonly directory: string; readonly server: Ask["server"]; readonly challenge: ChallengeType } | null;
  readonly last_problem: LastProblem | null;
  /** Failed since the last success. */
  readonly attempts: number;
  readonly budget: readonly Budget[];
  readonly expires_at: number | null;
  /** Of its life, 0 to 1. */
  readonly share_left: number | null;
  readonly trace: string | null;
}

export interface ExplanationQuestion {
  readonly name: string;
  readonly now: number;
  /** Null: it was uploaded. */
  readonly request: CertificateRequest | null;
  readonly certificate: IssuedCertificate | null;
  readonly progress: Progress;
  readonly authorities: readonly Authority[];
  readonly budget: readonly Budget[];
  readonly interval: number;
}

export function explainCertificate(question: ExplanationQuestion): CertificateExplanation {
  const { now, request, certificate, progress, budget, interval } = question;
  const chosen = request === null ? null : renewal({ now, request, certificate, ari: progress.ari, interval });
  const state = stateOf(question, chosen);
  const next = chosen === null || state === "working" ? null : Math.max(chosen.at, progress.next_at ?? 0);
  return {
    state,
    summary: summaryOf(question, state, chosen, next),
    window: windowOf(question, chosen),
    chosen,
    next_attempt_at: next,
    next_ask: nextAskOf(question),
    last_problem: progress.last_problem,
    attempts: progress.attempt,
    budget,
    ...lifeLeft(certificate, now, interval),
    trace: progress.trace,
  };
}

// Private

const WHY: Record<RenewalReason, string> = {
  missing: "there is none yet",
  names: "other names are wanted than it has",
  asked: "somebody asked for it",
  ari: "the CA named this time",
  share: "most of its life is over then",
  emergency: "almost nothing of its life is left then",
};

function stateOf({ now, request, certificate, progress, interval }: ExplanationQuestion, chosen: Renewal | null): CertificateState {
  if (progress.working) return "working";
  if (certificate !== null && lifeOf(certificate, interval).expires_at <= now) return "expired";
  if (request === null || chosen === null) return "uploaded";
  if (progress.attempt > 0) return "failing";
  if (certificate === null) return "waiting";
  return chosen.at <= now ? "due" : "valid";
}

function summaryOf(question: ExplanationQuestion, state: CertificateState, chosen: Renewal | null, next: number | null): string {
  const { name, certificate, progress } = question;
  const until = certificate === null ? "" : timeOf(certificate.not_after);
  const then = next === null ? "nobody renews it" : `the next attempt is due at ${timeOf(Math.max(next, question.now))}`;
  const failed = `${times(progress.attempt)} in a row failed${problemOf(progress.last_problem)}`;
  switch (state) {
    case "waiting":
      return `${name} is to be obtained: ${then}.`;
    case "working":
      return `${name} is being obtained${progress.stage === null ? "" : ` (${progress.stage})`}${progress.began_at === null ? "" : `, since ${timeOf(progress.began_at)}`}.`;
    case "failing":
      return `${name} ${certificate === null ? "was not obtained" : `is good until ${until} and was not renewed`}: ${failed}; ${then}.`;
    case "expired":
      return `${name} expired at ${until}${progress.attempt === 0 ? "" : `: ${failed}`}; ${then}.`;
    case "due":
      return `${name} is to be renewed now: ${WHY[chosen?.why ?? "share"].replace(/ then$/, "")}; it is good until ${until}.`;
    case "valid":
      return `${name} is good until ${until} and will be renewed at ${timeOf(next ?? 0)}: ${WHY[chosen?.why ?? "share"]}.`;
    case "uploaded":
      return `${name} was uploaded${until === "" ? "" : ` and is good until ${until}`}; nobody renews it.`;
  }
}

function windowOf({ certificate, progress, interval }: ExplanationQuestion, chosen: Renewal | null): CertificateExplanation["window"] {
  if (chosen === null || certificate === null) return null;
  const { ari } = progress;
  if (ari?.fingerprint === certificate.fingerprint) return { start: ari.start, end: ari.end, why: "ari" };
  const { share_at, emergency_at } = lifeOf(certificate, interval);
  return { start: share_at, end: emergency_at, why: "share" };
}

function nextAskOf({ request, progress, authorities }: ExplanationQuestion): CertificateExplanation["next_ask"] {
  const ask = request === null ? null : nextAsk({ authorities, request, progress });
  if (request === null || ask === null) return null;
  return { directory: ask.directoryUrl, server: ask.server, challenge: challengeFor(request, progress.attempt) };
}

function lifeLeft(
  certificate: IssuedCertificate | null,
  now: number,
  interval: number,
): Pick<CertificateExplanation, "expires_at" | "share_left"> {
  if (certificate === null) return { expires_at: null, share_left: null };
  const { expires_at, length } = lifeOf(certificate, interval);
  const share = length === 0 ? 0 : (expires_at - now) / length;
  return { expires_at, share_left: Math.round(Math.min(1, Math.max(0, share)) * 1000) / 1000 };
}

function problemOf(problem: LastProblem | null): string {
  return problem === null
    ? ""
    : `, the last at ${timeOf(problem.at)} (${problem.stage}: ${problem.detail.replace(/[.\s]+$/, "").slice(0, 300)})`;
}

function times(count: number): string {
  return count === 1 ? "1 attempt" : `${count} attempts`;
}

function timeOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
