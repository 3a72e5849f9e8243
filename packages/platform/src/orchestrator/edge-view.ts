/** The edge workers of this machine as a component: the supervisor starts and stops them, this only looks at what they report. */
import type { EdgeReport } from "@tidegate/gateway";
import type { EdgeProcess } from "../supervisor/channel.ts";
import type { Component, ComponentHealth } from "./component.ts";
import type { ProcessView } from "./runner.ts";

/** Milliseconds a start may take until a worker that says nothing counts as missing. */
const SETTLING = 10_000;
const MOST_NAMED = 5;

export class EdgeView implements Component {
  readonly name = "edge";
  readonly #reports: () => Promise<readonly EdgeReport[]>;
  readonly #expected: number;
  readonly #processes = new Map<number, EdgeProcess>();
  #settledAt = Infinity;

  constructor(reports: () => Promise<readonly EdgeReport[]>, expected: number) {
    this.#reports = reports;
    this.#expected = expected;
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
    const ended = [...this.#processes.values()].find(({ pid, detail }) => pid === null && detail !== null);
    if (ended !== undefined) return { healthy: false, detail: `worker ${ended.worker} ${ended.detail}` };
    try {
      return this.#judge((await this.#reports()).filter((report) => this.#isOurs(report)));
    } catch {
      // Their processes live, by the word of the supervisor, and serve on without Redis.
      return { healthy: true, detail: "what they report cannot be read while Redis is away" };
    }
  }

  process(): ProcessView {
    const all = [...this.#processes.values()];
    const restarts = all.reduce((sum, one) => sum + one.restarts, 0);
    return { pid: all.length === 1 ? (all[0]?.pid ?? null) : null, restarts };
  }

  // Private

  #isOurs({ pid }: EdgeReport): boolean {
    return [...this.#processes.values()].some((one) => one.pid === pid);
  }

  #judge(reports: readonly EdgeReport[]): ComponentHealth {
    if (reports.length >= this.#expected) this.#settledAt = 0;
    else if (performance.now() < this.#settledAt) return { healthy: true, detail: "starting" };
    const failure = reports.flatMap(({ failed }) => failed)[0];
    if (failure !== undefined) return { healthy: false, detail: `port ${failure.port} is not served: ${failure.why}` };
    if (reports.length < this.#expected) return { healthy: false, detail: `${reports.length} of ${this.#expected} workers answer` };
    return { healthy: true, detail: describe(reports) };
  }
}

// Private

function describe(reports: readonly EdgeReport[]): string {
  const ports = [...new Set(reports.flatMap(({ listening }) => listening))].sort();
  const open = reports.flatMap(({ connections }) => Object.values(connections)).reduce((sum, count) => sum + count, 0);
  const named = ports.length === 0 ? "no ports yet" : ports.slice(0, MOST_NAMED).join(", ");
  const more = ports.length > MOST_NAMED ? ` and ${ports.length - MOST_NAMED} more` : "";
  return `${reports.length} ${reports.length === 1 ? "worker" : "workers"}, ${named}${more}, ${open} connections`;
}
