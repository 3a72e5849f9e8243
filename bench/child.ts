/**
 * One measured part in a process of its own, so that heaps and event loops do not mix.
 * The parent forks this file with an order, waits for the one answer and ends it.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { PeerName } from "./peers/index.ts";

interface Task {
  readonly peer: PeerName;
  readonly url: string;
  readonly count: number;
}

export interface ThroughputOrder extends Task {
  /** `fail-once` publishes by itself first; only the consuming is timed. */
  readonly work: "publish" | "consume" | "fail-once";
}

export interface LatencyOrder extends Task {
  readonly work: "receive" | "send";
  /** Messages per second; 0 for as many as the peer takes. */
  readonly rate: number;
  /** Messages in front of `count` that are sent and received but not measured. */
  readonly warmUp: number;
}

/** Publishes and consumes in one process at a steady rate, `count` messages long. */
export interface SoakOrder extends Task {
  readonly work: "soak";
  readonly rate: number;
}

export type Order = ThroughputOrder | LatencyOrder | SoakOrder;

/** After a collection of garbage; bytes. */
export interface MemorySample {
  readonly rss: number;
  readonly heap: number;
}

export interface Answer {
  readonly seconds: number;
  readonly cpu: number;
  readonly samples?: readonly MemorySample[];
  readonly latencies?: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Longest a part may take, in minutes, where it is not said. A run must end even if a peer hangs. */
const LIMIT = 1;

export class Part {
  readonly #process: ChildProcess;
  readonly #order: Order;
  readonly #limit: number;
  readonly #messages: Promise<unknown>[] = [];

  constructor(order: Order, minutes: number = LIMIT) {
    this.#order = order;
    this.#limit = minutes * 60_000;
    this.#process = fork(new URL("./measure.ts", import.meta.url), [JSON.stringify(order)], {
      execArgv: ["--conditions=@tidegate/source", "--expose-gc"],
    });
    this.#messages.push(this.#next());
  }

  /** Resolves when the part says it is ready; only `receive` does. */
  async ready(): Promise<void> {
    await this.#messages[0];
    this.#messages[0] = this.#next();
  }

  async answer(): Promise<Answer> {
    const answer = await this.#messages[0];
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    return answer as Answer;
  }

  end(): void {
    this.#process.kill("SIGKILL");
  }

  #next(): Promise<unknown> {
    const told = Promise.withResolvers<unknown>();
    const what = `${this.#order.peer} ${this.#order.work}`;
    const timer = setTimeout(() => this.#fail(told.reject, `${what} took longer than ${this.#limit / 1_000} s.`), this.#limit);
    this.#process.once("message", told.resolve);
    this.#process.once("exit", (code) => told.reject(new Error(`${what} ended with ${code}; its error is above.`)));
    told.promise.catch(() => {});
    return told.promise.finally(() => clearTimeout(timer));
  }

  #fail(reject: (error: Error) => void, reason: string): void {
    this.#process.kill("SIGKILL");
    reject(new Error(reason));
  }
}

export async function run(order: Order): Promise<Answer> {
  const part = new Part(order);
  try {
    return await part.answer();
  } finally {
    part.end();
  }
}
