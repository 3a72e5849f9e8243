/**
 * Alerting as a component: reads logs and events as `alert-group`, judges the rules once a second where it leads, and sends what is to be
 * told. Any number of control processes may run it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { TidegateError, type Store } from "@tidegate/streams";
import type { AlertRule, ProcessorStatus } from "../../contract.ts";
import { messageOf } from "../../errors.ts";
import type { Component, ComponentHealth } from "../../orchestrator/component.ts";
import type { ProcessorContext } from "../context.ts";
import { guarded, Processor, type Effect, type StreamEntry } from "../processor.ts";
import { ProcessorSet } from "../processor-set.ts";
import { AlertKeys } from "./alert-keys.ts";
import { Alerts } from "./alerts.ts";
import { Evaluator } from "./evaluator.ts";
import { isEntryRule } from "./hits.ts";
import { Matcher, movesOf } from "./matcher.ts";
import type { SeriesSource } from "./metric-watch.ts";
import { Notifier, type NotifierOptions } from "./notifier.ts";

const ALERT_GROUP = "alert-group";
const SCRIPT = guarded(new URL("./hits.lua", import.meta.url));
/** Every log entry is in one of these, every event in the last. */
const STREAMS = [
  ["logs", "request"],
  ["logs", "error"],
  ["logs", "audit"],
  ["logs", "system"],
  ["events", "all"],
] as const;
const EVERY = 1_000;

export interface AlertManagerOptions {
  readonly context: ProcessorContext;
  readonly metrics: SeriesSource;
  readonly retry?: NotifierOptions["retry"];
}

export class AlertManager implements Component {
  readonly name = "alert-manager";
  readonly #context: ProcessorContext;
  readonly #options: AlertManagerOptions;
  readonly #keys: AlertKeys;
  #running: Running | null = null;

  constructor(options: AlertManagerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#keys = new AlertKeys(options.context.keys);
  }

  /** Throws CLOSED while it does not run. */
  get alerts(): Alerts {
    if (this.#running !== null) return this.#running.alerts;
    throw new TidegateError("CLOSED", "Alerting does not run at the moment.", { hint: "See: tidegate status" });
  }

  async start(): Promise<void> {
    const { tide } = this.#context.streams;
    const store = tide.store("alerts");
    const alerts = new Alerts({ store, keys: this.#context.keys, metrics: this.#options.metrics });
    await alerts.rules.refresh();
    const watch = new Watch(alerts);
    const set = new ProcessorSet(STREAMS.map(([kind, part]) => this.#processor(store, this.#context.keys.stream(kind, part), watch)));
    const retry = this.#options.retry === undefined ? {} : { retry: this.#options.retry };
    const notifier = new Notifier({ tide, store, keys: this.#keys, destinations: alerts.destinations, ...retry });
    const stopping = new AbortController();
    this.#running = { store, alerts, set, notifier, stopping, done: Promise.resolve() };
    await notifier.start();
    set.start();
    this.#running.done = this.#run(this.#evaluator(store, alerts), watch, stopping.signal);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running === null) return;
    running.stopping.abort();
    await running.done;
    await Promise.all([running.set.stop(), running.notifier.stop()]);
    running.store.close();
  }

  async health(): Promise<ComponentHealth> {
    if (this.#running === null) return { healthy: false, detail: "not running" };
    const health = await this.#running.set.health();
    const { leading } = this.#context.leader;
    return health.detail === undefined ? { ...health, detail: leading ? "judges each second" : "another process judges" } : health;
  }

  async status(): Promise<ProcessorStatus[]> {
    return (await this.#running?.set.statuses()) ?? [];
  }

  // Private

  /** Processes that do not lead count as well, so they read the rules too. */
  async #run(evaluator: Evaluator, watch: Watch, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      await watch
        .refresh()
        .then(
          () => evaluator.tick(Date.now()),
          (error: unknown) => this.#failed(error),
        )
        .catch((error: unknown) => this.#failed(error));
      await pause(Math.max(50, EVERY - (performance.now() - began)), undefined, { signal }).catch(() => {});
    }
  }

  #failed(error: unknown): void {
    if (this.#running?.store.up === true) this.#context.onTrouble(this.name, messageOf(error));
  }

  #evaluator(store: Store, { rules, table, destinations }: Alerts): Evaluator {
    const { keys, leader, onTrouble } = this.#context;
    return new Evaluator({
      store,
      keys,
      alertKeys: this.#keys,
      leader,
      book: rules,
      table,
      destinations,
      metrics: this.#options.metrics,
      onTrouble: (message) => onTrouble(this.name, message),
    });
  }

  #processor(store: Store, stream: string, watch: Watch): Processor {
    const { keys, instance, onTrouble, pages } = this.#context;
    return new Processor({
      store,
      keys,
      group: ALERT_GROUP,
      stream,
      holder: instance,
      script: SCRIPT,
      effect: (entries) => this.#effect(watch, entries),
      ...(pages === undefined ? {} : { pages }),
      onTaken: () => watch.refresh(),
      onTrouble: (message) => onTrouble(this.name, message),
    });
  }

  #effect(watch: Watch, entries: readonly StreamEntry[]): Effect {
    return movesOf(watch.matcher.match(entries), (rule, signature) => this.#keys.hits(rule, signature));
  }
}

// Private

interface Running {
  readonly store: Store;
  readonly alerts: Alerts;
  readonly set: ProcessorSet;
  readonly notifier: Notifier;
  readonly stopping: AbortController;
  done: Promise<void>;
}

/** The matcher of the rules as they are now. */
class Watch {
  readonly #alerts: Alerts;
  #rules: readonly AlertRule[] = [];
  #matcher = new Matcher([]);

  constructor(alerts: Alerts) {
    this.#alerts = alerts;
  }

  get matcher(): Matcher {
    const { known } = this.#alerts.rules;
    if (known !== this.#rules) {
      this.#rules = known;
      this.#matcher = new Matcher(known.filter(({ enabled }) => enabled).filter(isEntryRule));
    }
    return this.#matcher;
  }

  refresh(): Promise<void> {
    return this.#alerts.rules.refresh();
  }
}
