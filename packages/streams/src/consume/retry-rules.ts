/** A consumer's retry policy as it was written → checked, with every default filled in; one rule for each kind of error it names. */
import { TidegateError } from "../errors.ts";
import type { ErrorRule, RetryPolicy } from "../consuming.ts";
import { atLeast } from "./options.ts";

/** What holds where a consumer says nothing. */
export interface RetryDefaults {
  readonly maxRetries: number;
}

export interface ResolvedRule {
  readonly maxRetries: number;
  readonly baseDelay: number;
  readonly maxDelay: number;
  readonly backoff: "exponential" | "fixed";
  readonly jitter: "full" | "none";
  readonly delay: RetryPolicy["delay"];
  readonly unrecoverable: boolean;
}

export interface ResolvedRetry extends ResolvedRule {
  readonly byError: readonly (ResolvedRule & Pick<ErrorRule, "error">)[];
}

/** Throws INVALID_CONFIG naming the path, such as `retry.byError[1].maxDelay`. */
export function resolveRetry(policy: RetryPolicy, defaults: RetryDefaults): ResolvedRetry {
  const standard = { ...STANDARD, ...defaults };
  const general = resolveRule("retry", policy, standard);
  const rules: unknown = policy.byError ?? [];
  if (!Array.isArray(rules)) throw wrong("retry.byError", "a list of rules", rules);
  return { ...general, byError: (rules as ErrorRule[]).map((rule, at) => resolveError(`retry.byError[${at}]`, rule, general)) };
}

// Private

const STANDARD = {
  baseDelay: 1_000,
  maxDelay: 60_000,
  backoff: "exponential",
  jitter: "full",
  delay: undefined,
  unrecoverable: false,
} as const;

function resolveError(path: string, rule: ErrorRule, general: ResolvedRule): ResolvedRule & Pick<ErrorRule, "error"> {
  if (typeof rule !== "object" || rule === null) throw wrong(path, "a rule { error, … }", rule);
  const { error, unrecoverable = false } = rule;
  if (typeof error === "string" ? error === "" : !isClass(error)) throw wrong(`${path}.error`, "an error class or an error's code", error);
  if (typeof unrecoverable !== "boolean") throw wrong(`${path}.unrecoverable`, "true or false", unrecoverable);
  // A rule with a backoff of its own means it: a general `delay` function would silently win over it.
  const ownBackoff = [rule.baseDelay, rule.maxDelay, rule.backoff, rule.jitter].some((value) => value !== undefined);
  const inherited = ownBackoff ? { ...general, delay: undefined } : general;
  return { ...resolveRule(path, rule, inherited), error, unrecoverable };
}

function resolveRule(path: string, rule: RetryPolicy, from: ResolvedRule): ResolvedRule {
  const { delay = from.delay } = rule;
  if (delay !== undefined && typeof delay !== "function") throw wrong(`${path}.delay`, "a function", delay);
  return {
    maxRetries: atLeast(`${path}.maxRetries`, rule.maxRetries ?? from.maxRetries, 0),
    baseDelay: atLeast(`${path}.baseDelay`, rule.baseDelay ?? from.baseDelay, 0),
    maxDelay: atLeast(`${path}.maxDelay`, rule.maxDelay ?? from.maxDelay, 0),
    backoff: oneOf(`${path}.backoff`, rule.backoff ?? from.backoff, ["exponential", "fixed"]),
    jitter: oneOf(`${path}.jitter`, rule.jitter ?? from.jitter, ["full", "none"]),
    delay,
    unrecoverable: from.unrecoverable,
  };
}

/** An arrow function has no prototype, and `instanceof` on it throws. */
function isClass(value: unknown): boolean {
  return typeof value === "function" && typeof value.prototype === "object";
}

function oneOf<T extends string>(path: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw wrong(path, allowed.map((one) => `"${one}"`).join(" or "), value);
}

function wrong(path: string, expected: string, found: unknown): TidegateError {
  const shown = typeof found === "string" || typeof found === "number" ? JSON.stringify(found) : found === null ? "null" : typeof found;
  return new TidegateError("INVALID_CONFIG", `${path} must be ${expected}, found ${shown}.`);
}
