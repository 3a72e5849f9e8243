/**
 * One supervised connection. It is either up or being rebuilt; a caller never waits for it without a limit.
 * - Nothing is queued while it is down: such a call fails at once, marked as never sent.
 * - Nothing is re-sent by itself: only the caller knows whether that is safe.
 * - A connection whose oldest call has had no answer for `deadline` ms is thrown away, whatever the socket says: a wedged
 *   server acknowledges packets for ever.
 * States: connecting → up (handshake and `prepare` done) → connecting (error, end, deadline) …; closed from any, for good.
 */
import { TidegateError } from "../errors.ts";
import type { Reply } from "../store.ts";
import { accepts, CONNECT_LIMIT, destroyClient, isTimeout, openClient, speaksTls, type Client } from "./client.ts";
import { describeEndpoint, describeHost, type Endpoint, type Host } from "./endpoint.ts";
import { faultOf, RedisFault, silent, unreachable, wrongScheme } from "./replies.ts";
import { checkPrimary, Sentinels } from "./sentinel.ts";

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

/** What the library asks of a connection. `RedisLink` is the real one; the in-memory double has its own. */
export interface Link {
  /** Without password. Behind sentinels: the present primary. */
  readonly address: string;
  readonly up: boolean;
  /** Why it is down, or was last. */
  readonly fault: RedisFault | null;
  /** Sends one command now or fails at once; the fault says whether it was sent. */
  call(args: string[]): Promise<Reply>;
  /** Like `call`, for what may be done twice: waits a moment for a connection that is being rebuilt, asks again when one was lost. */
  ask(args: string[]): Promise<Reply>;
  /** Resolves when up; rejects with the last fault after `limit` ms, at once on one that only a person can mend. */
  whenUp(limit: number): Promise<void>;
  /** Throws the present connection away; a new one is built at once. */
  reset(): void;
  close(): void;
}

export class RedisLink implements Link {
  readonly #options: LinkOptions;
  readonly #sentinels: Sentinels | null;
  #host: Host | null = null;
  #client: Client | null = null;
  /** Not up yet. */
  #building: Client | null = null;
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
    this.#sentinels = options.endpoint.sentinel === null ? null : new Sentinels(options.endpoint);
    this.#watch = setInterval(() => this.#checkDeadline(), Math.min(500, options.deadline / 2)).unref();
    void this.#sentinels?.watch((primary) => this.#move(primary));
    void this.#connect();
  }

  get address(): string {
    return this.#host === null ? describeEndpoint(this.#options.endpoint) : describeHost(this.#host);
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
      const fault = this.#faultOf(cause);
      if (fault.reaction === "reconnect") this.#drop(client, fault);
      throw fault;
    } finally {
      this.#waiting--;
      this.#progressAt = performance.now();
    }
  }

  async ask(args: string[]): Promise<Reply> {
    try {
      await this.whenUp(ASK_LIMIT);
      return await this.call(args);
    } catch (error) {
      if (!(error instanceof RedisFault) || !error.sent || error.reaction !== "reconnect") throw error;
      await this.whenUp(ASK_LIMIT);
      return await this.call(args);
    }
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
    this.#sentinels?.close();
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = null;
    if (client !== null) destroyClient(client);
    this.#wake();
  }

  // Private

  /** Behind sentinels every new connection asks them anew: that is how a failover is followed. */
  async #connect(): Promise<void> {
    try {
      const [only] = this.#options.endpoint.hosts;
      const host = this.#sentinels === null ? only : await this.#sentinels.primary();
      if (this.#closed || host === undefined) return;
      this.#host = host;
      this.#open(host);
    } catch (cause) {
      this.#drop(null, faultOf(cause, this.address));
    }
  }

  #open(host: Host): void {
    const { endpoint, name } = this.#options;
    const client = openClient(host, endpoint, name);
    this.#building = client;
    let over = false;
    let reached = false;
    const fail = async (why: () => RedisFault | Promise<RedisFault>): Promise<void> => {
      if (over) return;
      over = true;
      clearTimeout(limit);
      this.#drop(client, await why());
    };
    const failed = (cause: unknown): void => void fail(() => this.#explain(cause, host, reached));
    client.on("connect", () => (reached = true));
    client.on("error", failed);
    client.on("end", () => void fail(() => unreachable(this.address, new Error("the connection was closed"), true)));
    const limit = setTimeout(() => void fail(() => silent(this.address, this.#vouched)), CONNECT_LIMIT);
    const ready = (): void => {
      clearTimeout(limit);
      if (over || this.#closed) return destroyClient(client);
      this.#rise(client);
    };
    this.#prepare(client).then(ready, failed);
  }

  async #prepare(client: Client): Promise<void> {
    await client.connect();
    if (this.#sentinels !== null) checkPrimary(await client.sendCommand<Reply>(["ROLE"]), this.address);
    await this.#options.prepare?.((args) => client.sendCommand<Reply>(args));
  }

  /** Both sides of a TLS mistake only see a silent or a closed connection; a second look tells it from a host that is gone. */
  async #explain(cause: unknown, host: Host, reached: boolean): Promise<RedisFault> {
    const fault = faultOf(cause, this.address);
    if (fault.code !== "REDIS_UNREACHABLE" || this.#vouched) return fault;
    const { tls } = this.#options.endpoint;
    if (tls === null) return reached && (await speaksTls(host)) ? wrongScheme(this.address, "rediss", cause) : fault;
    return isTimeout(cause) && (await accepts(host)) ? wrongScheme(this.address, "redis", cause) : fault;
  }

  /** It was Redis before, or the sentinels say so: then silence means that it is wedged, not that the address is wrong. */
  get #vouched(): boolean {
    return this.#wasUp || this.#sentinels !== null;
  }

  #rise(client: Client): void {
    const again = this.#wasUp;
    this.#client = client;
    this.#building = null;
    this.#wasUp = true;
    this.#failures = 0;
    this.#waiting = 0;
    this.#options.onUp?.(again);
    this.#wake();
  }

  #drop(client: Client | null, fault: RedisFault): void {
    const current = client !== null && this.#client === client;
    const known = current || client === this.#building;
    if (known) [this.#client, this.#building] = [null, null];
    if (client !== null) destroyClient(client);
    // Each call that was on the way reports the loss as well: only the first may schedule the next connection, or their number would delay it.
    if (!known) return;
    this.#fault = fault;
    if (this.#closed) return;
    if (current) this.#options.onDown?.(fault);
    this.#wake();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), backoff(this.#failures++, RECONNECT_BASE, RECONNECT_CAP));
  }

  /** What was on the way when we threw the connection away hears why we did. */
  #faultOf(cause: unknown): RedisFault {
    const why = this.#fault;
    const ours = cause instanceof Error && cause.constructor.name === "DisconnectsClientError";
    if (!ours || why?.code !== "REDIS_UNREACHABLE") return faultOf(cause, this.address);
    return new RedisFault(why.code, why.reaction, why.message, { cause: why, ...(why.hint === undefined ? {} : { hint: why.hint }) });
  }

  #move(primary: Host): void {
    const client = this.#client;
    if (client === null || this.address === describeHost(primary)) return;
    const message = `The sentinels have moved the primary from ${this.address} to ${describeHost(primary)}.`;
    this.#drop(client, new RedisFault("REDIS_READ_ONLY", "reconnect", message));
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

const ASK_LIMIT = 1_000;
/** A server that is back should not be waited for: the cap is half of what other retries may wait. */
const RECONNECT_BASE = 50;
const RECONNECT_CAP = 1_000;
