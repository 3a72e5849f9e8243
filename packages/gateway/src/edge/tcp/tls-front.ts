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

export class TlsFront {
  readonly authorities: string;
  readonly #server: Server;

  /** Throws when the authorities are none. */
  constructor({ identity, authorities, onSecure, onFailure }: TlsFrontOptions) {
    this.authorities = authorities;
    if (readAll(authorities).length === 0) throw new Error("it holds no PEM certificate");
    const halfOpen = { allowHalfOpen: true, pauseOnConnect: true };
    const asked = { requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.2", handshakeTimeout: HANDSHAKE_LIMIT } as const;
    this.#server = createServer({ ...halfOpen, ...asked, key: identity.key, cert: identity.certificate, ca: authorities }, onSecure);
    this.#server.on("tlsClientError", (error, socket) => {
      onFailure(error.message, socket.remoteAddress ?? "");
      cut(socket);
    });
  }

  admit(socket: Socket): void {
    this.#server.emit("connection", socket);
  }
}

// Private

/** TLS itself passes over what it cannot read, and would then trust nobody. */
function readAll(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
