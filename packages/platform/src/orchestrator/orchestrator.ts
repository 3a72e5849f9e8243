/**
 * Starts the components in the order their needs give, those that do not need each other together, watches them every second, tries
 * failed ones again, and stops them the other way round. One failing component never stops the others; without an essential one
 * the whole is unhealthy.
 */
import type { ComponentStatus, OrchestratorStatus } from "../contract.ts";
import type { Component } from "./component.ts";
import { startOrder } from "./order.ts";
import { Runner, type RunnerOptions } from "./runner.ts";

export interface OrchestratorOptions {
  readonly version: string;
  readonly namespace: string;
  /** Names this control process among all. */
  readonly instance: string;
  readonly redis: () => OrchestratorStatus["redis"];
  readonly leader: () => boolean;
  readonly lag: () => OrchestratorStatus["lag"];
  readonly edge: () => OrchestratorStatus["edge"];
  /** Told of every change of state. */
  readonly onChange: (status: ComponentStatus, from: ComponentStatus["state"]) => void;
}

const WATCH_INTERVAL = 1000;
/** Of the limit of a stop: what components that nobody needs may take. The rest is left to those that flush. */
const LEAVES_SHARE = 0.7;

export class Orchestrator {
  readonly #options: OrchestratorOptions;
  readonly #startedAt = Date.now();
  readonly #runners = new Map<string, Runner>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: OrchestratorOptions) {
    this.#options = options;
  }

  /** Declares a component; before `start`. */
  add(component: Component, options: RunnerOptions = {}): void {
    this.#runners.set(component.name, new Runner(component, options, this.#options.onChange));
  }

  /** Resolves when each component was tried once; those that failed are tried again from then on. Rejects when the needs make no order. */
  async start(): Promise<void> {
    const tried = new Map<string, Promise<void>>();
    for (const runner of this.#inOrder()) {
      const before = Promise.all(runner.needs.map(async (name) => tried.get(name)));
      tried.set(
        runner.component.name,
        before.then(() => (this.#stopping ? undefined : this.#step(runner))),
      );
    }
    await Promise.all(tried.values());
    if (!this.#stopping) this.#timer = setInterval(() => this.#watch(), WATCH_INTERVAL);
  }

  /** Resolves when everything is stopped or was left behind; `limit` is for all together, in milliseconds. */
  async stop(limit: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    const [end, leavesEnd] = [AbortSignal.timeout(limit), AbortSignal.timeout(Math.ceil(limit * LEAVES_SHARE))];
    const gone = new Map<string, Promise<void>>();
    for (const runner of this.#inOrder().toReversed()) {
      const others = this.#needing(runner);
      const hurry = others.length === 0 ? leavesEnd : end;
      const before = Promise.all(others.map(async (name) => gone.get(name)));
      gone.set(
        runner.component.name,
        before.then(() => runner.stop(hurry)),
      );
    }
    await Promise.all(gone.values());
  }

  /** The first essential component whose last start failed, and why. */
  essentialFailure(): { readonly error: unknown } | null {
    for (const runner of this.#inOrder()) if (runner.essential && runner.failure !== undefined) return { error: runner.failure };
    return null;
  }

  status(): OrchestratorStatus {
    const runners = [...this.#runners.values()];
    const { version, namespace, instance, redis, leader, lag, edge } = this.#options;
    return {
      status: runners.every((runner) => runner.healthy || !runner.essential) ? "healthy" : "unhealthy",
      version,
      namespace,
      started_at: this.#startedAt,
      redis: redis(),
      components: runners.map((runner) => runner.status()),
      instance,
      leader: leader(),
      lag: lag(),
      edge: edge(),
    };
  }

  #watch(): void {
    for (const runner of this.#runners.values()) void this.#step(runner);
  }

  #step(runner: Runner): Promise<void> {
    const needs = runner.needs.map((name) => this.#runners.get(name));
    return runner.step(
      needs.every((need) => need?.started === true),
      needs.every((need) => need?.healthy === true),
    );
  }

  #inOrder(): Runner[] {
    const names = startOrder(new Map([...this.#runners].map(([name, runner]) => [name, runner.needs])));
    return names.flatMap((name) => this.#runners.get(name) ?? []);
  }

  #needing(runner: Runner): string[] {
    return [...this.#runners.values()].filter(({ needs }) => needs.includes(runner.component.name)).map(({ component }) => component.name);
  }
}
