/**
 * Runs one duty again and again, never twice at once, jittered so that a fleet does not beat in step.
 * A failed run is remembered until the next success; it never ends the loop.
 */
import type { Duty } from "./member.ts";

const JITTER = 0.2;

export class Loop {
  readonly #duty: Duty;
  readonly #pace: number;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(duty: Duty, pace: number) {
    this.#duty = duty;
    this.#pace = pace;
  }

  start(): void {
    this.#arm((this.#duty.after ?? 0) * this.#pace);
  }

  /** Resolves when the run under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Why the last run failed, or null. */
  get failure(): string | null {
    return this.#failure === null ? null : `${this.#duty.name}: ${this.#failure.message}`;
  }

  #arm(delay: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => (this.#running = this.#run()), delay);
  }

  async #run(): Promise<void> {
    try {
      await this.#duty.run(this.#stopping.signal);
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
    this.#arm(this.#duty.every * this.#pace * (1 - JITTER + 2 * JITTER * Math.random()));
  }
}
