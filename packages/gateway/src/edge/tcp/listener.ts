/**
 * One port of this machine. What is done with its connections may change at any time; the listener and the connections that stand stay
 * untouched. A connection goes: accepted → asked for its certificate or token → held while the service is paused → dialled → tunnelled.
 */
import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Identity } from "../identity.ts";
import type { EdgePort } from "../switch.ts";
import type { Connections } from "./connections.ts";
import { dial } from "./dial.ts";
import type { Gate } from "./gate.ts";
import { cut } from "./socket.ts";
import { TlsFront } from "./tls-front.ts";
import { tunnel } from "./tunnel.ts";

export interface ListenerDeps {
  readonly connections: Connections;
  readonly gate: Gate;
  readonly identity: () => Promise<Identity>;
  /** A connection that was turned away. */
  readonly denied: (port: EdgePort, reason: string, address: string) => void;
  /** A connection that was let in and reached nobody. */
  readonly failed: (port: EdgePort, reason: string) => void;
}

/** Of all ports of this process. */
const MOST_HELD = 10_000;

export class PortListener {
  readonly #deps: ListenerDeps;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port: EdgePort;
  #tls: TlsFront | null = null;
  #turn = 0;
  #closed = false;
  /** Resolved and replaced by each change. */
  #changed = Promise.withResolvers<void>();

  constructor(port: EdgePort, deps: ListenerDeps) {
    this.#port = port;
    this.#deps = deps;
    this.#server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      (socket) => this.#accept(socket),
    );
  }

  /** Rejects with the system's words. */
  async listen(): Promise<void> {
    const { bind: host, port } = this.#port;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject).once("listening", resolve);
    // Several workers, and a second Tidegate on this machine, share a port; the kernel spreads the connections. Only Linux does.
    this.#server.listen({ host, port, exclusive: true, reusePort: process.platform === "linux" });
    await promise;
    this.#server.off("error", reject).on("error", (error) => this.#deps.failed(this.#port, error.message));
  }

  /** Rejects when its authorities are not usable; then everything stays as it was. */
  async update(port: EdgePort): Promise<void> {
    await this.#secure(port);
    this.#port = port;
    this.#wake();
  }

  /** Nothing new is taken; connections that stand go on. */
  close(): void {
    this.#closed = true;
    this.#server.close();
    this.#wake();
  }

  get connections(): number {
    return this.#sockets.size;
  }

  cutAll(): void {
    for (const socket of this.#sockets) cut(socket);
  }

  // Private

  async #secure({ access }: EdgePort): Promise<void> {
    const authorities = access?.client_ca ?? null;
    if (authorities === (this.#tls?.authorities ?? null)) return;
    if (authorities === null) return void (this.#tls = null);
    const identity = await this.#deps.identity();
    this.#tls = new TlsFront({
      identity,
      authorities,
      onSecure: (socket) => this.#secured(socket),
      onFailure: (reason, address) => this.#denied(reason, address),
    });
  }

  #accept(socket: Socket): void {
    this.#deps.connections.accepted += 1;
    this.#remember(socket);
    if (this.#tls === null) this.#serve(socket, this.#port.access?.token_hashes ?? null);
    else this.#tls.admit(socket);
  }

  /** A certificate of the port's authorities, or, where it has tokens as well, one of those. */
  #secured(socket: TLSSocket): void {
    this.#remember(socket);
    const hashes = this.#port.access?.token_hashes ?? [];
    if (socket.authorized) this.#serve(socket, null);
    else if (hashes.length > 0) this.#serve(socket, hashes);
    else {
      this.#denied(`client certificate: ${String(socket.authorizationError)}`, socket.remoteAddress ?? "");
      cut(socket);
    }
  }

  #serve(socket: Socket, hashes: readonly string[] | null): void {
    this.#pass(socket, hashes).catch((error: unknown) => {
      if (!socket.destroyed) this.#deps.failed(this.#port, error instanceof Error ? error.message : String(error));
      cut(socket);
    });
  }

  async #pass(socket: Socket, hashes: readonly string[] | null): Promise<void> {
    const { bind, port } = this.#port;
    const denied = (reason: string, address: string): void => this.#denied(reason, address);
    if (hashes !== null && !(await this.#deps.gate.admit(socket, `${bind} ${port}`, hashes, denied))) return;
    if (!(await this.#opened())) throw new Error("the service is paused");
    const { connections } = this.#deps;
    const [endpoints, wanted] = [() => this.#port.endpoints, () => !socket.destroyed && !this.#closed];
    const line = await dial({ connections, endpoints, wanted, turn: this.#turn++, end: () => cut(socket) });
    if (line === null) return cut(socket);
    tunnel(socket, line.upstream, () => {
      connections.bytesIn += socket.bytesRead;
      connections.bytesOut += socket.bytesWritten;
      line.release();
    });
  }

  /** Waits while the service is paused; false when that took too long, or too many wait. */
  async #opened(): Promise<boolean> {
    if (!this.#paused) return true;
    const { connections } = this.#deps;
    if (connections.held >= MOST_HELD) return false;
    connections.held += 1;
    const end = performance.now() + this.#port.hold * 1000;
    try {
      while (this.#paused && !this.#closed && performance.now() < end) await this.#change(end - performance.now());
      return !this.#paused && !this.#closed;
    } finally {
      connections.held -= 1;
    }
  }

  get #paused(): boolean {
    return this.#port.mode === "paused";
  }

  async #change(limit: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, limit);
    await Promise.race([promise, this.#changed.promise]);
    clearTimeout(late);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #denied(reason: string, address: string): void {
    this.#deps.connections.denied += 1;
    this.#deps.denied(this.#port, reason, address);
  }

  /** An error of a socket nobody waits for must not end the process; whoever uses it listens for itself. */
  #remember(socket: Socket): void {
    socket.on("error", () => {});
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
