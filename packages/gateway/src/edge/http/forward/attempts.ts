/** The attempts of one request: where it was tried, and whether and when it is tried again. */
import type { Plan } from "../plan.ts";
import type { Endpoint } from "../upstream/endpoint.ts";
import type { UpstreamError } from "../upstream/upstream-error.ts";
import { stickyCookie } from "./answer-head.ts";
import { type Attempted, mayRefresh, mayRetry, pauseBefore } from "./retry.ts";

const NONE: ReadonlySet<string> = new Set();

export class Attempts {
  readonly #plan: Plan;
  #tried: ReadonlySet<string> = NONE;
  /** Only a new connection will do: a kept one swallowed the request already. */
  fresh = false;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Null: there is no endpoint. */
  next(): Endpoint | null {
    const { group, record } = this.#plan;
    // Groups are made by `Upstreams`, whose endpoints are these.
    const endpoint = group.pick(this.#tried, stickyCookie(this.#plan)) as Endpoint | null;
    if (endpoint === null) return null;
    record.attempts += 1;
    record.endpoint = endpoint.spec.id;
    return endpoint;
  }

  /** A kept connection was closed under the request. True: it may be sent once more. */
  refresh(bodySent: boolean): boolean {
    if (this.fresh || !mayRefresh(this.#attempted(bodySent))) return false;
    this.fresh = true;
    return true;
  }

  /** Milliseconds to wait before the next one; null: there is none. */
  after(error: UpstreamError, id: string, bodySent: boolean): number | null {
    const { group, record } = this.#plan;
    const tried = new Set(this.#tried).add(id);
    const others = group.pick(tried, null) !== null;
    if (!mayRetry(this.#attempted(bodySent), error, others)) return null;
    this.#tried = others ? tried : NONE;
    record.error = error.message;
    return others ? 0 : pauseBefore(record.attempts);
  }

  // Private

  #attempted(bodySent: boolean): Attempted {
    const { record, conversation, group } = this.#plan;
    const { method, length } = conversation.request;
    return { method, hasBody: length !== 0, bodySent, attempts: record.attempts, retries: group.spec.balance.retries };
  }
}
