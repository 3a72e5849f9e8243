/**
 * The thread of services, kept running. One that ends although nobody told it to is started again after a pause, which grows while it keeps ending;
 * what it had begun was noted down and goes on with the next one. The control process lives through it.
 * States: starting → up → ended → (pause) → starting …; over with `stop`. The first start is the caller's to repeat.
 */
import { Worker } from "node:worker_threads";
import { errorFrom, type FromThread, type ThreadOrder, type ToThread } from "./calls.ts";

export interface KeptThreadOptions {
  readonly order: ThreadOrder;
  /** It hears from now on. */
  readonly onBegun: () => void;
  readonly onUp: () => void;
  readonly onMessage: (message: FromThread) => void;
  /** It works no more. `pause`: milliseconds until it starts again; null: not by itself. */
  readonly onEnded: (why: string, pause: number | null) => void;
}

/** Milliseconds. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 30_000;
/** Having worked this long, its end is a new story and not one of a series. */
const STABLE_AFTER = 60_000;
const STOP_LIMIT = 8_000;

export class KeptThread {
  readonly #options: KeptThreadOptions;
  #thread: Worker | null = null;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #failures = 0;
  #again: NodeJS.Timeout | undefined;

  constructor(options: KeptThreadOptions) {
    this.#options = options;
  }

  /** Resolves when it works; rejects when it cannot, and is not tried again by itself. */
  async start(): Promise<void> {
    this.#stopping = false;
    await this.#begin();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#again);
    const thread = this.#thread;
    if (thread === null) return;
    this.say({ kind: "stop" });
    const late = setTimeout(() => void thread.terminate(), STOP_LIMIT);
    await this.#exited;
    clearTimeout(late);
  }

  say(message: ToThread): void {
    this.#thread?.postMessage(message);
  }

  // Private

  async #begin(): Promise<void> {
    const up = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<void>();
    const thread = new Worker(MAIN, { workerData: this.#options.order, name: "tidegate services" });
    let worksSince: number | null = null;
    let why: string | null = null;
    const failed = (error: Error): void => {
      why = error.message;
      up.reject(error);
    };
    [this.#thread, this.#exited] = [thread, exited.promise];
    thread.on("message", (message: FromThread) => {
      if (message.kind === "failed") return failed(errorFrom(message.error));
      if (message.kind !== "up") return this.#options.onMessage(message);
      worksSince = performance.now();
      up.resolve();
    });
    thread.on("error", failed);
    thread.on("exit", (code) => {
      up.reject(new Error("the thread of services ended while it started"));
      this.#thread = null;
      if (worksSince !== null) this.#ended(why ?? `exit code ${code}`, performance.now() - worksSince);
      exited.resolve();
    });
    this.#options.onBegun();
    try {
      await up.promise;
      this.#options.onUp();
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  #ended(why: string, worked: number): void {
    if (worked >= STABLE_AFTER) this.#failures = 0;
    const pause = this.#stopping ? null : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures);
    this.#failures += 1;
    if (pause !== null) this.#again = setTimeout(() => void this.#restart(), pause);
    this.#options.onEnded(why, pause);
  }

  async #restart(): Promise<void> {
    try {
      await this.#begin();
    } catch (error) {
      this.#ended(error instanceof Error ? error.message : String(error), 0);
    }
  }
}

// Private

/** `.ts` from source, `.js` where published. */
const MAIN = new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url);
