/**
 * A connection from its acceptance until it may ask: its first bytes are seen before anything else (a PROXY header would be read here), TLS is led to the
 * certificate of the name it asks for, and whoever speaks the wrong language is told so. Nothing a client sends can throw.
 * accepted → (ClientHello → certificate → handshake) → admitted; a CA that asks for `acme-tls/1` is closed after the handshake, and never admitted.
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { ACME_TLS } from "../../certificates/challenges/alpn-certificate.ts";
import { HANDSHAKE, readClientHello, type ClientHello } from "../tls/client-hello.ts";
import type { TlsContexts } from "../tls/contexts.ts";
import { normalName } from "../tls/server-name.ts";
import { cut, sayAndClose } from "../tcp/socket.ts";
import type { Peer } from "./exchange.ts";

export interface OpeningsOptions {
  readonly tls: TlsContexts;
  /** Must listen to the socket's data, or pause it, before it returns; `first` was read already (empty with TLS). Half-closed sockets stay open. */
  readonly admit: (socket: Socket, peer: Peer, first: Buffer) => void;
  readonly onTrouble: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Milliseconds; for tests. */
  readonly handshakeLimit?: number;
}

/** Since the worker started. */
export interface OpeningCounts {
  readonly accepted: number;
  readonly handshakes: number;
  /** By reason. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Why a connection came to nothing. */
export type OpeningFailure =
  | "bad_hello"
  | "certificate"
  | "crowded"
  | "handshake"
  | "not_tls"
  | "plain_http"
  | "timeout"
  | "tls_on_http"
  | "unknown_name";

interface Opening {
  readonly socket: Socket;
  readonly secure: boolean;
  readonly onData: (chunk: Buffer) => void;
  readonly onClose: () => void;
  /** `performance.now()` */
  readonly deadline: number;
  bytes: Buffer;
  reads: number;
  /** The name it asked for; null until it has. */
  serverName: string | null;
}

const HANDSHAKE_LIMIT = 10_000;
/** Browsers open connections before they know what to ask. */
const FIRST_BYTE_LIMIT = 60_000;
/** Who opens and says nothing must not take everything: beyond it the oldest goes. */
const MOST_OPENING = 8_192;
/** Of a ClientHello with its records: in bytes, and in pieces, because every piece is looked at from the beginning. */
const MOST_BYTES = 32_768;
const MOST_READS = 256;
/** Alerts of RFC 8446 §6.2 in a record, before there are keys. */
const ALERTS = { bad_hello: alert(50), unknown_name: alert(112), certificate: alert(80) } as const;
const PLAIN_HTTP_BODY = "400: this is an HTTPS port; use https:// instead of http://\n";
const PLAIN_HTTP = [
  "HTTP/1.1 400 Bad Request",
  "Content-Type: text/plain; charset=utf-8",
  `Content-Length: ${PLAIN_HTTP_BODY.length}`,
  "Connection: close",
  "",
  PLAIN_HTTP_BODY,
].join("\r\n");
const NOTHING = Buffer.alloc(0);

export class Openings {
  accepted = 0;
  handshakes = 0;
  readonly #options: OpeningsOptions;
  readonly #failures = new Map<OpeningFailure, number>();
  /** By both ends of the connection, oldest first: what the socket and TLS on top of it have in common. */
  readonly #opening = new Map<string, Opening>();

  constructor(options: OpeningsOptions) {
    this.#options = options;
    options.tls.ends = {
      secure: (socket) => this.#secured(socket),
      failed: (_error, socket) => {
        this.#count("handshake");
        cut(socket);
      },
    };
  }

