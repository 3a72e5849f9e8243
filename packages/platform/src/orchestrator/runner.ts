/**
 * One component under the orchestrator: its state, its time limits and when it is tried again. It never throws; a failure is
 * a state that people can see.
 *
 *   waiting   what it needs has not started          → starting
 *   starting  start() runs                           → healthy | failed
 *   failed    start() failed; tried again after a pause → starting
 *   healthy   started, health() is content           → unhealthy
 *   unhealthy started, health() is not               → healthy | stopping (after `patience`, each time in a row twice as long: stop, start anew)
 *   stopping  stop() runs                            → stopped | starting
 *   stopped   for good
 */
import type { ComponentState, ComponentStatus } from "../contract.ts";
import { messageOf } from "../errors.ts";
import type { Component, ComponentHealth } from "./component.ts";

export interface ProcessView {
  readonly pid: number | null;
  readonly restarts: number;
}

export interface RunnerOptions {
  /** Names of components that must have started before. */
  readonly needs?: readonly string[];
  /** Milliseconds of bad health, while all it needs is healthy, until it is restarted; Infinity leaves it to heal itself. Default 15,000. */
  readonly patience?: number;
  /** Without it the whole is unhealthy, and a first start ends the process. Default false: the rest goes on without it. */
  readonly essential?: boolean;
  /** Where the component is a process that somebody else starts. */
  readonly process?: () => ProcessView;
}

export type RunnerListener = (status: ComponentStatus, from: ComponentState) => void;

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
const HEALTH_LIMIT = 5000;
/** Having been healthy this long, a restart is a new story and not one of a series. */
const STABLE_AFTER = 60_000;
const MOST_DOUBLINGS = 6;

export class Runner {
  readonly component: Component;
  readonly needs: readonly string[];
  readonly essential: boolean;
  /** Why the last start failed; undefined when it did not. */
  failure: unknown = undefined;
  readonly #patience: number;
  readonly #process: (() => ProcessView) | undefined;
  readonly #onChange: RunnerListener;
  #state: ComponentState = "waiting";
  #since = Date.now();
  #detail: string | null = null;
  #restarts = 0;
  #failures = 0;
  #restartsInARow = 0;
  #retryAt = 0;
  #busy = false;
  #stopped = new AbortController();

  constructor(component: Component, options: RunnerOptions, onChange: RunnerListener) {
    this.component = component;
    this.needs = options.needs ?? [];
    this.essential = options.essential ?? false;
    this.#patience = options.patience ?? 15_000;
    this.#process = options.process;
    this.#onChange = onChange;
  }

  get started(): boolean {
    return this.#state === "healthy" || this.#state === "unhealthy";
  }

  get healthy(): boolean {
    return this.#state === "healthy";
  }

  status(): ComponentStatus {
    const process = this.#process?.();
    return {
      name: this.component.name,
      state: this.#state,
      since: this.#since,
      restarts: this.#restarts + (process?.restarts ?? 0),
      detail: this.#detail,
      pid: process?.pid ?? null,
      needs: [...this.needs],
      essential: this.essential,
    };
  }

  /** One step: start what is due, look at the health of what runs. Steps of one runner never overlap. */
  async step(needsStarted: boolean, needsHealthy: boolean): Promise<void> {
    if (this.#busy || this.#stopped.signal.aborted) return;
    this.#busy = true;
    try {
      if (this.started) await this.#check(needsHealthy);
      else if (needsStarted && Date.now() >= this.#retryAt) await this.#start();
    } finally {
      this.#busy = false;
    }
  }

  /** For good; a start in progress is aborted. `hurry` cuts the component's own limit short. */
  async stop(hurry: AbortSignal): Promise<void> {
    this.#stopped.abort();
    if (this.#state !== "waiting" && this.#state !== "stopped") await this.#stop(hurry);
    this.#move("stopped", null);
  }

  async #start(): Promise<void> {
    this.#move("starting", null);
    try {
      await limited(this.component.startLimit ?? 15_000, "start", this.#stopped.signal, (signal) => this.component.start(signal));
      if (this.#stopped.signal.aborted) return;
      this.failure = undefined;
      this.#failures = 0;
      this.#move("healthy", null);
      await this.#check(true);
    } catch (error) {
      await this.#failed(error);
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.failure = error;
    this.#failures += 1;
    this.#restarts += 1;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
    this.#retryAt = Date.now() + pause;
    this.#move("failed", `${messageOf(error)} (next try in ${pause / 1000} s)`);
    await this.#releaseQuietly();
  }

  async #check(needsHealthy: boolean): Promise<void> {
    const health = await limited(HEALTH_LIMIT, "health check", this.#stopped.signal, async () => this.component.health()).catch(
      (error: unknown): ComponentHealth => ({ healthy: false, detail: messageOf(error) }),
    );
    if (this.#stopped.signal.aborted) return;
    this.#move(health.healthy ? "healthy" : "unhealthy", health.detail ?? null);
    const lasted = Date.now() - this.#since;
    if (health.healthy && lasted >= STABLE_AFTER) this.#restartsInARow = 0;
    const patience = this.#patience * 2 ** Math.min(MOST_DOUBLINGS, this.#restartsInARow);
    if (!health.healthy && needsHealthy && lasted >= patience) await this.#restart();
  }

  async #restart(): Promise<void> {
    this.#restarts += 1;
    this.#restartsInARow += 1;
    await this.#stop(this.#stopped.signal);
    if (!this.#stopped.signal.aborted) await this.#start();
  }

  async #stop(hurry: AbortSignal): Promise<void> {
    this.#move("stopping", this.#detail);
    await this.#release(hurry).catch((error: unknown) => this.#move("stopping", `stop: ${messageOf(error)}`));
  }

  #release(hurry: AbortSignal): Promise<void> {
    return limited(this.component.stopLimit ?? 10_000, "stop", hurry, (signal) => this.component.stop(signal));
  }

  /** After a failed start, whose reason is the one worth showing. */
  async #releaseQuietly(): Promise<void> {
    try {
      await this.#release(this.#stopped.signal);
    } catch {
      // The next start begins anew anyway.
    }
  }

  #move(state: ComponentState, detail: string | null): void {
    const from = this.#state;
    if (state !== from) this.#since = Date.now();
    this.#state = state;
    this.#detail = detail;
    if (state !== from) this.#onChange(this.status(), from);
  }
}

// Private

/** Rejects when the time is over or `outer` fires, whether or not the work listens to its signal. */
async function limited<T>(limit: number, what: string, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const inner = new AbortController();
  const giveUp = (reason: string): void => {
    inner.abort();
    reject(new Error(reason));
  };
  const timer = setTimeout(() => giveUp(`${what} took longer than ${limit / 1000} s`), limit);
  const stopped = (): void => giveUp(`${what} was cut short by the stop`);
  if (outer.aborted) stopped();
  outer.addEventListener("abort", stopped, { once: true });
  try {
    return await Promise.race([promise, work(inner.signal)]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", stopped);
  }
}
