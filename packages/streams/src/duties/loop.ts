/**
 * The one loop all duties share: run, wait, run again, until stopped. An error is reported and the loop goes on;
 * a transient one is expected while Redis is away and stays silent.
 */
import { RedisFault } from "../redis/replies.ts";
import { pause, type Clock } from "../clock.ts";
import type { Service } from "../service.ts";
import type { Notice } from "../tide.ts";

export class Loop implements Service {
  readonly #name: string;
  /** Returns the milliseconds until it wants to run again. */
  readonly #work: () => Promise<number>;
  readonly #notice: (notice: Notice) => void;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #nudge = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(name: string, work: () => Promise<number>, deps: { readonly notice: (notice: Notice) => void; readonly clock: Clock }) {
    this.#name = name;
    this.#work = work;
    this.#notice = deps.notice;
    this.#clock = deps.clock;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Runs again at once instead of at its time. */
  wake(): void {
    this.#nudge.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#nudge.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#nudge = new AbortController();
      const next = await this.#once();
      await pause(this.#clock, next, this.#nudge.signal);
    }
  }

  async #once(): Promise<number> {
    try {
      return await this.#work();
    } catch (error) {
      if (!(error instanceof RedisFault) || error.reaction === "stop" || error.reaction === "reject") {
        this.#notice({ level: "error", code: "duty_failed", message: `${this.#name}: ${(error as Error).message}` });
      }
      return 1_000;
    }
  }
}
