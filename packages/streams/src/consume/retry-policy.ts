/**
 * When a failed attempt is tried again, and when never. Exponential backoff with full jitter: the delay is a random part of
 * min(maxDelay, baseDelay × 2ⁿ), so that what failed together does not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * Judging never throws: a policy of the user's that fails is recorded in the attempt and the standard delay is taken instead.
 */
import { asError, RetryAfter, TidegateError, Unrecoverable } from "../errors.ts";
import type { AttemptRecord, Message } from "../message/message.ts";
import { handlerStack } from "./handler-stack.ts";
import type { ResolvedRetry, ResolvedRule } from "./retry-rules.ts";

export type Verdict =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly delay: number; readonly attempts: readonly AttemptRecord[]; readonly error: Error }
  | { readonly kind: "dead"; readonly code: string; readonly attempts: readonly AttemptRecord[]; readonly error: Error };

export interface Failure {
  readonly message: Message | null;
  /** Failed attempts before this one. */
  readonly failures: number;
  readonly attempts: readonly AttemptRecord[];
  readonly consumer: string;
  readonly thrown: unknown;
  /** Unix milliseconds. */
  readonly at: number;
  /** Milliseconds asked for by whoever held the message; the policy is then only asked whether, not when. */
  readonly delay?: number | undefined;
}

export const ACK: Verdict = { kind: "ack" };

export function judge(failure: Failure, policy: ResolvedRetry, random: () => number = Math.random): Verdict {
  const error = asError(failure.thrown);
  const rule = ruleFor(error, policy);
  if (error instanceof Unrecoverable || rule.unrecoverable) return dead(failure, error);
  if (failure.failures >= (failure.message?.maxRetries ?? rule.maxRetries)) return dead(failure, error);
  const { delay, problem } = decide(failure, error, rule, random);
  const told = problem === undefined ? error : blaming(problem, error);
  if (delay === "dead-letter") return dead(failure, told);
  return { kind: "retry", delay, attempts: withThis(failure, told), error: told };
}

/** The verdict on a message that no retry can help. */
export function condemn(failure: Failure, code?: string): Verdict {
  return dead(failure, asError(failure.thrown), code);
}

// Private

/** The newest are kept: a message with a thousand retries must stay small. */
const ATTEMPTS_KEPT = 20;
const STACK_KEPT = 4_000;
const TEXT_KEPT = 1_000;
/** 2 to the power of this is more than any delay; beyond it, 0 × ∞ would be no number. */
const DOUBLINGS = 60;

function dead(failure: Failure, error: Error, code = codeOf(error)): Verdict {
  return { kind: "dead", code, attempts: withThis(failure, error, code), error };
}

function ruleFor(error: Error, policy: ResolvedRetry): ResolvedRule {
  const match = policy.byError.find(({ error: kind }) => (typeof kind === "string" ? codeOf(error) === kind : error instanceof kind));
  return match ?? policy;
}

interface Decision {
  readonly delay: number | "dead-letter";
  /** What went wrong while deciding. */
  readonly problem?: Error;
}

function decide(failure: Failure, error: Error, rule: ResolvedRule, random: () => number): Decision {
  try {
    if (failure.delay !== undefined) return { delay: checked("the delay asked for", failure.delay) };
    if (error instanceof RetryAfter) return { delay: checked("RetryAfter's delay", error.delay) };
    const { message } = failure;
    if (rule.delay !== undefined && message !== null)
      return { delay: asked(rule.delay({ error, message, failures: failure.failures + 1 })) };
    return { delay: standardDelay(failure.failures, rule, random) };
  } catch (thrown) {
    return { delay: standardDelay(failure.failures, rule, random), problem: asError(thrown) };
  }
}

function asked(answer: unknown): number | "dead-letter" {
  if (answer === "dead-letter") return answer;
  // An async function is a mistake; its rejection must not end the process.
  if (answer instanceof Promise) answer.catch(() => {});
  return checked("what retry.delay answered", answer);
}

/** Throws INVALID_CONFIG. */
export function checked(what: string, delay: unknown): number {
  if (typeof delay === "number" && Number.isFinite(delay) && delay >= 0) return Math.round(delay);
  const found = typeof delay === "number" ? String(delay) : delay instanceof Promise ? "a promise" : typeof delay;
  throw new TidegateError("INVALID_CONFIG", `${what} must be milliseconds of at least 0, found ${found}.`);
}

function standardDelay(failures: number, rule: ResolvedRule, random: () => number): number {
  const growth = rule.backoff === "fixed" ? 1 : 2 ** Math.min(failures, DOUBLINGS);
  const full = Math.min(rule.maxDelay, rule.baseDelay * growth);
  return Math.floor(rule.jitter === "none" ? full : random() * full);
}

/** Both stories in one error: the policy's fault must be seen, the handler's must not be lost. */
function blaming(problem: Error, error: Error): Error {
  const both = new Error(`${problem.message} (deciding about: ${error.message})`, { cause: error });
  return Object.assign(both, {
    code: codeOf(problem),
    stack: `${problem.stack ?? problem.message}\nDeciding about: ${error.stack ?? error.message}`,
  });
}

function withThis(failure: Failure, error: Error, code = codeOf(error)): readonly AttemptRecord[] {
  const record: AttemptRecord = {
    attempt: failure.failures + 1,
    at: failure.at,
    consumer: failure.consumer,
    code,
    error: error.message.slice(0, TEXT_KEPT),
    ...(typeof error.stack === "string" ? { stack: handlerStack(error.stack).slice(0, STACK_KEPT) } : {}),
  };
  return [...failure.attempts, record].slice(-ATTEMPTS_KEPT);
}

export function codeOf(error: Error): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && code !== "" ? code.slice(0, 64) : "HANDLER_FAILED";
}
