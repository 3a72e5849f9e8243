/**
 * Starts the components in the order they were declared, watches them every second, tries failed ones again, and stops them
 * in the opposite order. One failing component never stops the others.
 */
import type { ComponentStatus, OrchestratorStatus } from "../contract.ts";
import type { Component } from "./component.ts";
import { Runner, type RunnerOptions } from "./runner.ts";

export interface OrchestratorOptions {
  readonly version: string;
  readonly namespace: string;
  readonly redis: () => OrchestratorStatus["redis"];
  /** Told of every change of state. */
  readonly onChange: (status: ComponentStatus) => void;
}

const WATCH_INTERVAL = 1000;

export class Orchestrator {
  readonly #options: OrchestratorOptions;
  readonly #startedAt = Date.now();
  readonly #runners: Runner[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: OrchestratorOptions) {
    this.#options = options;
  }

  /** Declares the next component; the order of the calls is the order of the starts. */
  add(component: Component, options: RunnerOptions = {}): void {
    this.#runners.push(new Runner(component, options, this.#options.onChange));
  }

  /** Resolves when each component was tried once; those that failed are tried again from then on. */
  async start(): Promise<void> {
    for (const runner of this.#runners) {
      if (this.#stopping) return;
      await this.#step(runner);
    }
    if (!this.#stopping) this.#timer = setInterval(() => this.#watch(), WATCH_INTERVAL);
  }

  /** Resolves when everything is stopped or was left behind; `limit` is for all together, in milliseconds. */
  async stop(limit: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    const hurry = AbortSignal.timeout(limit);
    for (const runner of this.#runners.toReversed()) await runner.stop(hurry);
  }

  /** Why the component's last start failed, or undefined. */
  failureOf(name: string): unknown {
    return this.#find(name)?.failure;
  }

  status(): OrchestratorStatus {
    const components = this.#runners.map((runner) => runner.status());
    return {
      status: this.#runners.every((runner) => runner.healthy) ? "healthy" : "unhealthy",
      version: this.#options.version,
      namespace: this.#options.namespace,
      started_at: this.#startedAt,
      redis: this.#options.redis(),
      components,
    };
  }

  #watch(): void {
    for (const runner of this.#runners) void this.#step(runner);
  }

  #step(runner: Runner): Promise<void> {
    const needs = runner.needs.map((name) => this.#find(name));
    return runner.step(
      needs.every((need) => need?.started === true),
      needs.every((need) => need?.healthy === true),
    );
  }

  #find(name: string): Runner | undefined {
    return this.#runners.find((runner) => runner.component.name === name);
  }
}
