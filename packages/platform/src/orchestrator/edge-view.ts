/** The edge workers of this machine as a component: the supervisor starts and stops them, this only looks at what they report. */
import type { EdgeReport } from "@tidegate/gateway";
import type { EdgeFigures } from "../contract.ts";
import type { EdgeProcess } from "../supervisor/channel.ts";
import type { Component, ComponentHealth } from "./component.ts";
import { figuresOf } from "./edge-figures.ts";
import type { ProcessView } from "./runner.ts";

/** Milliseconds a start may take until a worker that says nothing counts as missing. */
const SETTLING = 10_000;
const MOST_NAMED = 5;

export interface EdgeViewOptions {
  /** Workers there are to be. */
  readonly expected: number;
  readonly dataFolder: string;
}

export class EdgeView implements Component {
  readonly name = "edge";
  readonly #reports: () => Promise<readonly EdgeReport[]>;
  readonly #expected: number;
  readonly #dataFolder: string;
  readonly #processes = new Map<number, EdgeProcess>();
  #settledAt = Infinity;
  #latest: readonly EdgeReport[] = [];

  constructor(reports: () => Promise<readonly EdgeReport[]>, { expected, dataFolder }: EdgeViewOptions) {
    this.#reports = reports;
    this.#expected = expected;
    this.#dataFolder = dataFolder;
  }

  /** What the supervisor says of one. */
  is(process: EdgeProcess): void {
    this.#processes.set(process.worker, process);
  }

  async start(): Promise<void> {
    this.#settledAt = performance.now() + SETTLING;
  }

  async stop(): Promise<void> {}

  async health(): Promise<ComponentHealth> {
    if (this.#expected === 0) return { healthy: true, detail: "no workers here (EDGE_WORKERS=0): services get no TCP ports" };
    const reports = await this.#look();
    const ended = [...this.#processes.values()].find(({ pid, detail }) => pid === null && detail !== null);
    if (ended !== undefined) return { healthy: false, detail: `worker ${ended.worker} ${ended.detail}` };
    // Their processes live, by the word of the supervisor, and serve on without Redis.
    if (reports === null) return { healthy: true, detail: "what they report cannot be read while Redis is away" };
    return this.#judge(reports);
  }

  /** Of the last look, which is a second old at most; null where there was nothing to see. */
  figures(): EdgeFigures | null {
    return this.#latest.length === 0 ? null : figuresOf(this.#latest, this.#expected, this.#dataFolder);
  }

  process(): ProcessView {
    const all = [...this.#processes.values()];
    const restarts = all.reduce((sum, one) => sum + one.restarts, 0);
    return { pid: all.length === 1 ? (all[0]?.pid ?? null) : null, restarts };
  }

  // Private

  /** Null: nobody can tell. */
  async #look(): Promise<readonly EdgeReport[] | null> {
    const found = await this.#reports().catch(() => null);
    this.#latest = found?.filter((report) => this.#isOurs(report)) ?? [];
    return found === null ? null : this.#latest;
  }

  #isOurs({ pid }: EdgeReport): boolean {
    return [...this.#processes.values()].some((one) => one.pid === pid);
  }

  #judge(reports: readonly EdgeReport[]): ComponentHealth {
    const figures = this.figures();
    if (reports.length >= this.#expected) this.#settledAt = 0;
    else if (performance.now() < this.#settledAt) return { healthy: true, detail: "starting" };
    const [failure] = figures?.failed ?? [];
    if (failure !== undefined) return { healthy: false, detail: `${failure.place} is not served: ${failure.why}` };
    if (reports.length < this.#expected) return { healthy: false, detail: `${reports.length} of ${this.#expected} workers answer` };
    return { healthy: true, ...(figures === null ? {} : { detail: describe(figures) }) };
  }
}

// Private

function describe({ workers, urls, ports, connections }: EdgeFigures): string {
  const places = [...urls, ...ports];
  const named = places.length === 0 ? "no ports yet" : places.slice(0, MOST_NAMED).join(", ");
  const more = places.length > MOST_NAMED ? ` and ${places.length - MOST_NAMED} more` : "";
  return `${workers} ${workers === 1 ? "worker" : "workers"}, ${named}${more}, ${connections} connections`;
}
