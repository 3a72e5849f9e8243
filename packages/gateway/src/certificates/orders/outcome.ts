/** What became of an attempt, as it is noted down and told: the progress after it, and the events of the catalogue. Pure. */
import { GatewayError } from "../../errors.ts";
import type { EntityEvent } from "../../store/entity.ts";
import { AcmeProblem } from "../acme/problem.ts";
import { nextAttemptAt, type Ask } from "../renewal/ladder.ts";
import type { CertificateRequest } from "../request-spec.ts";
import type { CertificateData } from "../spec.ts";
import type { Budget } from "./ledger.ts";
import { FRESH, type LastProblem, type Progress, type Stage } from "./progress.ts";

/** What an attempt is for: the first certificate, one to follow, or one for good after one of the staging server. */
export type Purpose = "generation" | "renewal" | "conversion";

export interface Failed {
  readonly progress: Progress;
  readonly error: unknown;
  readonly stage: Stage;
  readonly ask: Ask | null;
  /** Unix ms. */
  readonly now: number;
  /** From [0, 1). */
  readonly random: number;
}

export function purposeOf(request: CertificateRequest, certificate: CertificateData | null): Purpose {
  if (certificate === null) return "generation";
  return certificate.acme?.staging === true && !request.staging ? "conversion" : "renewal";
}

function problemOf({ error, stage, ask, now }: Pick<Failed, "error" | "stage" | "ask" | "now">): LastProblem {
  const known = error instanceof GatewayError ? error : null;
  const acme = error instanceof AcmeProblem ? error : null;
  const hint = known?.hint === undefined ? "" : ` ${known.hint}`;
  return {
    at: now,
    stage,
    ca: ask?.directoryUrl ?? null,
    code: known?.code ?? "INTERNAL_ERROR",
    type: acme?.type ?? null,
    status: acme?.answerStatus ?? null,
    detail: `${error instanceof Error ? error.message : String(error)}${hint}`.slice(0, MOST_DETAIL),
    subproblems: acme?.subproblems ?? [],
    not_before: acme?.notBefore ?? (error instanceof BudgetSpent ? error.againAt : null),
  };
}

/** The CA would refuse, so it is not asked. */
export class BudgetSpent extends GatewayError {
  /** Unix ms. */
  readonly againAt: number;

  constructor({ what, again_at, used, limit }: Budget & { readonly again_at: number }) {
    super("ACME_BUDGET_SPENT", `${used} of ${limit} are used of ${what}: the CA would refuse another order.`, {
      hint: `The next one can be placed at ${new Date(again_at).toISOString()}.`,
    });
    this.againAt = again_at;
  }
}

/** What our own ledger forbade is not counted as a failure of the CA or of the names. */
export function afterFailure({ progress, error, stage, ask, now, random }: Failed): Progress {
  const problem = problemOf({ error, stage, ask, now });
  const attempt = error instanceof BudgetSpent ? progress.attempt : progress.attempt + 1;
  return {
    ...progress,
    attempt,
    next_at: nextAttemptAt({ now, attempt: Math.max(1, attempt), notBefore: problem.not_before, random }),
    ended_at: now,
    working: false,
    order: canGoOn(error, stage) ? progress.order : null,
    last_problem: problem,
    probed_at: ask?.server === "production" ? null : progress.probed_at,
  };
}

/** An order that was not refused, or only for now, lives on at the CA; a refused one does not. */
export function canGoOn(error: unknown, stage: Stage): boolean {
  if (error instanceof AcmeProblem) return error.answerStatus >= 500 || error.answerStatus === TOO_MANY_REQUESTS;
  if (stage === "download" || stage === "store") return !(error instanceof GatewayError && error.code === "INVALID_CERTIFICATE");
  return error instanceof GatewayError && error.code === "ACME_UNREACHABLE";
}

/** The renewal information of the one before is of no use any more. */
export function afterSuccess({ began_at, instance, trace }: Progress, now: number): Progress {
  return { ...FRESH, began_at, ended_at: now, instance, trace };
}

/** Production is asked next, at once. */
export function afterProbe(progress: Progress, now: number): Progress {
  return { ...progress, order: null, working: false, ended_at: now, next_at: now, probed_at: now };
}

/** So it can be taken up by anybody at any time. */
export function afterInterruption(progress: Progress, now: number): Progress {
  return { ...progress, working: false, ended_at: now };
}

export function started(purpose: Purpose, name: string, domains: readonly string[]): EntityEvent {
  const type = purpose === "generation" ? "certificate_generation_started" : "certificate_renewal_started";
  return { type, data: { certificate: name, domains: domains.join(",") } };
}

export function failed(purpose: Purpose, name: string, domains: readonly string[], error: string): EntityEvent {
  const type = purpose === "generation" ? "certificate_generation_failed" : "certificate_renewal_failed";
  return { type, data: { certificate: name, domains: domains.join(","), error } };
}

export function issued(purpose: Purpose, name: string, { domains, not_after }: CertificateData): EntityEvent {
  const data = { certificate: name, domains: domains.join(","), expires_at: not_after };
  if (purpose === "conversion") return { type: "certificate_converted", data };
  return { type: purpose === "generation" ? "certificate_ready" : "certificate_renewed", data };
}

// Private

const MOST_DETAIL = 2_000;

const TOO_MANY_REQUESTS = 429;
