/**
 * Asks for a token of ours as a CA would: under the name, at one address, following redirects, and says what answered instead. Certificates are not looked at,
 * as CAs do not.
 */
import { request as askHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as askHttps } from "node:https";
import { isIP } from "node:net";

export interface ReachQuestion {
  readonly url: URL;
  /** Where the name leads. */
  readonly address: string;
  /** What has to be answered. */
  readonly value: string;
  /** Addresses of another name that is redirected to. */
  readonly addressesOf: (name: string) => Promise<readonly string[]>;
  /** Milliseconds for all of it. */
  readonly limit?: number;
}

export type Reached =
  | { readonly outcome: "ours" }
  /** Nobody answered; `code` as ECONNREFUSED or ETIMEDOUT. */
  | { readonly outcome: "silent"; readonly code: string; readonly what: string }
  /** Somebody answered something else. */
  | { readonly outcome: "other"; readonly what: string };

/** Rejects only when aborted. */
export async function reach(question: ReachQuestion, signal: AbortSignal): Promise<Reached> {
  const limit = question.limit ?? LIMIT;
  const late = AbortSignal.timeout(limit);
  try {
    return await follow(question, AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    return silent(late.aborted ? "ETIMEDOUT" : codeOf(error), limit);
  }
}

// Private

/** As Let's Encrypt. */
const LIMIT = 5_000;
const MOST_REDIRECTS = 10;
/** Bytes that are read of an answer. */
const MOST = 4_096;

interface Fetched {
  readonly status: number;
  readonly server: string;
  readonly location: string | undefined;
  readonly text: string;
}

async function follow({ url, address, value, addressesOf }: ReachQuestion, signal: AbortSignal): Promise<Reached> {
  const seen = new Set<string>();
  let [at, to] = [url, address];
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    if (seen.has(at.href)) return other(`redirects in a circle: ${at.origin} leads back to itself`);
    seen.add(at.href);
    const answer = await fetchAt(at, to, signal);
    if (answer.text.trim() === value && answer.status === 200) return { outcome: "ours" };
    if (answer.status < 300 || answer.status > 399 || answer.location === undefined) return other(inWords(answer));
    const next = URL.parse(answer.location, at.href);
    if (next === null || !/^https?:$/.test(next.protocol) || isAddress(next.hostname))
      return other(`redirects to ${JSON.stringify(answer.location.slice(0, 100))}, where no CA goes`);
    const [first] = next.hostname === url.hostname ? [address] : await addressesOf(next.hostname);
    if (first === undefined) return other(`redirects to ${next.hostname}, which has no address a CA could ask`);
    [at, to] = [next, first];
  }
  return other(`redirects more than ${MOST_REDIRECTS} times`);
}

async function fetchAt(url: URL, address: string, signal: AbortSignal): Promise<Fetched> {
  const family = isIP(address);
  const options: RequestOptions = {
    agent: false,
    signal,
    headers: { "user-agent": "Tidegate-preflight", accept: "*/*" },
    lookup: (_name, { all }, done) => (all === true ? done(null, [{ address, family }]) : done(null, address, family)),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent =
      url.protocol === "https:" ? askHttps(url, { ...options, rejectUnauthorized: false }, resolve) : askHttp(url, options, resolve);
    sent.once("error", reject).end();
  });
  const { server, location } = response.headers;
  return { status: response.statusCode ?? 0, server: String(server ?? ""), location, text: await beginningOf(response) };
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > MOST) break;
  }
  response.destroy();
  return Buffer.concat(parts).subarray(0, MOST).toString("utf8");
}

function inWords({ status, server, text }: Fetched): string {
  const by = server === "" ? "" : ` by ${JSON.stringify(server.slice(0, 60))}`;
  const beginning = text.replace(/\s+/g, " ").trim().slice(0, 80);
  const said = beginning === "" ? "" : `: ${JSON.stringify(beginning)}`;
  return status === 200 ? `another server answered${by}${said}` : `answered with ${status}${by}${said}`;
}

function silent(code: string, limit: number): Reached {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: "nobody listens there (connection refused)",
    ETIMEDOUT: `nobody answered within ${limit / 1000} s (a firewall?)`,
    EHOSTUNREACH: "there is no way there (host unreachable)",
    ENETUNREACH: "this machine has no network that leads there",
    EADDRNOTAVAIL: "this machine has no network that leads there",
    ECONNRESET: "the connection was cut",
  };
  return { outcome: "silent", code, what: words[code] ?? `the connection failed (${code})` };
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || isIP(hostname) !== 0;
}

function other(what: string): Reached {
  return { outcome: "other", what };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "no HTTP";
}
