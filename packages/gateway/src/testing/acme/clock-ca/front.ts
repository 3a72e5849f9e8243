/** The HTTPS side of the simulated CA: what a request is answered with is decided elsewhere; nonces, problems and outages are put on here. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { ServerIdentity } from "../server-identity.ts";
import { Refusal } from "./refusal.ts";

export interface Outage {
  /** Unix ms, by the CA's clock. */
  readonly from: number;
  readonly to: number;
  /** 503 with a problem, or a connection that ends. */
  readonly how: "503" | "drop";
}

export interface Asked {
  readonly method: string;
  /** `https://<host the client used>`. */
  readonly base: string;
  /** Parts between slashes. */
  readonly path: readonly string[];
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, everything else as JSON. */
  readonly body?: unknown;
}

export interface FrontDeps {
  readonly identity: ServerIdentity;
  readonly now: () => number;
  readonly service: { nonce(): string; reply(asked: Asked): Promise<Reply> };
  readonly refused: (refusal: Refusal) => void;
}

export class Front {
  readonly #deps: FrontDeps;
  readonly #outages: Outage[] = [];
  readonly #server: Server;

  constructor(deps: FrontDeps) {
    this.#deps = deps;
    const { certificate: cert, key } = deps.identity;
    this.#server = createServer({ cert, key }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  outage(outage: Outage): void {
    this.#outages.push(outage);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  // Private

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const now = this.#deps.now();
    const outage = this.#outages.find(({ from, to }) => from <= now && now < to);
    if (outage?.how === "drop") return void request.socket.destroy();
    const { method = "GET", url = "/", headers } = request;
    const path = url.split("/").slice(1);
    const reply = outage === undefined ? await this.#reply({ method, base: `https://${headers.host ?? ""}`, path, body }) : AWAY;
    this.#send(response, reply, method === "POST" || path[0] === "new-nonce");
  }

  async #reply(asked: Asked): Promise<Reply> {
    try {
      return await this.#deps.service.reply(asked);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(400, "malformed", String(error));
      this.#deps.refused(refusal);
      return problem(refusal, this.#deps.now());
    }
  }

  #send(response: ServerResponse, { status, headers = {}, body }: Reply, withNonce: boolean): void {
    const text = typeof body === "string" || body === undefined ? (body ?? "") : JSON.stringify(body);
    response.writeHead(status, {
      "cache-control": "no-store",
      ...(typeof body === "object" ? { "content-type": "application/json" } : {}),
      ...(withNonce ? { "replay-nonce": this.#deps.service.nonce() } : {}),
      ...headers,
    });
    response.end(text);
  }
}

// Private

const AWAY: Reply = problem(new Refusal(503, "serverInternal", "The service is down for maintenance or had an internal error."), 0);

function problem(refusal: Refusal, now: number): Reply {
  const { status, notBefore, document } = refusal;
  const wait: Record<string, string> =
    notBefore === null ? {} : { "retry-after": String(Math.max(1, Math.ceil((notBefore - now) / 1_000))) };
  return { status, headers: { "content-type": "application/problem+json", ...wait }, body: document };
}
