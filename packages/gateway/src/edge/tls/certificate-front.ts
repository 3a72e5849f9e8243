/**
 * TLS with one certificate for sockets others accepted. The secure context is built at the first handshake and stays for all that follow; it has no
 * callbacks. Tickets are bound to the certificate: a client that comes back after a change sees the new one.
 */
import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";

export interface CertificateFrontOptions {
  /** SHA-256, hex. */
  readonly fingerprint: string;
  /** PEM, the leaf first. */
  readonly chain: string;
  readonly key: string;
  /** By ALPN. Default HTTP/1.1. */
  readonly protocol?: string;
  /** As long as it knows none, tickets are of this process only. */
  readonly ticketKey: () => Buffer | null;
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onFailure: (error: Error, socket: TLSSocket) => void;
}

/** https://wiki.mozilla.org/Security/Server_Side_TLS, intermediate, without finite-field key exchange. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");
/** Seconds a session can be taken up again. */
const SESSION_LIFE = 21_600;

export class CertificateFront {
  readonly fingerprint: string;
  readonly #options: CertificateFrontOptions;
  #server: Server | null = null;

  constructor(options: CertificateFrontOptions) {
    this.#options = options;
    this.fingerprint = options.fingerprint;
  }

  /** What the socket has to read begins with the ClientHello. Throws where the certificate is not usable. */
  admit(socket: Socket): void {
    this.#server ??= this.#open();
    this.#server.emit("connection", socket);
  }

  rekey(key: Buffer): void {
    this.#server?.setTicketKeys(key);
  }

  // Private

  /** It never listens: Node's own way through a handshake, with its errors in one place. */
  #open(): Server {
    const { chain, key, fingerprint, protocol = "http/1.1", ticketKey, onSecure, onFailure } = this.#options;
    const ticketKeys = ticketKey();
    const server = createServer({
      cert: chain,
      key,
      minVersion: "TLSv1.2",
      ciphers: CIPHERS,
      ALPNProtocols: [protocol],
      sessionIdContext: fingerprint.slice(0, 32),
      sessionTimeout: SESSION_LIFE,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
      allowHalfOpen: true,
      ...(ticketKeys === null ? {} : { ticketKeys }),
    });
    return server.on("secureConnection", onSecure).on("tlsClientError", onFailure);
  }
}