  get counts(): OpeningCounts {
    return { accepted: this.accepted, handshakes: this.handshakes, failures: Object.fromEntries(this.#failures) };
  }

  get size(): number {
    return this.#opening.size;
  }

  accept(socket: Socket, secure: boolean): void {
    this.accepted += 1;
    // An error of a socket nobody waits for must not end the process; whoever uses it listens for itself.
    socket.on("error", ignore);
    const ends = endsOf(socket);
    if (ends === null) return void socket.destroy();
    if (this.#opening.size >= MOST_OPENING) this.#dropOldest();
    const limit = secure ? (this.#options.handshakeLimit ?? HANDSHAKE_LIMIT) : FIRST_BYTE_LIMIT;
    const onData = (chunk: Buffer): void => this.#read(ends, opening, chunk);
    const onClose = (): void => this.#forget(ends, opening);
    const opening: Opening = {
      socket,
      secure,
      onData,
      onClose,
      deadline: performance.now() + limit,
      bytes: NOTHING,
      reads: 0,
      serverName: null,
    };
    this.#opening.set(ends, opening);
    socket.on("data", onData).once("end", destroyOpening).once("close", onClose);
  }

  /** Called once a second. */
  sweep(now: number = performance.now()): void {
    for (const opening of this.#opening.values()) if (opening.deadline <= now) this.#refuse(opening, "timeout");
  }

  /** Nobody of these has asked for anything yet. */
  cutAll(): void {
    for (const { socket } of this.#opening.values()) cut(socket);
  }

  // Private

  #read(ends: string, opening: Opening, chunk: Buffer): void {
    if (!opening.secure) return this.#readPlain(ends, opening, chunk);
    opening.reads += 1;
    opening.bytes = opening.bytes.length === 0 ? chunk : Buffer.concat([opening.bytes, chunk]);
    const { bytes } = opening;
    if (bytes[0] !== HANDSHAKE) return this.#refuse(opening, beginsAsHttp(bytes) ? "plain_http" : "not_tls");
    const hello = readClientHello(bytes);
    if (hello.kind === "hello") return this.#lead(opening, hello);
    if (hello.kind === "bad" || bytes.length > MOST_BYTES || opening.reads > MOST_READS) this.#refuse(opening, "bad_hello");
  }

  #readPlain(ends: string, opening: Opening, first: Buffer): void {
    const { socket } = opening;
    if (first[0] === HANDSHAKE) return this.#refuse(opening, "tls_on_http");
    release(opening);
    this.#forget(ends, opening);
    const peer = peerOf(socket);
    if (peer === null) socket.destroy();
    else this.#options.admit(socket, peer, first);
  }

  #lead(opening: Opening, { serverName: sent, protocols }: Extract<ClientHello, { kind: "hello" }>): void {
    const { socket } = opening;
    const { tls } = this.#options;
    const name = sent === null ? null : normalName(sent);
    const found = name === null ? null : isChallenge(protocols) ? tls.prove(name) : tls.find(name);
    if (found === null) return this.#refuse(opening, "unknown_name");
    opening.serverName = name;
    release(opening);
    socket.pause();
    if (!(found instanceof Promise)) return this.#shake(opening, found);
    found.then(
      (front) => this.#shake(opening, front),
      (error: unknown) => this.#unusable(opening, error),
    );
  }

  #shake(opening: Opening, front: { admit(socket: Socket): void } | null): void {
    const { socket, bytes } = opening;
    if (socket.destroyed) return;
    if (front === null) return this.#refuse(opening, "unknown_name");
    socket.unshift(bytes);
    opening.bytes = NOTHING;
    try {
      front.admit(socket);
    } catch (error) {
      this.#unusable(opening, error);
    }
  }

  #unusable(opening: Opening, error: unknown): void {
    this.#options.onTrouble("a certificate cannot be used", { error });
    if (!opening.socket.destroyed) this.#refuse(opening, "certificate");
  }

  #secured(socket: TLSSocket): void {
    socket.on("error", ignore);
    const ends = endsOf(socket);
    const opening = ends === null ? undefined : this.#opening.get(ends);
    const peer = peerOf(socket);
    if (ends === null || opening === undefined || peer === null) return void socket.destroy();
    this.#forget(ends, opening);
    if (socket.alpnProtocol === ACME_TLS) return sayAndClose(socket, "");
    this.handshakes += 1;
    const tls = { secure: true, serverName: opening.serverName, tlsVersion: socket.getProtocol() };
    this.#options.admit(socket, { ...peer, ...tls }, NOTHING);
  }

  #refuse(opening: Opening, reason: OpeningFailure): void {
    const { socket } = opening;
    this.#count(reason);
    release(opening);
    if (reason === "plain_http") sayAndClose(socket, PLAIN_HTTP);
    else if (reason === "bad_hello" || reason === "unknown_name" || reason === "certificate") sayAndClose(socket, ALERTS[reason]);
    else cut(socket);
  }

  #dropOldest(): void {
    const [oldest] = this.#opening;
    if (oldest === undefined) return;
    this.#opening.delete(oldest[0]);
    this.#refuse(oldest[1], "crowded");
  }

  #count(reason: OpeningFailure): void {
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
  }

  /** Another connection may have the same ends by now. */
  #forget(ends: string, opening: Opening): void {
    opening.socket.off("close", opening.onClose);
    if (this.#opening.get(ends) === opening) this.#opening.delete(ends);
  }
}

// Private

function ignore(): void {}

function destroyOpening(this: Socket): void {
  this.destroy();
}

/** From now on somebody else reads it. */
function release({ socket, onData }: Opening): void {
  socket.off("data", onData).off("end", destroyOpening);
}

/** A PROXY header is none: its place is before this is asked. */
function beginsAsHttp(bytes: Buffer): boolean {
  return /^(?:\r?\n|[A-Z]{1,20}(?: |$))/.test(bytes.toString("latin1", 0, 21));
}

/** RFC 8737 §3: that protocol and no other. */
function isChallenge(protocols: readonly string[]): boolean {
  return protocols.length === 1 && protocols[0] === ACME_TLS;
}

/** Null when it is gone already. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | null {
  return remoteAddress === undefined ? null : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function peerOf({ remoteAddress, remotePort, localPort }: Socket): Peer | null {
  if (remoteAddress === undefined || remotePort === undefined || localPort === undefined) return null;
  const address = remoteAddress.startsWith("::ffff:") ? remoteAddress.slice(7) : remoteAddress;
  return { address, port: remotePort, localPort, secure: false, serverName: null, tlsVersion: null };
}

function alert(description: number): string {
  const [record, fatal] = [21, 2];
  return String.fromCharCode(record, 3, 3, 0, 2, fatal, description);
}
