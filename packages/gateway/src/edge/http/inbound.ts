/**
 * All HTTP/1 connections of a worker, whatever port they came in by: lets them in, looks at their times, counts, and ends them.
 * A connection that became a tunnel belongs to whoever detached it, but counts here until it closes.
 */
import type { Socket } from "node:net";
import type { Conversation, Peer } from "./exchange.ts";
import { Connection } from "./inbound/connection.ts";
import type { Guest, Home } from "./inbound/home.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "./inbound/limits.ts";
import type { Refusal } from "./inbound/refusal.ts";
import { listen, unlisten } from "./inbound/sockets.ts";

export interface HttpConnectionsOptions {
  /** Must call `receive` of each, or answer it. */
  readonly handler: (conversation: Conversation) => void;
  readonly onRefused?: (refusal: Refusal) => void;
  /** `handler` or a sink threw; the client got 500. */
  readonly onError?: (error: Error) => void;
  readonly limits?: Partial<HttpLimits>;
  /** A proxy that is trusted brings many clients: the limit per address is not for it. Default nobody. */
  readonly isProxy?: (address: string) => boolean;
}

export interface HttpCounts {
  readonly open: number;
  /** Of these. */
  readonly tunnels: number;
  readonly requests: number;
  /** By reason. */
  readonly refused: Readonly<Record<string, number>>;
}

export class HttpConnections implements Home {
  readonly limits: HttpLimits;
  readonly #options: HttpConnectionsOptions;
  readonly #open = new Set<Guest>();
  readonly #tunnels = new Set<Guest>();
  readonly #clients = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  #draining = false;
  #requests = 0;
  #sweeper: NodeJS.Timeout | null = null;
  #whenEmpty: (() => void)[] = [];

  constructor(options: HttpConnectionsOptions) {
    this.#options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** `first`: what was read of it already. From now on the socket is ours; errors included. */
  admit(socket: Socket, peer: Peer, first: Buffer | null = null): void {
    const reason = this.#tooMany(peer.address);
    if (reason !== null) {
      socket.on("error", () => {}).destroy();
      return this.refused({ status: 0, reason, message: "there are too many connections", peer, head: "" });
    }
    const connection = new Connection(socket, peer, this);
    this.#open.add(connection);
    this.#clients.set(peer.address, (this.#clients.get(peer.address) ?? 0) + 1);
    this.#sweeper ??= setInterval(() => this.#sweep(), this.limits.sweepEvery).unref();
    listen(socket, connection);
    if (first !== null && first.length > 0) connection.read(first);
  }

  get counts(): HttpCounts {
    const open = this.#open.size + this.#tunnels.size;
    return { open, tunnels: this.#tunnels.size, requests: this.#requests, refused: Object.fromEntries(this.#refused) };
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Every connection ends after the answer it is at, idle ones now. Resolves when the last one has, tunnels aside. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const connection of this.#open) connection.drain();
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /** All but tunnels, whatever they are at. */
  cutAll(): void {
    for (const connection of this.#open) connection.cut();
  }

  // For connections

  begin(conversation: Conversation): void {
    this.#requests += 1;
    this.#options.handler(conversation);
  }

  refused(refusal: Refusal): void {
    this.#refused.set(refusal.reason, (this.#refused.get(refusal.reason) ?? 0) + 1);
    this.#options.onRefused?.(refusal);
  }

  broken(error: Error): void {
    this.#options.onError?.(error);
  }

  closed(connection: Guest): void {
    const { address } = connection.peer;
    const left = (this.#clients.get(address) ?? 1) - 1;
    if (left > 0) this.#clients.set(address, left);
    else this.#clients.delete(address);
    this.#tunnels.delete(connection);
    this.#leave(connection);
  }

  detached(connection: Guest): void {
    unlisten(connection.socket);
    connection.socket.once("close", () => this.closed(connection));
    this.#tunnels.add(connection);
    this.#leave(connection);
  }

  // Private

  #tooMany(address: string): Refusal["reason"] | null {
    if (this.#open.size + this.#tunnels.size >= this.limits.connections) return "connections";
    if ((this.#clients.get(address) ?? 0) < this.limits.connectionsPerClient) return null;
    return this.#options.isProxy?.(address) === true ? null : "client-connections";
  }

  #leave(connection: Guest): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#open) connection.sweep(now);
  }
}
