/**
 * An HTTPS server before a test CA that adds what the CA lacks (renewal information), counts what it is asked for, and fails when the test wants
 * it: `await using shim = await startAcmeShim({ upstream: pebble })`. Everything else passes through unchanged, signatures too.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { serverIdentity, type ServerIdentity } from "./server-identity.ts";
import { RenewalWindows } from "./shim/renewal-windows.ts";
import { Rules, sendProblem, type AcmePath, type Rule, type StandingRule, type WrongAnswer } from "./shim/rules.ts";
import { Upstream, type UpstreamCa } from "./shim/upstream.ts";

export interface ShimOptions {
  readonly upstream: UpstreamCa;
  /** Renewal information of the shim's own, `shim.ari`. Default true; false: what the CA has. */
  readonly renewalInfo?: boolean;
  /** More members of the directory's `meta`, as `{ profiles: … }`. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface CountedOrder {
  /** Unix ms. */
  readonly at: number;
  readonly domains: readonly string[];
  readonly replaces: string | null;
  readonly profile: string | null;
  /** What it was answered with; null: nothing yet, or never. */
  status: number | null;
}

export async function startAcmeShim(options: ShimOptions): Promise<AcmeShim> {
  const shim = new AcmeShim(options, await serverIdentity());
  await shim.start();
  return shim;
}

export class AcmeShim implements AsyncDisposable {
  readonly ari = new RenewalWindows();
  /** PEM. */
  readonly trusted: string;
  /** Every request that could be understood, in order. */
  readonly asked: AcmePath[] = [];
  readonly #options: ShimOptions;
  readonly #identity: ServerIdentity;
  readonly #upstream: Upstream;
  readonly #rules = new Rules();
  readonly #orders: CountedOrder[] = [];
  #server: Server | null = null;
  #port = 0;

  constructor(options: ShimOptions, identity: ServerIdentity) {
    this.#options = options;
    this.#identity = identity;
    this.#upstream = new Upstream(options.upstream);
    this.trusted = identity.certificate;
  }

  get directoryUrl(): string {
    return `https://127.0.0.1:${this.#port}${this.#upstream.directoryPath}`;
  }

  async start(): Promise<void> {
    await this.#upstream.open();
    await this.up();
  }

  /** The newOrder requests, also those that failed; of one set of names only, in any order, where it is given. */
  orders(domains?: readonly string[]): readonly CountedOrder[] {
    if (domains === undefined) return this.#orders;
    return this.#orders.filter((order) => setOf(order.domains) === setOf(domains));
  }

  /** Rules are asked in the order they were made. */
  fail(rule: Rule): StandingRule {
    return this.#rules.add(rule);
  }

  /** Connections are refused. */
  async down(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Again, at the same address. */
  async up(): Promise<void> {
    if (this.#server !== null) return;
    const { certificate: cert, key } = this.#identity;
    const server = createServer({ cert, key }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    this.#upstream.close();
  }

  // Private

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    const window = path.startsWith(RENEWAL_INFO) ? path.slice(RENEWAL_INFO.length) : null;
    const kind = window === null ? this.#upstream.kindOf(path) : "renewalInfo";
    if (kind !== null) this.asked.push(kind);
    const body = await buffer(request);
    const order = kind === "newOrder" ? this.#count(body) : null;
    if (order !== null) response.once("finish", () => (order.status = response.statusCode));
    const wrong = this.#rules.take(kind);
    if (wrong !== null && wrong !== "lose") return this.#answerWrongly(wrong, request, response);
    if (window !== null) return this.ari.answer(window, response);
    await this.#pass(request, body, response, { directory: kind === "directory", lost: wrong === "lose" });
  }

  #count(body: Buffer): CountedOrder | null {
    const order = orderIn(body);
    if (order !== null) this.#orders.push(order);
    return order;
  }

  async #answerWrongly(answer: Exclude<WrongAnswer, "lose">, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (answer === "hang") return;
    if (answer === "drop") return void request.socket.destroy();
    if (answer === "html") return void response.writeHead(503, { "content-type": "text/html" }).end("<html><h1>Back soon</h1></html>");
    if (answer === "lie") return void response.writeHead(200, { "content-type": "application/json" }).end('{"hello":"world"}');
    sendProblem(response, answer, await this.#upstream.nonce());
  }

  async #pass(
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    { directory, lost }: { readonly directory: boolean; readonly lost: boolean },
  ): Promise<void> {
    const { method = "GET", url: path = "/", headers } = request;
    const answer = await this.#upstream.send({ method, path, headers, body });
    if (lost) return void request.socket.destroy();
    const read = directory ? this.#rewritten(answer.body, headers.host ?? "") : answer.body;
    const { "content-length": _length, "transfer-encoding": _coding, connection: _connection, ...kept } = answer.headers;
    response.writeHead(answer.status, { ...kept, ...(method === "HEAD" ? {} : { "content-length": read.length }) });
    response.end(read);
  }

  #rewritten(body: Buffer, host: string): Buffer {
    const { renewalInfo = true, meta = {} } = this.#options;
    const directory = JSON.parse(body.toString()) as Record<string, unknown>;
    const added = renewalInfo ? { renewalInfo: `https://${host}${RENEWAL_INFO.slice(0, -1)}` } : {};
    return Buffer.from(JSON.stringify({ ...directory, ...added, meta: { ...(directory["meta"] as object | undefined), ...meta } }));
  }
}

// Private

const RENEWAL_INFO = "/shim-renewal-info/";

/** Null: it is no request of an order. */
function orderIn(body: Buffer): CountedOrder | null {
  try {
    const { payload } = JSON.parse(body.toString()) as { payload: string };
    const wish = JSON.parse(Buffer.from(payload, "base64url").toString()) as {
      identifiers: { value: string }[];
      replaces?: string;
      profile?: string;
    };
    const domains = wish.identifiers.map(({ value }) => value);
    return { at: Date.now(), domains, replaces: wish.replaces ?? null, profile: wish.profile ?? null, status: null };
  } catch {
    return null;
  }
}

function setOf(domains: readonly string[]): string {
  return domains.toSorted((one, other) => one.localeCompare(other)).join(" ");
}
