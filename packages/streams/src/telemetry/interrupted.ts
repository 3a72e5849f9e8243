/**
 * Traces whose process vanished. A process with running spans gives a sign of life every few seconds; whoever traces or reads traces
 * closes the spans of those that have been silent for long, as of their last sign of life. A process that only stood still puts its spans
 * right when it ends them. All in Redis' time: the clocks of machines may differ.
 */
import type { Clock } from "../clock.ts";
import { Loop } from "../duties/loop.ts";
import type { TelemetryKeys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer } from "../redis/shapes.ts";
import type { Notice } from "../tide.ts";

export interface InterruptedDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: TelemetryKeys;
  readonly clock: Clock;
  /** See `processName`. */
  readonly process: string;
  /** Milliseconds between two signs of life. */
  readonly beat: number;
  /** Seconds traces are kept. */
  readonly ttl: number;
  readonly notice: (notice: Notice) => void;
}

/** Signs of life missed before a process counts as gone. */
const MISSED = 6;
/** Spans closed in one script call. */
const BATCH = 200;

/** `<session>/<ms of silence after which it counts as gone>`. */
export function processName(session: string, beat: number): string {
  return `${session}/${beat * MISSED}`;
}

export class Interrupted {
  readonly #deps: InterruptedDeps;
  readonly #loop: Loop;
  #running = 0;
  #started = false;
  #swept = -Infinity;

  constructor(deps: InterruptedDeps) {
    this.#deps = deps;
    this.#loop = new Loop("traces", () => this.#run(), deps);
  }

  /** A program that traces takes part; the others have nothing to do with it. */
  tracing(): void {
    if (this.#started) return;
    this.#started = true;
    this.#loop.start();
  }

  /** A span of ours is stored as running, or has ended. */
  ran(change: 1 | -1): void {
    this.#running += change;
  }

  /** Before traces are read; at most one sweep per sign of life. A reader who may not write reads all the same. */
  async beforeReading(): Promise<void> {
    if (this.#deps.clock.now() - this.#swept < this.#deps.beat) return;
    await this.#sweep().catch(() => {});
  }

  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = true;
    if (started) await this.#loop.stop();
  }

  // Private

  async #run(): Promise<number> {
    try {
      if (this.#deps.link.up) await this.#turn();
    } catch (error) {
      // Where spans may not be stored, the writer has said so.
      if (!(error instanceof RedisFault) || error.reaction !== "stop") throw error;
    }
    return this.#deps.beat;
  }

  async #turn(): Promise<void> {
    const { link, scripts, keys, process, beat, clock } = this.#deps;
    if (this.#running > 0) await scripts.run(link, "trace-beat", [keys.traces("processes")], [process]);
    if (clock.now() - this.#swept >= 2 * beat) await this.#sweep();
  }

  async #sweep(): Promise<void> {
    const { link, scripts, keys, ttl, clock } = this.#deps;
    this.#swept = clock.now();
    const args = [keys.prefix, String(ttl), String(BATCH)];
    while (integer(await scripts.run(link, "trace-interrupt", [keys.traces("processes")], args)) > 0);
  }
}
