/**
 * The CA behind the shim. The Host of the client goes on to it unchanged: a CA makes every URL from it, and compares it with the signed `url` of each
 * request (RFC 8555 §6.4), so that nothing but the directory has to be rewritten.
 */
import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { buffer } from "node:stream/consumers";
import type { AcmePath } from "./rules.ts";

export interface UpstreamCa {
  readonly directoryUrl: string;
  /** PEM. */
  readonly trusted: string;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export class Upstream {
  readonly #origin: URL;
  readonly #agent: Agent;
  #paths: ReadonlyMap<string, AcmePath> = new Map();

  constructor({ directoryUrl, trusted }: UpstreamCa) {
    this.#origin = new URL(directoryUrl);
    this.#agent = new Agent({ ca: trusted, keepAlive: true, maxSockets: 8 });
  }

  get directoryPath(): string {
    return this.#origin.pathname;
  }

  /** Learns what its paths mean. */
  async open(): Promise<void> {
    const { body } = await this.#get("GET", this.directoryPath);
    const directory = JSON.parse(body.toString()) as Record<string, unknown>;
    const names = ["newNonce", "newAccount", "newOrder", "revokeCert", "renewalInfo"] as const;
    const found = names.map((name) => [URL.parse(String(directory[name]))?.pathname ?? name, name] as const);
    this.#paths = new Map<string, AcmePath>([[this.directoryPath, "directory"], ...found]);
  }

  kindOf(path: string): AcmePath | null {
    return this.#paths.get(path) ?? RESOURCES.find(([pattern]) => pattern.test(path))?.[1] ?? null;
  }

  async nonce(): Promise<string | null> {
    const [path = ""] = [...this.#paths].find(([, kind]) => kind === "newNonce") ?? [];
    const { headers } = await this.#get("HEAD", path);
    return headers["replay-nonce"]?.toString() ?? null;
  }

  send({ method, path, headers, body }: UpstreamRequest): Promise<UpstreamAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>();
    // Not the name in Host: it is the shim's.
    const options = { agent: this.#agent, method, headers: { ...headers, connection: "keep-alive" }, servername: "" };
    const call = request(new URL(path, this.#origin), options, (response) => {
      const { statusCode: status = 502 } = response;
      buffer(response).then((read) => resolve({ status, headers: response.headers, body: read }), reject);
    });
    call.once("error", reject).end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }

  // Private

  #get(method: string, path: string): Promise<UpstreamAnswer> {
    return this.send({ method, path, headers: {}, body: Buffer.alloc(0) });
  }
}

// Private

/** By the paths of Pebble and of clock-ca.ts. */
const RESOURCES: readonly (readonly [RegExp, AcmePath])[] = [
  [/^\/[^/]*final/i, "finalize"],
  [/^\/[^/]*auth/i, "authz"],
  [/^\/[^/]*chal/i, "challenge"],
  [/^\/[^/]*cert/i, "certificate"],
  [/^\/[^/]*order/i, "order"],
  [/^\/[^/]*account/i, "account"],
  [/^\/[^/]*renewal/i, "renewalInfo"],
];
