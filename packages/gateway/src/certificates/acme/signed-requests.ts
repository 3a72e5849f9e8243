/**
 * Requests to a CA with everything ACME adds to HTTP: the signature, its nonces, and refusals that become errors. A refused nonce is tried again
 * with the one that came with the refusal (RFC 8555 §6.5); nothing else is: whoever orders decides that.
 */
import type { KeyObject } from "node:crypto";
import { GatewayError } from "../../errors.ts";
import type { Clock } from "../clock.ts";
import { invalidAnswer } from "./answer-error.ts";
import { signed } from "./jws.ts";
import { AcmeProblem, problemOf, speakable } from "./problem.ts";
import type { Answer, Question, Transport } from "./transport.ts";

export interface SignedRequestsDeps {
  readonly transport: Transport;
  readonly accountKey: KeyObject;
  readonly clock: Clock;
}

export interface Post {
  readonly url: string;
  /** Null: POST-as-GET. */
  readonly payload: object | null;
  readonly accept?: string;
  /** URL of the account that asks; null: by its key. */
  readonly account: string | null;
}

const MOST_NONCE_TRIES = 21;
/** More than requests at once; older ones have expired at the CA. */
const MOST_NONCES = 16;
const NONCE = /^[\w-]{1,512}$/;

export class SignedRequests {
  readonly #transport: Transport;
  readonly #key: KeyObject;
  readonly #clock: Clock;
  /** The newest is taken first: a CA forgets the old ones. */
  readonly #nonces: string[] = [];

  constructor({ transport, accountKey, clock }: SignedRequestsDeps) {
    this.#transport = transport;
    this.#key = accountKey;
    this.#clock = clock;
  }

  /** A 2xx, else ACME_PROBLEM, ACME_INVALID_ANSWER, ACME_UNREACHABLE. */
  async get(url: string, signal: AbortSignal): Promise<Answer> {
    return this.#judged(await this.#ask({ method: "GET", url }, signal));
  }

  /** As `get`. `newNonce`: where nonces come from when none is left. */
  async post(post: Post, newNonce: string, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await this.#ask(await this.#question(post, newNonce, signal), signal);
      const refused = this.#problem(answer);
      if (refused === null) return answer;
      if (!(refused instanceof AcmeProblem && refused.is("badNonce")) || attempt === MOST_NONCE_TRIES) throw refused;
    }
  }

  // Private

  async #question({ url, payload, account, accept }: Post, newNonce: string, signal: AbortSignal): Promise<Question> {
    const nonce = this.#nonces.pop() ?? (await this.#fresh(newNonce, signal));
    const body = JSON.stringify(signed(payload, { url, nonce }, { key: this.#key, account }));
    return { method: "POST", url, body, ...(accept === undefined ? {} : { accept }) };
  }

  async #fresh(newNonce: string, signal: AbortSignal): Promise<string> {
    this.#judged(await this.#ask({ method: "HEAD", url: newNonce }, signal));
    const nonce = this.#nonces.pop();
    if (nonce !== undefined) return nonce;
    throw invalidAnswer(newNonce, "gives no nonce: its answer has no valid Replay-Nonce header (RFC 8555 §6.5.1).");
  }

  async #ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#transport.ask(question, signal);
    const nonce = answer.headers["replay-nonce"];
    if (typeof nonce === "string" && NONCE.test(nonce)) this.#nonces.push(nonce);
    if (this.#nonces.length > MOST_NONCES) this.#nonces.shift();
    return answer;
  }

  #judged(answer: Answer): Answer {
    const refused = this.#problem(answer);
    if (refused !== null) throw refused;
    return answer;
  }

  #problem(answer: Answer): GatewayError | null {
    const { url, status } = answer;
    if (status >= 200 && status < 300) return null;
    if (status < 400) return redirected(answer);
    const circumstances = { url, answerStatus: status, notBefore: retryAfter(answer, this.#clock.now()) };
    const told = problemOf(documentOf(answer), circumstances);
    if (told !== null) return told;
    if (status !== 429 && status < 500) return invalidAnswer(url, `answers ${status} with ${kindOf(answer)} instead of an ACME problem.`);
    return new AcmeProblem({ type: "about:blank", detail: `It answered with ${kindOf(answer)}.`, subproblems: [], ...circumstances });
  }
}

/** Unix ms; null: no such header, or none that can be read. Seconds or a date (RFC 9110 §10.2.3). */
export function retryAfter({ headers }: Answer, now: number): number | null {
  const said = headers["retry-after"]?.trim();
  if (said === undefined) return null;
  if (/^\d{1,9}$/.test(said)) return now + Number(said) * 1_000;
  const at = said.endsWith("GMT") ? Date.parse(said) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(at, now);
}

/** What a person recognises a wrong server by. */
export function kindOf({ headers, body }: Answer): string {
  const type = speakable(headers["content-type"] ?? "no content type", 100);
  const start = speakable(body.subarray(0, 120).toString("latin1"), 80);
  return start === "" ? `nothing (${type})` : `${type} (${JSON.stringify(start)})`;
}

// Private

function redirected({ url, status, headers }: Answer): GatewayError {
  const to = speakable(headers.location, 200);
  return invalidAnswer(url, `answers ${status}${to === "" ? "" : ` and points to ${to}`}; redirects are not followed.`, {
    hint: "If the CA moved, set the address of its directory to the new one.",
  });
}

function documentOf({ headers, body }: Answer): unknown {
  if (!/^application\/(?:problem\+)?json\b/i.test(headers["content-type"] ?? "")) return null;
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
