/**
 * Sends what the worker has to say: once a second, and at once when asked to; never two at a time, never sooner than 10 ms after the last.
 * While Redis is away nothing is kept: the next report says it all.
 */
import { setTimeout as pause } from "node:timers/promises";
import { defineScript, type Store, type Tide } from "@tidegate/streams";
import type { EdgeReport } from "./report.ts";

const REPORT = defineScript(new URL("./report.lua", import.meta.url));
const INTERVAL = 1_000;
const LEAST_PAUSE = 10;

export interface ReporterOptions {
  readonly id: string;
  /** Hash of all workers' reports. */
  readonly key: string;
  readonly state: () => Omit<EdgeReport, "id" | "pid" | "at">;
}

export class Reporter {
  readonly #options: ReporterOptions;
  #store: Store | null = null;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | null = null;
  #again = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  start(tide: Tide): void {
    this.#store = tide.store("edge-report");
    this.#timer = setInterval(() => this.soon(), INTERVAL);
    this.soon();
  }

  soon(): void {
    if (this.#store === null) return;
    this.#again = true;
    this.#sending ??= this.#send();
  }

  /** Nobody waits for this worker any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const store = this.#store;
    this.#store = null;
    await this.#sending;
    await store?.call(["HDEL", this.#options.key, this.#options.id]).catch(() => {});
    store?.close();
  }

  async #send(): Promise<void> {
    while (this.#again && this.#store !== null) {
      this.#again = false;
      const { id, key, state } = this.#options;
      const report = JSON.stringify({ id, pid: process.pid, ...state() });
      await this.#store.run(REPORT, [key], [id, report]).catch(() => {});
      await pause(LEAST_PAUSE);
    }
    this.#sending = null;
  }
}
