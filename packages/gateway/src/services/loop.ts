/** The one shape of what the manager does again and again: run, wait, run again, until stopped. What it throws is told, and it goes on. */
import { setTimeout as pause } from "node:timers/promises";

export interface LoopOptions {
  /** Milliseconds between two runs. */
  readonly every: number;
  readonly onTrouble: (message: string) => void;
}

export class Loop {
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #options: LoopOptions;
  #nudge = new AbortController();
  #nudged = false;

  constructor(work: (signal: AbortSignal) => Promise<void>, options: LoopOptions) {
    this.#work = work;
    this.#options = options;
  }

  /** Again at once, or right after the run under way. */
  wake(): void {
    this.#nudged = true;
    this.#nudge.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#nudged = false;
      await this.#work(signal).catch((error: unknown) => {
        if (!signal.aborted) this.#options.onTrouble(error instanceof Error ? error.message : String(error));
      });
      await this.#wait(signal);
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    this.#nudge = new AbortController();
    if (this.#nudged) return;
    await pause(this.#options.every, undefined, { signal: AbortSignal.any([signal, this.#nudge.signal]) }).catch(() => {});
  }
}
