/**
 * The connections to one endpoint. The newest idle one is used first, so that those a quiet time does not need grow old and are closed; a
 * connection more is dialled for who finds none, up to a limit, behind which a bounded queue waits.
 */
import type { Socket } from "node:net";
import type { EndpointSpec } from "../plan.ts";
import { type ConnectionOwner, UpstreamConnection } from "./connection.ts";
import { dial, type TlsIdentity } from "./dial.ts";
import type { Names } from "./names.ts";
import { UpstreamError } from "./upstream-error.ts";

/** Who needs a connection; told once, and only while it still waits. */
export interface Taker {
  readonly waiting: boolean;
  onConnection(connection: UpstreamConnection): void;
  onNoConnection(error: UpstreamError): void;
}

export interface PoolLimits {
  /** To one endpoint. More requests wait. */
  readonly connections: number;
  /** Requests that wait; more are refused at once. */
  readonly waiting: number;
  readonly idle: number;
}

export const POOL_LIMITS: PoolLimits = { connections: 1_000, waiting: 1_000, idle: 256 };

export interface PoolDeps {
  readonly endpoint: EndpointSpec;
  readonly names: Names;
  readonly tls: TlsIdentity;
  readonly limits: PoolLimits;
}

interface Waiting {
  readonly taker: Taker;
  readonly limit: number;
}

export class Pool implements ConnectionOwner {
  readonly #deps: PoolDeps;
  /** Dialled ones as well. */
  readonly #all = new Set<UpstreamConnection>();
  readonly #dialling = new Set<Socket>();
  readonly #idle: UpstreamConnection[] = [];
  readonly #queue: Waiting[] = [];
  #closed = false;

  constructor(deps: PoolDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** An idle one; or null, and the taker is told. `fresh`: a new one, dialled within `limit` ms. */
  take(taker: Taker, limit: number, fresh: boolean): UpstreamConnection | null {
    const idle = fresh ? null : this.#newest();
    if (idle !== null) return idle;
    if (fresh && this.#all.size >= this.#deps.limits.connections) this.#idle[0]?.destroy();
    if (this.#all.size < this.#deps.limits.connections) this.#dial({ taker, limit });
    else if (this.#hasRoom()) this.#queue.push({ taker, limit });
    else taker.onNoConnection(this.#busy());
    return null;
  }

  /** For a tunnel: never an idle one, and its socket has ordinary data events. */
  takeLine(taker: Taker, limit: number): void {
    if (this.#all.size < this.#deps.limits.connections) this.#dial({ taker, limit }, true);
    else taker.onNoConnection(this.#busy());
  }

  giveBack(connection: UpstreamConnection): void {
    const next = this.#nextWaiting();
    if (next !== null) return next.taker.onConnection(connection);
    if (this.#closed || this.#idle.length >= this.#deps.limits.idle) return connection.destroy();
    connection.idleSince = performance.now();
    this.#idle.push(connection);
  }

  forget(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#serveNext();
  }

  /** Closes what was idle for too long. */
  sweep(now: number): void {
    for (const connection of this.#idle.filter(({ idleSince, idleLimit }) => now - idleSince > idleLimit)) connection.destroy();
  }

  closeIdle(): void {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) last.destroy();
  }

  /** What is under way goes on; nothing is kept after it. */
  close(closed = true): void {
    this.#closed = closed;
    if (closed) this.closeIdle();
  }

  /** Ends everything; requests under way hear it, and those that only wait may go elsewhere. */
  cut(): void {
    const gone = "the endpoint is taken away";
    const [waiting, connections] = [this.#queue.splice(0), [...this.#all]];
    for (const { taker } of waiting) if (taker.waiting) taker.onNoConnection(new UpstreamError("connect", gone));
    for (const socket of this.#dialling) socket.destroy(new UpstreamError("connect", gone));
    for (const connection of connections) connection.cut(new UpstreamError("drained", gone));
  }

  // Private

  #newest(): UpstreamConnection | null {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.usable && performance.now() - last.idleSince <= last.idleLimit) return last;
      last.destroy();
    }
    return null;
  }

  #dial(waiting: Waiting, line = false): void {
    const { endpoint, names, tls } = this.#deps;
    const connection = new UpstreamConnection(this);
    const plain = !endpoint.secure && !line;
    this.#all.add(connection);
    let dialled: Socket | null = null;
    dialled = dial({ endpoint, names, tls, onread: plain ? connection.onread : null, limit: waiting.limit }, (error, socket) => {
      if (dialled !== null) this.#dialling.delete(dialled);
      if (error === null && socket !== null) this.#dialled(waiting, connection, socket, plain);
      else this.#refused(waiting, connection, error ?? this.#busy());
    });
    if (dialled !== null) this.#dialling.add(dialled);
  }

  #dialled({ taker }: Waiting, connection: UpstreamConnection, socket: Socket, plain: boolean): void {
    connection.attach(socket, plain);
    if (taker.waiting) taker.onConnection(connection);
    else this.giveBack(connection);
  }

  #refused({ taker }: Waiting, connection: UpstreamConnection, error: UpstreamError): void {
    this.#all.delete(connection);
    if (taker.waiting) taker.onNoConnection(error);
    this.#serveNext();
  }

  /** Those whose clients have left are only found here or at their turn. */
  #hasRoom(): boolean {
    const most = this.#deps.limits.waiting;
    if (this.#queue.length >= most) this.#queue.splice(0, most, ...this.#queue.filter(({ taker }) => taker.waiting));
    return this.#queue.length < most;
  }

  #nextWaiting(): Waiting | null {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) if (next.taker.waiting) return next;
    return null;
  }

  #serveNext(): void {
    if (this.#queue.length === 0 || this.#all.size >= this.#deps.limits.connections) return;
    const next = this.#nextWaiting();
    if (next !== null) this.#dial(next);
  }

  #busy(): UpstreamError {
    const { limits, endpoint } = this.#deps;
    return new UpstreamError(
      "busy",
      `${endpoint.host}:${endpoint.port} has ${limits.connections} connections, and ${limits.waiting} requests wait`,
    );
  }
}
