/** A server that answers as a test says, where it does not say as a CA would, over TLS on a port of its own. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { GatewayError } from "../../../errors.ts";
import { SYSTEM_CLOCK, type Clock } from "../../clock.ts";
import { makeCertificate } from "../../testing/certificate.ts";
import { AcmeClient, type AcmeClientOptions } from "../client.ts";

export type Lie = (response: ServerResponse, request: IncomingMessage) => unknown;

/** What time it is for its clients. */
export const NOON: number = Date.UTC(2026, 10, 22, 12);

export class LyingCa implements AsyncDisposable {
  readonly trusted: string;
  /** By `GET /path`. */
  readonly lies: Map<string, Lie> = new Map();
  readonly asked: string[] = [];
  /** Those that are open. */
  readonly sockets: Set<Socket> = new Set();
  /** How many there ever were. */
  opened = 0;
  readonly #server: Server;
  readonly #accountKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

  private constructor(cert: string, key: string) {
    this.trusted = cert;
    this.#server = createServer({ cert, key }, (request, response) => void this.#answer(request, response));
    this.#server.on("secureConnection", (socket: Socket) => {
      this.sockets.add(socket);
      this.opened += 1;
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  static async start(): Promise<LyingCa> {
    const { certificate, key } = await makeCertificate({ names: ["localhost"] });
    const ca = new LyingCa(certificate, key);
    await new Promise<void>((resolve) => ca.#server.listen(0, "localhost", resolve));
    return ca;
  }

  get origin(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forgets what was said before. */
  client(other: Partial<AcmeClientOptions> = {}): AcmeClient {
    this.lies.clear();
    this.asked.length = 0;
    const clock: Clock = { now: () => NOON, sleep: (milliseconds, signal) => SYSTEM_CLOCK.sleep(milliseconds, signal) };
    const account = { accountKey: this.#accountKey, accountUrl: `${this.origin}/a/1`, eab: null };
    const { origin, trusted } = this;
    return new AcmeClient({ directoryUrl: `${origin}/dir`, ...account, trusted, clock, answerWithin: 10_000, ...other });
  }

  order(status: string): object {
    const { origin } = this;
    return { status, identifiers: [{ type: "dns", value: "a.example" }], authorizations: [`${origin}/z`], finalize: `${origin}/f` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  // Private

  #answer(request: IncomingMessage, response: ServerResponse): unknown {
    const question = `${request.method} ${request.url}`;
    this.asked.push(question);
    const lie = this.lies.get(question);
    if (lie !== undefined) return lie(response, request);
    if (question === "HEAD /nonce") return response.setHeader("replay-nonce", "first").end();
    return question === "GET /dir" ? json(response, 200, this.#directory()) : response.writeHead(404).end();
  }

  #directory(): object {
    const links = { newNonce: "/nonce", newAccount: "/account", newOrder: "/order", revokeCert: "/revoke", renewalInfo: "/ari" };
    const meta = { profiles: { shortlived: "six days" } };
    return { ...Object.fromEntries(Object.entries(links).map(([name, path]) => [name, this.origin + path])), meta };
  }
}

/** `body` null: the headers only. */
export function json(response: ServerResponse, status: number, body: unknown, type = "application/json"): ServerResponse {
  response.writeHead(status, { "content-type": type });
  return body === null ? response : response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** For assert.rejects: code and message, and that there is a hint. */
export function is(error: unknown, code: string, message: RegExp): boolean {
  assert.ok(error instanceof GatewayError, String(error));
  assert.deepEqual([error.code, error.message.match(message) === null ? error.message : ""], [code, ""]);
  return error.hint !== undefined;
}

export async function jwsOf(request: IncomingMessage): Promise<{ readonly protected: string; readonly payload: string }> {
  return JSON.parse((await request.toArray()).join("")) as { protected: string; payload: string };
}
