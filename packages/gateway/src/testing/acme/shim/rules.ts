/** What goes wrong at a CA, and how often: the answers that stand in place of the real ones. */
import type { ServerResponse } from "node:http";

/** What a request is about. `order` is asking after one. */
export type AcmePath =
  | "directory"
  | "newNonce"
  | "newAccount"
  | "account"
  | "newOrder"
  | "order"
  | "authz"
  | "challenge"
  | "finalize"
  | "certificate"
  | "revokeCert"
  | "renewalInfo";

export interface ProblemAnswer {
  readonly status: number;
  /** The last part of the type, as `rateLimited`. Default serverInternal. */
  readonly type?: string;
  readonly detail?: string;
  /** Seconds, or a date as HTTP has them. */
  readonly retryAfter?: number | Date;
  /** Names and what is wrong with each. */
  readonly subproblems?: readonly { readonly domain: string; readonly type: string; readonly detail: string }[];
}

export type WrongAnswer =
  | ProblemAnswer
  /** The connection ends without an answer. */
  | "drop"
  /** No answer ever. */
  | "hang"
  /** The CA does what it was asked to, and its answer is lost. */
  | "lose"
  /** 503 and a page of a load balancer. */
  | "html"
  /** 200 and JSON that has nothing of what was asked for. */
  | "lie";

export interface Rule {
  readonly path: AcmePath | "*";
  /** Default: each time. */
  readonly times?: number;
  readonly answer: WrongAnswer;
}

export interface StandingRule {
  readonly used: number;
  remove(): void;
}

export class Rules {
  #standing: { readonly rule: Rule; used: number }[] = [];

  add(rule: Rule): StandingRule {
    const entry = { rule, used: 0 };
    this.#standing.push(entry);
    return {
      get used() {
        return entry.used;
      },
      remove: () => (this.#standing = this.#standing.filter((one) => one !== entry)),
    };
  }

  /** The first that fits and is not used up, once less afterwards. */
  take(path: AcmePath | null): WrongAnswer | null {
    const entry = this.#standing.find(({ rule, used }) => (rule.path === "*" || rule.path === path) && used < (rule.times ?? Infinity));
    if (entry === undefined) return null;
    entry.used += 1;
    return entry.rule.answer;
  }
}

/** `nonce`: of the real CA, for answers that have one. */
export function sendProblem(response: ServerResponse, answer: ProblemAnswer, nonce: string | null): void {
  const { status, type = "serverInternal", detail = "as the test wants it", retryAfter, subproblems } = answer;
  const listed = subproblems?.map((one) => ({
    type: URN + one.type,
    detail: one.detail,
    identifier: { type: "dns", value: one.domain },
  }));
  response.writeHead(status, {
    "content-type": "application/problem+json",
    ...(nonce === null ? {} : { "replay-nonce": nonce }),
    ...(retryAfter === undefined ? {} : { "retry-after": retryAfter instanceof Date ? retryAfter.toUTCString() : String(retryAfter) }),
  });
  response.end(JSON.stringify({ type: URN + type, detail, status, ...(listed === undefined ? {} : { subproblems: listed }) }));
}

// Private

const URN = "urn:ietf:params:acme:error:";
