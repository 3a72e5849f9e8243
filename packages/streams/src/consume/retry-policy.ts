/**
 * When a failed attempt is tried again, and when never. Exponential backoff with full jitter: the delay is a random part of
 * min(maxDelay, baseDelay × 2ⁿ), so that what failed together does not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
import { asError, RetryAfter, Unrecoverable } from "../errors.ts";
import type { AttemptRecord, Message } from "../message/message.ts";
import type { RetryPolicy } from "../consuming.ts";
import { atLeast } from "./options.ts";

export type Verdict =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly delay: number; readonly attempts: readonly AttemptRecord[]; readonly error: Error }
  | { readonly kind: "dead"; readonly code: string; readonly attempts: readonly AttemptRecord[]; readonly error: Error };

export interface Failure {
  readonly message: Message | null;
  readonly failures: number;
  readonly attempts: readonly AttemptRecord[];
  readonly consumer: string;
  readonly thrown: unknown;
  /** Unix milliseconds. */
  readonly at: number;
}

/** What holds where a consumer says nothing. */
export interface RetryDefaults {
  readonly maxRetries: number;
}

export interface ResolvedRetry extends RetryPolicy {
  readonly maxRetries: number;
  readonly baseDelay: number;
  readonly maxDelay: number;
}

export function resolveRetry(policy: RetryPolicy, defaults: RetryDefaults): ResolvedRetry {
  return {
    ...policy,
    maxRetries: atLeast("retry.maxRetries", policy.maxRetries ?? defaults.maxRetries, 0),
    baseDelay: atLeast("retry.baseDelay", policy.baseDelay ?? 1_000, 0),
    maxDelay: atLeast("retry.maxDelay", policy.maxDelay ?? 60_000, 0),
  };
}

export const ACK: Verdict = { kind: "ack" };

export function judge(failure: Failure, policy: ResolvedRetry, random: () => number = Math.random): Verdict {
  const error = asError(failure.thrown);
  const attempts = [...failure.attempts, recordOf(failure, error)].slice(-ATTEMPTS_KEPT);
  if (error instanceof Unrecoverable) return { kind: "dead", code: codeOf(error), attempts, error };
  const limit = failure.message?.maxRetries ?? policy.maxRetries;
  if (failure.failures >= limit) return { kind: "dead", code: codeOf(error), attempts, error };
  return { kind: "retry", delay: delayOf(error, failure.failures, policy, random), attempts, error };
}

// Private

/** The newest are kept: a message with a thousand retries must stay small. */
const ATTEMPTS_KEPT = 20;
const STACK_KEPT = 4_000;
const TEXT_KEPT = 1_000;

function delayOf(error: Error, failures: number, policy: ResolvedRetry, random: () => number): number {
  if (error instanceof RetryAfter) return Math.max(0, Math.round(error.delay));
  return Math.round(random() * Math.min(policy.maxDelay, policy.baseDelay * 2 ** failures));
}

function recordOf(failure: Failure, error: Error): AttemptRecord {
  return {
    attempt: failure.failures + 1,
    at: failure.at,
    consumer: failure.consumer,
    code: codeOf(error),
    error: error.message.slice(0, TEXT_KEPT),
    ...(error.stack === undefined ? {} : { stack: error.stack.slice(0, STACK_KEPT) }),
  };
}

function codeOf(error: Error): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && code !== "" ? code.slice(0, 64) : "HANDLER_FAILED";
}
