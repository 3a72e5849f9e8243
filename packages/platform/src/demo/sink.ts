/**
 * The place notifications are delivered to: a small HTTP server on loopback, with the faults of a real one. It is closed at
 * times, it loads a template when a kind is first asked for, it refuses kinds it has no template for, and it can be broken by hand.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Kinds it can print. `ipv6_wildcard` and `timeout_drill` are missing: those notifications end as dead letters. */
const TEMPLATES: ReadonlySet<string> = new Set(["alert", "digest", "ipv4_wildcard", "job_failed"]);
/** A missing template is looked for again after this time. */
const FORGET_AFTER = 10_000;
const LARGEST_BODY = 65_536;

export class Sink {
  readonly #forgetAfter: number;
  /** When a kind's template was first looked for. */
  readonly #lookedUp = new Map<string, number>();
  #server: Server | null = null;
  #port = 0;
  #brokenUntil = 0;
  #delivered = 0;

  constructor(pace = 1) {
    this.#forgetAfter = FORGET_AFTER * pace;
  }

  /** Stays the same over `close` and `open`, unless somebody took the port meanwhile. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get isOpen(): boolean {
    return this.#server !== null;
  }

  get delivered(): number {
    return this.#delivered;
  }

  async open(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((request, response) => void this.#answer(request, response));
    await listen(server, this.#port).catch(() => listen(server, 0));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Templates are forgotten, as in a restart. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#lookedUp.clear();
    if (server === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    await promise;
  }

  /** Answers 503 to everything for this many milliseconds; 0 mends it. */
  breakFor(milliseconds: number): void {
    this.#brokenUntil = Date.now() + milliseconds;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request).catch(() => null);
    const [status, reason] = this.#judge(request.method ?? "", body);
    response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(reason);
  }

  #judge(method: string, body: string | null): [status: number, reason: string] {
    if (Date.now() < this.#brokenUntil) return [503, "broken by a sink_broken message"];
    if (method === "GET") return [200, "ready"];
    const kind = body === null ? null : kindOf(body);
    if (kind === null) return [400, `expected JSON with a "kind", at most ${LARGEST_BODY} bytes`];
    if (!this.#isLookedUp(kind)) return [503, `template "${kind}" is being loaded`];
    if (!TEMPLATES.has(kind)) return [422, `no template "${kind}"; known: ${[...TEMPLATES].join(", ")}`];
    this.#delivered += 1;
    return [200, "delivered"];
  }

  #isLookedUp(kind: string): boolean {
    const at = this.#lookedUp.get(kind);
    const expired = at !== undefined && !TEMPLATES.has(kind) && Date.now() - at > this.#forgetAfter;
    if (at !== undefined && !expired) return true;
    if (this.#lookedUp.size > 100) this.#lookedUp.clear();
    this.#lookedUp.set(kind, Date.now());
    return false;
  }
}

// Private

function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", () => {
    server.removeListener("error", reject);
    resolve();
  });
  return promise;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk as string;
    if (body.length > LARGEST_BODY) throw new Error("body too large");
  }
  return body;
}

function kindOf(body: string): string | null {
  try {
    const kind = (JSON.parse(body) as { kind?: unknown } | null)?.kind;
    return typeof kind === "string" && kind.length <= 64 ? kind : null;
  } catch {
    return null;
  }
}
