/**
 * One child that is kept running: started again alone when it dies, each time a little later, until it is told to stop.
 * It decides nothing about order; that is the supervisor's.
 *
 *   stopped → running → (dies) waiting → running …      any → stopped by stop() or kill()
 */
import type { ChildProcess } from "node:child_process";
import { goFirst } from "./priority.ts";

export interface KeptProcessOptions {
  readonly name: string;
  /** Starts it in its own process group. */
  readonly spawn: () => ChildProcess;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly stopLimit: number;
  readonly onStart: (child: ChildProcess, restarts: number) => void;
  /** It died without being told to; it will be started again after `delay` ms. */
  readonly onDeath: (how: string, delay: number) => void;
}

const FIRST_DELAY = 200;
const LONGEST_DELAY = 30_000;
/** Having lived this long, a death is a new story and not one of a series. */
const STABLE_AFTER = 30_000;

export class KeptProcess {
  readonly #options: KeptProcessOptions;
  #child: ChildProcess | null = null;
  #exit: Promise<void> = Promise.resolve();
  #gone = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #restarts = 0;
  #inARow = 0;

  constructor(options: KeptProcessOptions) {
    this.#options = options;
  }

  get child(): ChildProcess | null {
    return this.#child;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Fires when the present process ends. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  start(): void {
    const startedAt = performance.now();
    const child = this.#options.spawn();
    const gone = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#child = child;
    this.#gone = gone;
    this.#exit = promise;
    const ended = (how: string): void => {
      if (gone.signal.aborted) return;
      gone.abort();
      this.#child = null;
      resolve();
      if (!this.#stopping) this.#again(how, performance.now() - startedAt);
    };
    child.once("error", (error) => ended(error.message));
    child.once("exit", (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
    if (child.pid === undefined) return;
    goFirst(child.pid);
    this.#options.onStart(child, this.#restarts);
  }

  /** SIGTERM, and SIGKILL when its time is over; resolves once it is gone. It is not started again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#child === null) return;
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child?.kill("SIGKILL"), this.#options.stopLimit);
    await this.#exit;
    clearTimeout(late);
  }

  /** At once, without a chance to save anything. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#child?.kill("SIGKILL");
  }

  #again(how: string, lived: number): void {
    this.#inARow = lived > STABLE_AFTER ? 0 : this.#inARow + 1;
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.max(0, this.#inARow - 1));
    this.#options.onDeath(how, delay);
    this.#timer = setTimeout(() => {
      this.#restarts += 1;
      this.start();
    }, delay);
  }
}
