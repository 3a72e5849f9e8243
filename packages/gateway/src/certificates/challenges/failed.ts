/** Errors of whoever should have shown a CA something. */
import { GatewayError } from "../../errors.ts";

export interface WhyFailed {
  readonly cause?: unknown;
  readonly hint?: string;
  readonly logTail?: readonly string[];
}

export function challengeFailed(message: string, why: WhyFailed = {}): GatewayError {
  return new GatewayError("CHALLENGE_FAILED", message, why);
}

/** As a sentence's end, without its full stop. */
export function wordsOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const text = first instanceof Error ? first.message || ("code" in first ? String(first.code) : first.name) : String(first);
  return text.replace(/\.$/, "");
}
