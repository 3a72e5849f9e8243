/**
 * The library's connection to the server in memory: the same promises as `RedisLink`, all waiting in virtual time.
 * States: connecting → up → connecting (dropped, deadline, reset) …; closed from any, for good.
 */
import type { Clock } from "../../clock.ts";
import { backoff, type Link, type LinkOptions } from "../../redis/link.ts";
import type { Reply } from "../../store.ts";
import { faultOf, RedisFault, unreachable } from "../../redis/replies.ts";
import { replyOf, type Answer } from "./answers.ts";
import type { Faults } from "./faults.ts";
import type { MemoryProcess } from "./process.ts";
import type { MemoryServer } from "./server.ts";
import type { ServerConnection } from "./server-connection.ts";

export interface MemoryLinkDeps {
  readonly options: LinkOptions;
  readonly server: MemoryServer;
  readonly process: MemoryProcess;
  readonly faults: Faults;
  readonly address: string;
}

interface Call {
  readonly reject: (fault: RedisFault) => void;
}

const ASK_LIMIT = 1_000;

export class MemoryLink implements Link {
  readonly address: string;
  readonly #deps: MemoryLinkDeps;
  readonly #clock: Clock;
  readonly #calls = new Set<Call>();
  readonly #waiters = new Set<() => void>();
  #connection: ServerConnection | null = null;
  #up = false;
  #closed = false;
  #wasUp = false;
  #fault: RedisFault | null = null;
  #failures = 0;
  #progressAt = 0;
  #watching = false;

  constructor(deps: MemoryLinkDeps) {
    this.#deps = deps;
    this.#clock = deps.process.clock;
    this.address = deps.address;
    deps.process.links.add(this);
    queueMicrotask(() => void this.#connect());
  }

  get up(): boolean {
    return this.#up;
  }

  get fault(): RedisFault | null {
    return this.#fault;
  }

  async call(args: string[]): Promise<Reply> {
    const connection = this.#connection;
    if (connection === null || !this.#up) throw this.#offline();
    return await this.#send(connection, args);
  }

  async ask(args: string[]): Promise<Reply> {
    await this.whenUp(ASK_LIMIT);
    return await this.call(args);
  }

  async whenUp(limit: number): Promise<void> {
    const clock = this.#clock;
    const end = clock.now() + limit;
    while (!this.#up) {
      if (this.#closed) throw closed();
      if (this.#fault?.reaction === "stop") throw this.#fault;
      const left = end - clock.now();
      if (left <= 0) throw this.#offline();
      await this.#change(left);
    }
  }

  reset(): void {
    this.#lose(unreachable(this.address, new Error("reset"), true));
  }

  close(): void {
    this.#closed = true;
    this.#up = false;
    this.#end(unreachable(this.address, new Error("closed"), true));
    this.#deps.process.links.delete(this);
    this.#wake();
  }

  // Private

  async #connect(): Promise<void> {
    const { options, server, faults } = this.#deps;
    if (this.#closed || this.#connection !== null) return;
    if (faults.refusing) return this.#lose(unreachable(this.address, new Error("connection refused"), false));
    const connection = server.connect(options.name, () => this.#dropped(connection));
    this.#connection = connection;
    try {
      await options.prepare?.((args) => this.#send(connection, args));
      if (this.#connection === connection && !this.#closed) this.#rise();
    } catch (cause) {
      if (this.#connection === connection) this.#lose(faultOf(cause, this.address));
    }
  }

  #rise(): void {
    const again = this.#wasUp;
    [this.#up, this.#wasUp, this.#failures] = [true, true, 0];
    this.#deps.options.onUp?.(again);
    this.#wake();
  }

  #send(connection: ServerConnection, args: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call: Call = { reject };
      if (this.#calls.size === 0) this.#progressAt = this.#clock.now();
      this.#calls.add(call);
      this.#watch();
      const answered = (answer: Answer): void => {
        if (!this.#calls.delete(call)) return;
        this.#progressAt = this.#clock.now();
        try {
          resolve(replyOf(answer));
        } catch (cause) {
          reject(this.#refused(cause));
        }
      };
      this.#unpaused(() => connection.run(args)).then(
        (answer) => void this.#unpaused(() => Promise.resolve(answered(answer))),
        (cause: unknown) => this.#calls.delete(call) && reject(cause as Error),
      );
    });
  }

  /** At once, unless the process stands still. */
  #unpaused<T>(act: () => Promise<T>): Promise<T> {
    const { gate } = this.#deps.process;
    return gate === null ? act() : gate.then(act);
  }

  #refused(cause: unknown): RedisFault {
    const fault = faultOf(cause, this.address);
    if (fault.reaction === "reconnect") this.#lose(fault);
    return fault;
  }

  #dropped(connection: ServerConnection): void {
    if (this.#connection === connection) this.#lose(unreachable(this.address, new Error("the connection was closed"), true));
  }

  /** The present connection is over; a new one comes after a while. */
  #lose(fault: RedisFault): void {
    const wasUp = this.#up;
    this.#up = false;
    this.#fault = fault;
    this.#end(fault);
    if (this.#closed) return;
    if (wasUp) this.#deps.options.onDown?.(fault);
    this.#wake();
    this.#clock.after(backoff(this.#failures++), () => void this.#connect());
  }

  #end(fault: RedisFault): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
    for (const call of this.#calls) call.reject(fault);
    this.#calls.clear();
  }

  /** One timer at most, however many calls: it asks when the last answer came. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { options } = this.#deps;
    const clock = this.#clock;
    const left = this.#progressAt + options.deadline - clock.now();
    clock.after(Math.max(1, left), () => {
      this.#watching = false;
      if (this.#calls.size === 0) return;
      const silent = clock.now() - this.#progressAt;
      if (silent < options.deadline) return this.#watch();
      this.#lose(unreachable(this.address, new Error(`no answer for ${Math.round(silent)} ms`), true));
    });
  }

  #offline(): RedisFault {
    if (this.#closed) return closed();
    const fault = this.#fault;
    if (fault === null) return unreachable(this.address, new Error("not connected yet"), false);
    return new RedisFault(fault.code, fault.reaction, fault.message, { cause: fault, sent: false });
  }

  #change(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiters.delete(done);
        resolve();
      };
      const cancel = this.#clock.after(limit, done);
      this.#waiters.add(done);
    });
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }
}

function closed(): RedisFault {
  return new RedisFault("CLOSED", "stop", "The connection was closed.", { sent: false });
}
