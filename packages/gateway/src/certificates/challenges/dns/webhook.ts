/** Leaves the TXT record to a service: POST {action, fqdn, value} as JSON; an answer of 2xx means done. HTTPS, or HTTP to this machine. */
import { GatewayError } from "../../../errors.ts";
import { challengeFailed, wordsOf } from "../failed.ts";
import type { TxtRecord, TxtWriter } from "./writer.ts";

/** Milliseconds. */
const LIMIT = 30_000;
/** Of an answer that is shown. */
const MOST_CHARACTERS = 300;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const HINT = "ACME_DNS_WEBHOOK is the address of a service that writes DNS records; its own log says more.";

export class WebhookWriter implements TxtWriter {
  readonly #url: URL;
  readonly #token: string | null;
  readonly #limit: number;

  /** CHALLENGE_FAILED: not an address that may be asked. `limit`: milliseconds. */
  constructor(url: string, token: string | null, limit: number = LIMIT) {
    this.#url = checked(url);
    this.#token = token;
    this.#limit = limit;
  }

  present(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#post("present", record, signal);
  }

  clean(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#post("clean", record, signal);
  }

  // Private

  async #post(action: "present" | "clean", { name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    const late = AbortSignal.timeout(this.#limit);
    const authorization = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
    try {
      const answer = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/json", ...authorization },
        body: JSON.stringify({ action, fqdn: name, value }),
        redirect: "manual",
        signal: AbortSignal.any([signal, late]),
      });
      if (answer.ok) return await answer.body?.cancel();
      throw this.#failed(`answered ${action} of ${name} with ${answer.status}`, this.#shown(await beginning(answer)));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GatewayError) throw error;
      throw this.#failed(late.aborted ? `did not answer within ${this.#limit / 1_000} s` : `cannot be asked`, whyOf(error), error);
    }
  }

  /** Never with the address's own secrets: a path or query may hold a key. */
  #failed(what: string, words: string, cause?: unknown): GatewayError {
    return challengeFailed(`The webhook for DNS records at ${this.#url.host} ${what}${words === "" ? "" : `: ${words}`}.`, {
      hint: HINT,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** A service may answer with what it was sent. */
  #shown(text: string): string {
    const line = (this.#token === null ? text : text.replaceAll(this.#token, "…")).replaceAll(/\s+/g, " ").trim();
    return line.slice(0, MOST_CHARACTERS);
  }
}

// Private

function checked(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed?.protocol === "https:" || (parsed?.protocol === "http:" && LOOPBACK.test(parsed.hostname))) return parsed;
  const what = parsed === null ? "is no URL" : `begins with ${parsed.protocol}// and leads to ${parsed.hostname}`;
  throw challengeFailed(`ACME_DNS_WEBHOOK ${what}; it is asked by https://, or by http:// on this machine only.`, { hint: HINT });
}

async function beginning(answer: Response): Promise<string> {
  if (answer.body === null) return "";
  const { value } = await answer.body.getReader().read();
  return Buffer.from(value ?? []).toString("utf8");
}

/** Of `fetch`, which puts its reason into the cause. */
function whyOf(error: unknown): string {
  return wordsOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
