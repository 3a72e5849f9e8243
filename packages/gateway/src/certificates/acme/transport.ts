/**
 * One HTTPS request to a CA, bounded in every direction: 1 MiB of answer, 30 s in all, 8 sockets. Says what was answered and judges nothing but the
 * wire. Follows no redirect: ACME has none, and a signed request is good for its own URL only. Its time limit is real time, whatever the clock of
 * the orders says.
 */
import { Agent, request, type RequestOptions } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { createSecureContext, getCACertificates } from "node:tls";
import { GatewayError } from "../../errors.ts";
import { invalidAnswer } from "./answer-error.ts";

export interface Answer {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Question {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: string;
  readonly body?: string;
  readonly accept?: string;
}

const ANSWER_WITHIN_MS = 30_000;
const MOST_BYTES = 1_048_576;
const MOST_SOCKETS = 8;
/** Below the 5 s after which many servers close an idle connection: a request sent into the closing is lost. */
const IDLE_MS = 4_000;
const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT)/;

export class Transport {
  readonly #agent: Agent;
  readonly #closed = new AbortController();
  readonly #within: number;

  /** `trusted`: PEM of roots beside the system's. `answerWithin` ms; default 30 s. */
  constructor(trusted: string | null, answerWithin: number = ANSWER_WITHIN_MS) {
    const roots = trusted === null ? {} : { secureContext: createSecureContext({ ca: [...getCACertificates("default"), trusted] }) };
    const options = { keepAlive: true, maxSockets: MOST_SOCKETS, maxTotalSockets: MOST_SOCKETS, timeout: IDLE_MS };
    this.#agent = new Agent({ ...options, ...roots });
    this.#within = answerWithin;
  }

  /** ACME_UNREACHABLE, ACME_INVALID_ANSWER; the signal's reason when aborted, AbortError when closed. */
  async ask(question: Question, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#within);
    try {
      return await this.#exchange(question, AbortSignal.any([signal, late.signal, this.#closed.signal]));
    } catch (error) {
      signal.throwIfAborted();
      this.#closed.signal.throwIfAborted();
      if (late.signal.aborted) throw unreachable(question.url, `did not answer in full within ${this.#within / 1_000} s.`, error);
      throw error instanceof GatewayError ? error : failure(question.url, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends what is under way and closes every socket. */
  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }

  // Private

  async #exchange(question: Question, signal: AbortSignal): Promise<Answer> {
    const message = await this.#send(question, signal);
    const { statusCode: status = 0, headers } = message;
    return { url: question.url, status, headers, body: await bodyOf(message, question.url) };
  }

  #send({ method, url, body, accept = "application/json" }: Question, signal: AbortSignal): Promise<IncomingMessage> {
    const headers = {
      accept,
      "accept-language": "en",
      "user-agent": "Tidegate",
      ...(body === undefined ? {} : { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const options: RequestOptions = { method, headers, agent: this.#agent, signal };
      request(secure(url), options, resolve).on("error", reject).end(body);
    });
  }
}

// Private

/** RFC 8555 §6.1: ACME is spoken over HTTPS only; a CA that links elsewhere is not followed. */
function secure(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed?.protocol === "https:") return parsed;
  throw invalidAnswer(url.slice(0, 200), "cannot be asked: ACME is spoken over https:// only.", {
    hint: "The directory's address begins with https://, and so does every address it names.",
  });
}

async function bodyOf(message: IncomingMessage, url: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the message and its socket with it.
    if (length > MOST_BYTES) throw invalidAnswer(url, `answers with more than ${MOST_BYTES} bytes, more than any answer of ACME has.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function failure(url: string, error: unknown): GatewayError {
  const { code, text } = causeOf(error);
  if (code.startsWith("HPE_")) return invalidAnswer(url, `does not answer in HTTP (${text}).`, { cause: error });
  if (!UNTRUSTED.test(code)) return unreachable(url, `cannot be reached: ${text}.`, error);
  return unreachable(url, `shows a certificate that is not trusted: ${text}.`, error, "For a CA of your own set ACME_CA_FILE to its root.");
}

function unreachable(url: string, what: string, cause: unknown, hint?: string): GatewayError {
  return new GatewayError("ACME_UNREACHABLE", `${url} ${what}`, {
    cause,
    hint: hint ?? "Allow this machine to reach it by HTTPS; see its DNS, its firewall, and the CA's status page.",
  });
}

/** A connection tried at several addresses fails with several errors and no words of its own. */
function causeOf(error: unknown): { readonly code: string; readonly text: string } {
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  if (!(first instanceof Error)) return { code: "", text: String(first) };
  const code = "code" in first && typeof first.code === "string" ? first.code : "";
  return { code, text: first.message === "" ? code : first.message };
}
