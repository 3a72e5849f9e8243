/**
 * After a failure: how long to wait, and whom to ask next. Pure. The waits are certmagic's; they never end, since whoever mends a DNS record after two months
 * should not have to know that something here had given up. What the CA's verdict on our names was is tried at its staging server first: there a
 * failed validation costs nothing. Trouble of the CA itself moves on to the next one.
 */
import type { Authority } from "../authority.ts";
import type { LastProblem, Progress } from "../orders/progress.ts";
import type { CertificateRequest, ChallengeType } from "../request-spec.ts";

export interface Ask {
  readonly authority: Authority;
  /** Of production, or of the staging server. */
  readonly directoryUrl: string;
  /** `staging`: a staging certificate is what is wanted; `probe`: it is thrown away, and production is asked at once after it. */
  readonly server: "production" | "staging" | "probe";
}

export interface AskQuestion {
  readonly authorities: readonly Authority[];
  readonly request: Pick<CertificateRequest, "staging" | "directory_url">;
  /** `probed_at` is set by a probe that worked, and null again after the attempt at production that follows, whatever comes of it. */
  readonly progress: Pick<Progress, "last_problem" | "probed_at">;
}

/** Milliseconds to wait after the `attempt`-th failure in a row (from 1). `random`: evenly from [0, 1). */
export function delayAfter(attempt: number, random: number): number {
  const step = Math.max(1, Math.floor(attempt));
  const minutes = STEPS[step - 1] ?? (step - STEPS.length <= LONG_STEPS ? LONG : DAILY);
  return Math.round(minutes * MINUTE * (1 - JITTER + 2 * JITTER * random));
}

/** Unix ms. `notBefore`: of the CA or of our own ledger; the later one wins. */
export function nextAttemptAt(failed: { now: number; attempt: number; notBefore: number | null; random: number }): number {
  const { now, attempt, notBefore, random } = failed;
  return Math.max(now + delayAfter(attempt, random), Math.min(notBefore ?? 0, now + LONGEST_WAIT));
}

/** Null: a staging certificate is wanted, and no CA that may be asked has a staging server. */
export function nextAsk({ authorities, request, progress }: AskQuestion): Ask | null {
  const mayBeAsked = authoritiesFor(request, authorities).filter((each) => !request.staging || each.stagingUrl !== null);
  const last = progress.last_problem;
  const lastAt = Math.max(
    0,
    mayBeAsked.findIndex((each) => isOf(each, last?.ca ?? null)),
  );
  const what = verdictOf(last);
  const authority = mayBeAsked[(what === "authority" ? lastAt + 1 : lastAt) % mayBeAsked.length];
  if (authority === undefined) return null;
  const staging = authority.stagingUrl;
  if (request.staging) return staging === null ? null : { authority, directoryUrl: staging, server: "staging" };
  const probe = what === "names" && progress.probed_at === null && staging !== null;
  return probe
    ? { authority, directoryUrl: staging, server: "probe" }
    : { authority, directoryUrl: authority.directoryUrl, server: "production" };
}

/** Those a request may go to, the first first. */
export function authoritiesFor(
  { directory_url: wanted }: Pick<CertificateRequest, "directory_url">,
  authorities: readonly Authority[],
): readonly Authority[] {
  if (wanted === null) return authorities;
  const known = authorities.find((each) => isOf(each, wanted));
  if (known?.directoryUrl === wanted) return [known];
  return [{ directoryUrl: wanted, stagingUrl: null, eab: known?.eab ?? null }];
}

/** `auto`: the one is tried after the other, since a port may be closed; a probe that worked and the production after it use the same. */
export function challengeFor(request: Pick<CertificateRequest, "challenge" | "domains">, attempt: number): ChallengeType {
  if (request.challenge !== "auto") return request.challenge;
  if (request.domains.some((domain) => domain.startsWith("*."))) return "dns-01";
  return attempt % 2 === 0 ? "http-01" : "tls-alpn-01";
}

/** `names`: it depends on our names; `authority`: the CA's own trouble or will; `ours`: neither, the same is asked again. */
function verdictOf(problem: LastProblem | null): "names" | "authority" | "ours" {
  if (problem === null || OF_OURS.has(problem.code)) return "ours";
  const type = problem.type?.replace("urn:ietf:params:acme:error:", "") ?? null;
  if (type !== null && OF_THE_CA.has(type)) return "authority";
  if (type !== null && OF_THE_NAMES.has(type)) return "names";
  return STAGES[problem.stage];
}

// Private

const MINUTE = 60_000;
const STEPS = [1, 2, 2, 5, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30, 30, 30, 60, 60, 60, 120, 120, 180, 180];
const LONG = 360;
/** The steps above take 18 hours; with these it is 30 days. */
const LONG_STEPS = 117;
const DAILY = 1_440;
const JITTER = 0.2;
/** No CA's limit is longer; a longer `Retry-After` is a mistake of its. */
const LONGEST_WAIT = 7 * 24 * 60 * MINUTE;

/** RFC 8555 §6.7; a CAA record may allow another CA. */
const OF_THE_CA = new Set(["rateLimited", "serverInternal", "caa", "rejectedIdentifier", "externalAccountRequired", "invalidProfile"]);
const OF_THE_NAMES = new Set(["unauthorized", "connection", "dns", "tls", "incorrectResponse"]);

/** Another CA, or its staging server, would not help. */
const OF_OURS = new Set(["ENCRYPTION_KEY_WRONG", "ENCRYPTION_KEY_INVALID", "INTERNAL_ERROR"]);

const STAGES: Record<LastProblem["stage"], "names" | "authority" | "ours"> = {
  preflight: "ours",
  account: "authority",
  order: "authority",
  challenge: "names",
  validation: "names",
  finalize: "authority",
  download: "authority",
  store: "ours",
};

function isOf({ directoryUrl, stagingUrl }: Authority, directory: string | null): boolean {
  return directory !== null && (directory === directoryUrl || directory === stagingUrl);
}
