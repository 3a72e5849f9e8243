/**
 * Removes what has ended, now and then, while this process leads. One duty: constructor, start, stop, one loop. Nobody waits for it: whoever asks
 * for a port sees by the clock that a lease is over.
 */
import { setTimeout as pause } from "node:timers/promises";

export interface SweeperOptions {
  readonly sweep: () => Promise<void>;
  readonly leads: () => boolean;
  readonly onTrouble: (message: string) => void;
  /** Milliseconds between two looks. Default 2,000. */
  readonly every?: number;
}

export class Sweeper {
  readonly #options: SweeperOptions;
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #problem: string | null = null;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** One line: why what has ended is still there. */
  get problem(): string | null {
    return this.#problem;
  }

  /** After the first look. */
  async start(): Promise<void> {
    await this.#look();
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  // Private

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#options.every ?? 2_000, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    if (!this.#options.leads()) return;
    try {
      await this.#options.sweep();
      this.#problem = null;
    } catch (error) {
      const problem = `Leases that have ended cannot be released: ${error instanceof Error ? error.message : String(error)}`;
      if (problem !== this.#problem) this.#options.onTrouble(problem);
      this.#problem = problem;
    }
  }
}
