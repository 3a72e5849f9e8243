/**
 * Waits for what the edge workers report. One loop asks Redis for all who wait, every 4 ms at first and every 20 ms later, and only
 * while somebody waits.
 */
import { setTimeout as pause } from "node:timers/promises";
import { LIVE_FOR, type EdgeReport } from "./report.ts";

export interface EdgeView {
  readonly all: readonly EdgeReport[];
  readonly live: readonly EdgeReport[];
}

interface Waiter {
  readonly look: (view: EdgeView) => void;
  readonly fail: (view: EdgeView | null) => void;
  readonly end: number;
}

const FIRST_PAUSE = 4;
const LONGEST_PAUSE = 20;

export class ReportWatch {
  readonly #ask: () => Promise<EdgeView>;
  readonly #waiting = new Set<Waiter>();
  #pause = FIRST_PAUSE;
  #runs = false;

  constructor(ask: () => Promise<EdgeView>) {
    this.#ask = ask;
  }

  /**
   * The first answer of `check` that is not undefined; what it throws rejects. After `limit` ms the answer of `late`, which is given the last
   * view, or null when Redis did not answer.
   */
  async until<T>(
    check: (view: EdgeView) => T | undefined,
    limit: number,
    late: (view: EdgeView | null) => T,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = (work: () => T | undefined): void => {
      try {
        const found = work();
        if (found !== undefined) resolve(found);
      } catch (error) {
        reject(error);
      }
    };
    const waiter: Waiter = {
      look: (view) => settle(() => check(view)),
      fail: (view) => settle(() => late(view)),
      end: performance.now() + limit,
    };
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    this.#add(waiter);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(waiter);
      signal.removeEventListener("abort", abort);
    }
  }

  // Private

  #add(waiter: Waiter): void {
    this.#waiting.add(waiter);
    this.#pause = FIRST_PAUSE;
    if (!this.#runs) void this.#run();
  }

  async #run(): Promise<void> {
    this.#runs = true;
    let view: EdgeView | null = null;
    while (this.#waiting.size > 0) {
      const asked = new Set(this.#waiting);
      view = await this.#ask().catch(() => null);
      for (const waiter of asked) this.#tell(waiter, view);
      // Whoever was answered leaves the set in a microtask.
      await pause(this.#pause);
      this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 1.5);
    }
    this.#runs = false;
  }

  #tell(waiter: Waiter, view: EdgeView | null): void {
    if (view !== null) waiter.look(view);
    // Settled twice is settled once: the first answer counts.
    if (performance.now() >= waiter.end) waiter.fail(view);
  }
}

/** The answer of `look.lua`. */
export function readView(reply: unknown): EdgeView {
  const [now, ...texts] = Array.isArray(reply) ? (reply as unknown[]) : [];
  const all = texts.flatMap(readReport);
  return { all, live: all.filter((report) => Number(now) - report.at < LIVE_FOR) };
}

// Private

function readReport(text: unknown): EdgeReport[] {
  try {
    return [JSON.parse(String(text)) as EdgeReport];
  } catch {
    return [];
  }
}
