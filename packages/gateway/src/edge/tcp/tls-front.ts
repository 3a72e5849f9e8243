/**
 * TLS where a port asks for client certificates. It takes connections that are already accepted, so that the listener stays as it is when
 * the authorities change. Whether the certificate is good is left to the caller, who may also take a token.
 */
import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Identity } from "../identity.ts";
import { cut } from "./socket.ts";

export interface TlsFrontOptions {
  readonly identity: Identity;
  /** PEM of the authorities. */
  readonly authorities: string;
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onFailure: (reason: string, address: string) => void;
}

const HANDSHAKE_LIMIT = 5_000;
/** Of one port: who begins and never ends must not take everything. */
const MOST_SHAKING = 1_000;

export class TlsFront {
  readonly authorities: string;
  readonly #server: Server;
  readonly #onFailure: TlsFrontOptions["onFailure"];
  #shaking = 0;

  /** Throws when the authorities are none. */
  constructor({ identity, authorities, onSecure, onFailure }: TlsFrontOptions) {
    this.authorities = authorities;
    if (readAll(authorities).length === 0) throw new Error("it holds no PEM certificate");
    this.#onFailure = onFailure;
    const halfOpen = { allowHalfOpen: true, pauseOnConnect: true };
    const asked = { requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.2", handshakeTimeout: HANDSHAKE_LIMIT } as const;
    this.#server = createServer({ ...halfOpen, ...asked, key: identity.key, cert: identity.certificate, ca: authorities });
    // One of the two comes for each connection, once.
    this.#server.on("secureConnection", (socket) => {
      this.#shaking -= 1;
      onSecure(socket);
    });
    this.#server.on("tlsClientError", (error, socket) => {
      this.#shaking -= 1;
      onFailure(error.message, socket.remoteAddress ?? "");
      cut(socket);
    });
  }

  admit(socket: Socket): void {
    if (this.#shaking >= MOST_SHAKING) {
      this.#onFailure("too many connections have not finished their TLS handshake", socket.remoteAddress ?? "");
      return cut(socket);
    }
    this.#shaking += 1;
    this.#server.emit("connection", socket);
  }
}

// Private

/** TLS itself passes over what it cannot read, and would then trust nobody. */
function readAll(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
