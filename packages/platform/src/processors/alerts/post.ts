/**
 * One HTTP POST to an address that was checked: no redirects, no proxy, no connection kept, an end after `TIME_LIMIT` whatever the other side
 * does, and at most `LARGEST_ANSWER` read of what it says.
 */
import { request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { checkedAddress, ForbiddenTarget, type Resolve } from "./address-guard.ts";

export interface Post {
  readonly url: string;
  readonly allowPrivate: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly resolve?: Resolve;
  /** Milliseconds. */
  readonly limit?: number;
}

export interface PostAnswer {
  readonly status: number;
  /** Its beginning. */
  readonly text: string;
  readonly retryAfter: string | null;
}

const TIME_LIMIT = 10_000;
const LARGEST_ANSWER = 65_536;

export async function post(options: Post): Promise<PostAnswer> {
  const url = new URL(options.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new ForbiddenTarget(`${url.protocol} is neither http: nor https:.`);
  const signal = AbortSignal.timeout(options.limit ?? TIME_LIMIT);
  const { address, family } = await within(signal, checkedAddress(url.hostname, options.allowPrivate, options.resolve));
  const request = open(url, {
    method: "POST",
    // The name stays in Host and in the certificate's check; the connection goes to the address that was checked.
    lookup: (_host, wanted, done) => (wanted.all === true ? done(null, [{ address, family }]) : done(null, address, family)),
    agent: false,
    signal,
    headers: { ...options.headers, "Content-Length": String(Buffer.byteLength(options.body)) },
  });
  return await within(signal, answerOf(request, options.body));
}

// Private

function open(url: URL, options: RequestOptions): ClientRequest {
  return url.protocol === "https:" ? tlsRequest(url, options) : plainRequest(url, options);
}

function answerOf(request: ClientRequest, body: string): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.once("response", (response) => {
      resolve(read(response).finally(() => request.destroy()));
    });
    request.end(body);
  });
}

async function read(response: IncomingMessage): Promise<PostAnswer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size >= LARGEST_ANSWER) break;
  }
  const text = Buffer.concat(parts).toString("utf8", 0, LARGEST_ANSWER);
  return { status: response.statusCode ?? 0, text, retryAfter: response.headers["retry-after"] ?? null };
}

async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await Promise.race([work, ended(signal)]);
  } catch (error) {
    throw signal.aborted ? new Error("no answer in time", { cause: error }) : error;
  }
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("no answer in time")), { once: true }));
}
