/** The figures as REST, alert rules and the console ask for them; its own connection is made at the first question. */
import type { Store, Tide } from "@tidegate/streams";
import type { MessagingMinute, MetricSeriesAnswer, OrchestratorMetricsAnswer, ProcessorStatus } from "../../contract.ts";
import type { PlatformKeys } from "../../redis/keys.ts";
import { exposition } from "./exposition.ts";
import { lastMinute } from "./last-minute.ts";
import type { DelayCounts } from "./loop-delay.ts";
import { MetricsStore, type Metrics, type SeriesQuery } from "./metrics-store.ts";
import { recent } from "./recent.ts";
import { SeriesKeys } from "./series-keys.ts";

export interface MetricsViewDeps {
  readonly streams: { readonly tide: Tide };
  readonly keys: PlatformKeys;
}

export class MetricsView implements Metrics {
  readonly #context: MetricsViewDeps;
  readonly #keys: SeriesKeys;
  readonly #figures: MetricsStore;
  readonly #processors: () => Promise<ProcessorStatus[]>;
  readonly #delay: () => DelayCounts;
  #store: { readonly tide: object; readonly store: Store } | null = null;

  constructor(context: MetricsViewDeps, processors: () => Promise<ProcessorStatus[]>, delay: () => DelayCounts = () => NONE) {
    this.#context = context;
    this.#keys = new SeriesKeys(context.keys);
    this.#figures = new MetricsStore(() => this.#open(), this.#keys);
    this.#processors = processors;
    this.#delay = delay;
  }

  series(query: SeriesQuery): Promise<MetricSeriesAnswer> {
    return this.#figures.series(query);
  }

  async exposition(): Promise<string> {
    const { tide } = this.#context.streams;
    const [groups, processors, redis] = await Promise.all([tide.groups.list(), this.#processors(), tide.serverInfo()]);
    return await exposition(this.#open(), this.#keys, { groups, processors, redis, delay: this.#delay() });
  }

  async recent(): Promise<OrchestratorMetricsAnswer> {
    const { tide } = this.#context.streams;
    const [groups, processors] = await Promise.all([tide.groups.list(), this.#processors()]);
    return await recent(this.#open(), this.#keys, groups, processors);
  }

  lastMinute(): Promise<MessagingMinute> {
    return lastMinute(this.#open(), this.#context.keys.aggregates(), Date.now());
  }

  // Private

  /** Closed with the connection it belongs to. */
  #open(): Store {
    const { tide } = this.#context.streams;
    if (this.#store?.tide !== tide) this.#store = { tide, store: tide.store("figures") };
    return this.#store.store;
  }
}

// Private

const NONE: DelayCounts = { buckets: [], count: 0, sum: 0 };
