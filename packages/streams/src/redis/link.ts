/**
 * One supervised connection. It is either up or being rebuilt; a caller never waits for it without a limit.
 * - Nothing is queued while it is down: such a call fails at once, marked as never sent.
 * - Nothing is re-sent by itself: only the caller knows whether that is safe.
 * - A connection whose oldest call has had no answer for `deadline` ms is thrown away, whatever the socket says: a wedged
 *   server acknowledges packets for ever.
 * States: connecting → up (handshake and `prepare` done) → connecting (error, end, deadline) …; closed from any, for good.
 */
import { createClient } from "redis";
import { TidegateError } from "../errors.ts";
import { faultOf, RedisFault, unreachable } from "./replies.ts";

export type Reply = string | number | null | Buffer | Reply[];

export interface Endpoint {
  readonly url: URL;
  readonly password: string | undefined;
}

export interface LinkOptions {
  readonly endpoint: Endpoint;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** Milliseconds without any answer while calls wait. */
  readonly deadline: number;
  /** Runs on each new connection before anybody else may use it. */
  readonly prepare?: (call: (args: string[]) => Promise<Reply>) => Promise<void>;
  readonly onUp?: (again: boolean) => void;
  readonly onDown?: (fault: RedisFault) => void;
}

type Client = ReturnType<typeof open>;

/** What the library asks of a connection. `RedisLink` is the real one; the in-memory double has its own. */
export interface Link {
  readonly address: string;
  readonly up: boolean;
  /** Why it is down, or was last. */
  readonly fault: RedisFault | null;
  /** Sends one command now or fails at once; the fault says whether it was sent. */
  call(args: string[]): Promise<Reply>;
  /** Like `call`, for questions that change nothing: waits a moment for a connection that is being rebuilt. */
  ask(args: string[]): Promise<Reply>;
  /** Resolves when up; rejects with the last fault after `limit` ms, at once on one that only a person can mend. */
  whenUp(limit: number): Promise<void>;
  /** Throws the present connection away; a new one is built at once. */
  reset(): void;
  close(): void;
}

export class RedisLink implements Link {
  readonly address: string;
  readonly #options: LinkOptions;
  #client: Client | null = null;
  #closed = false;
  #fault: RedisFault | null = null;
  #waiting = 0;
  #progressAt = 0;
  #wasUp = false;
  #failures = 0;
  readonly #waiters = new Set<() => void>();
  readonly #watch: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.address = `${options.endpoint.url.hostname}:${options.endpoint.url.port === "" ? "6379" : options.endpoint.url.port}`;
    this.#watch = setInterval(() => this.#checkDeadline(), Math.min(500, options.deadline / 2)).unref();
    void this.#connect();
  }

  get up(): boolean {
    return this.#client !== null;
  }

  get fault(): RedisFault | null {
    return this.#fault;
  }

  async call(args: string[]): Promise<Reply> {
    const client = this.#client;
    if (client === null) throw this.#offline();
    if (this.#waiting++ === 0) this.#progressAt = performance.now();
    try {
      return await client.sendCommand<Reply>(args);
    } catch (cause) {
      const fault = faultOf(cause, this.address);
      if (fault.reaction === "reconnect") this.#drop(client, fault);
      throw fault;
    } finally {
      this.#waiting--;
      this.#progressAt = performance.now();
    }
  }

  async ask(args: string[]): Promise<Reply> {
    await this.whenUp(ASK_LIMIT);
    return await this.call(args);
  }

  async whenUp(limit: number): Promise<void> {
    const end = performance.now() + limit;
    while (this.#client === null) {
      if (this.#closed) throw new TidegateError("CLOSED", "The connection was closed.");
      if (this.#fault?.reaction === "stop") throw this.#fault;
      const left = end - performance.now();
      if (left <= 0) throw this.#offline();
      await this.#change(left);
    }
  }

  reset(): void {
    if (this.#client !== null) this.#drop(this.#client, unreachable(this.address, new Error("reset"), true));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = null;
    if (client !== null) destroy(client);
    this.#wake();
  }

  // Private

  async #connect(): Promise<void> {
    const client = open(this.#options);
    let over = false;
    const fail = (cause: unknown): void => {
      if (over) return;
      over = true;
      clearTimeout(limit);
      this.#drop(client, faultOf(cause, this.address));
    };
    client.on("error", fail);
    client.on("end", () => fail(new Error("the connection was closed")));
    const limit = setTimeout(() => fail(notRedis(this.address)), CONNECT_LIMIT);
    try {
      await client.connect();
      await this.#options.prepare?.((args) => client.sendCommand<Reply>(args));
      clearTimeout(limit);
      if (over || this.#closed) return destroy(client);
      this.#rise(client);
    } catch (cause) {
      fail(cause);
    }
  }

  #rise(client: Client): void {
    const again = this.#wasUp;
    this.#client = client;
    this.#wasUp = true;
    this.#failures = 0;
    this.#waiting = 0;
    this.#options.onUp?.(again);
    this.#wake();
  }

  #drop(client: Client, fault: RedisFault): void {
    const current = this.#client === client;
    if (this.#client !== null && !current) return destroy(client);
    this.#client = null;
    this.#fault = fault;
    destroy(client);
    if (this.#closed) return;
    if (current) this.#options.onDown?.(fault);
    this.#wake();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), backoff(this.#failures++));
  }

  #checkDeadline(): void {
    const client = this.#client;
    if (client === null || this.#waiting === 0) return;
    const silent = performance.now() - this.#progressAt;
    if (silent > this.#options.deadline)
      this.#drop(client, unreachable(this.address, new Error(`no answer for ${Math.round(silent)} ms`), true));
  }

  #offline(): RedisFault {
    if (this.#closed) return new RedisFault("CLOSED", "stop", "The connection was closed.", { sent: false });
    const fault = this.#fault;
    if (fault === null) return unreachable(this.address, new Error("not connected yet"), false);
    return new RedisFault(fault.code, fault.reaction, fault.message, {
      cause: fault,
      sent: false,
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    });
  }

  #change(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limit);
      this.#waiters.add(done);
    });
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }
}

/** Full jitter: a thousand clients must not come back in the same millisecond. */
export function backoff(failures: number, base = 50, cap = 2_000): number {
  return Math.random() * Math.min(cap, base * 2 ** failures);
}

const CONNECT_LIMIT = 5_000;
const ASK_LIMIT = 1_000;

function open(options: LinkOptions) {
  const { url, password } = options.endpoint;
  return createClient({
    url: url.href,
    ...(password === undefined ? {} : { password }),
    name: options.name,
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    socket: {
      reconnectStrategy: false,
      connectTimeout: CONNECT_LIMIT,
      keepAlive: true,
      keepAliveInitialDelay: 5_000,
      noDelay: true,
      tls: url.protocol === "rediss:",
    },
  } as Parameters<typeof createClient>[0]);
}

function destroy(client: Client): void {
  client.removeAllListeners();
  client.on("error", () => {});
  try {
    client.destroy();
  } catch {
    // Already gone.
  }
}

function notRedis(address: string): RedisFault {
  return new RedisFault("NOT_REDIS", "stop", `Something answers at ${address}, but it does not speak Redis.`, {
    hint: "Check host and port of REDIS_STREAMS_URL.",
  });
}
