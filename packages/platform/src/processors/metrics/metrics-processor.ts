/** Reads logs, events and aggregates as `metrics-group` and keeps the figures: a processor for each stream, and a look at the hours' own hashes once a minute. */
import type { Store } from "@tidegate/streams";
import type { ProcessorStatus } from "../../contract.ts";
import { messageOf } from "../../errors.ts";
import type { Component, ComponentHealth } from "../../orchestrator/component.ts";
import type { ProcessorContext } from "../context.ts";
import { ProcessorSet } from "../processor-set.ts";
import { guarded, Processor, type Effect, type StreamEntry } from "../processor.ts";
import { countAggregate } from "./aggregate-record.ts";
import { countRecord } from "./counting.ts";
import { refreshHours } from "./hours.ts";
import { LoopDelay } from "./loop-delay.ts";
import { SeriesKeys } from "./series-keys.ts";
import { Subjects } from "./subjects.ts";
import { Tally } from "./tally.ts";

const METRICS_GROUP = "metrics-group";
const SCRIPT = guarded(new URL("./metrics.lua", import.meta.url));
const LOGS = ["request", "error", "system"] as const;
const MINUTE = 60_000;
const CONNECT_LIMIT = 10_000;

export interface MetricsProcessorOptions extends Omit<ProcessorContext, "leader"> {
  /** As of `Processor`. */
  readonly ttl?: number;
  readonly batch?: number;
}

type Count = (tally: Tally, subjects: Subjects, entry: StreamEntry) => void;

export class MetricsProcessor implements Component {
  readonly name = "metrics";
  readonly delay = new LoopDelay();
  readonly #options: MetricsProcessorOptions;
  readonly #keys: SeriesKeys;
  #store: Store | null = null;
  #set = new ProcessorSet([]);
  #requests: Processor | null = null;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: MetricsProcessorOptions) {
    this.#options = options;
    this.#keys = new SeriesKeys(options.keys);
  }

  async start(signal: AbortSignal): Promise<void> {
    const store = this.#options.streams.tide.store("metrics");
    const subjects = new Subjects(store, this.#keys);
    const { keys } = this.#options;
    const logs = LOGS.map((part) => this.#processor(store, subjects, keys.stream("logs", part), countRecord));
    // Every kind at once: few pass, and none is left out.
    const events = this.#processor(store, subjects, keys.stream("events", "all"), countRecord);
    this.#store = store;
    this.#requests = logs[0] ?? null;
    this.#set = new ProcessorSet([...logs, events, this.#processor(store, subjects, keys.aggregates(), countAggregate)]);
    await store.whenUp(CONNECT_LIMIT);
    if (signal.aborted) return;
    this.#set.start();
    this.delay.start();
    this.#timer = setInterval(() => (this.#refreshing = this.#refresh(subjects)), MINUTE);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.delay.stop();
    await Promise.all([this.#set.stop(), this.#refreshing]);
    this.#store?.close();
    this.#store = null;
  }

  statuses(): Promise<ProcessorStatus[]> {
    return this.#set.statuses();
  }

  health(): Promise<ComponentHealth> {
    return this.#set.health();
  }

  // Private

  #processor(store: Store, subjects: Subjects, stream: string, count: Count): Processor {
    const { keys, instance, onTrouble, ttl, batch, pages } = this.#options;
    return new Processor({
      store,
      keys,
      stream,
      group: METRICS_GROUP,
      holder: instance,
      script: SCRIPT,
      effect: (entries) => this.#effect(subjects, entries, count),
      onTaken: () => subjects.load(),
      onTrouble: (message) => onTrouble(this.name, message),
      ...(pages === undefined ? {} : { pages }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(batch === undefined ? {} : { batch }),
    });
  }

  #effect(subjects: Subjects, entries: readonly StreamEntry[], count: Count): Effect {
    const tally = new Tally(this.#keys, Date.now() / 1000);
    for (const entry of entries) count(tally, subjects, entry);
    return tally.effect();
  }

  async #refresh(subjects: Subjects): Promise<void> {
    try {
      await subjects.load();
      if (this.#store !== null && this.#requests?.holding === true) await refreshHours(this.#store, this.#keys, Date.now());
    } catch (error) {
      if (this.#store?.up === true) this.#options.onTrouble(this.name, messageOf(error));
    }
  }
}
