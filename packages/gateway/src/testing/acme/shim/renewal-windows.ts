/** Renewal information (RFC 9773) of certificates whose CA has none, as the test says. */
import type { ServerResponse } from "node:http";
import { sendProblem, type ProblemAnswer } from "./rules.ts";

export interface RenewalAnswer {
  /** Unix ms. */
  readonly start: number;
  readonly end: number;
  readonly explanationURL?: string;
  /** Seconds. Default 21600. */
  readonly retryAfter?: number;
}

export class RenewalWindows {
  /** The ids that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #answers = new Map<string, RenewalAnswer | ProblemAnswer>();

  /** `"*"` for every other; what was not set is 404. */
  set(certId: string, answer: RenewalAnswer | ProblemAnswer): void {
    this.#answers.set(certId, answer);
  }

  answer(certId: string, response: ServerResponse): void {
    this.asked.push(certId);
    const answer = this.#answers.get(certId) ?? this.#answers.get("*") ?? UNKNOWN;
    if ("status" in answer) return sendProblem(response, answer, null);
    const { start, end, explanationURL, retryAfter = 21_600 } = answer;
    response.writeHead(200, { "content-type": "application/json", "retry-after": String(retryAfter) });
    const suggestedWindow = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
    response.end(JSON.stringify({ suggestedWindow, ...(explanationURL === undefined ? {} : { explanationURL }) }));
  }
}

// Private

const UNKNOWN: ProblemAnswer = { status: 404, type: "malformed", detail: "certificate not found" };
