/** Metrics as they are asked for: series by metric and subject. */
import type { Store } from "@tidegate/streams";
import type { MessagingMinute, MetricName, MetricSeriesAnswer, OrchestratorMetricsAnswer, Step } from "../../contract.ts";
import { FIGURES } from "./figures.ts";
import { ALL, type Kind, type SeriesKeys } from "./series-keys.ts";
import { readValues, type Span } from "./slots.ts";
import { subjectsOf } from "./subjects.ts";

export interface SeriesQuery {
  readonly metric: MetricName;
  /** A subject, or several with `*`. Of metrics per host `*` alone is all hosts together. Default: each on its own. */
  readonly subject?: string;
  /** Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly step: Step;
}

export interface Metrics {
  /** Counted and not read yet is not in it: the last second or two of a busy system. */
  series(query: SeriesQuery): Promise<MetricSeriesAnswer>;
  /** The last five minutes, per host and group. */
  recent(): Promise<OrchestratorMetricsAnswer>;
  lastMinute(): Promise<MessagingMinute>;
  /** Prometheus text, https://prometheus.io/docs/instrumenting/exposition_formats/ */
  exposition(): Promise<string>;
}

export class MetricsStore {
  readonly #store: () => Store;
  readonly #keys: SeriesKeys;

  constructor(store: () => Store, keys: SeriesKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  async series({ metric, subject, from, to, step }: SeriesQuery): Promise<MetricSeriesAnswer> {
    const figure = FIGURES[metric];
    const first = Math.floor(from / 1000 / step) * step;
    const span: Span = { from: first, step, count: Math.max(0, Math.ceil((to / 1000 - first) / step)) };
    const subjects = await this.#subjects(figure.kind, subject);
    const series = await Promise.all(
      subjects.map(async (name) => {
        const values = await readValues(this.#store(), this.#keys, figure, name, span, await this.#since(figure.kind, name));
        return { subject: name, from: first * 1000, values: values.map((value) => (value === null ? null : round(value))) };
      }),
    );
    return { metric, step, series };
  }

  // Private

  async #subjects(kind: Kind, asked: string | undefined): Promise<string[]> {
    if (kind === "redis" || kind === "lost") return [""];
    if (asked === ALL && kind === "http") return [ALL];
    if (asked !== undefined && !asked.includes("*")) return [asked];
    const known = await subjectsOf(this.#store(), this.#keys, kind);
    const pattern = asked?.replaceAll(/[^\w*]/g, "\\$&").replaceAll("*", ".*");
    return pattern === undefined ? known : known.filter((name) => new RegExp(`^${pattern}$`).test(name));
  }

  /** Unix seconds from which on nothing counted means none: before it, that nobody knows. */
  async #since(kind: Kind, subject: string): Promise<number> {
    const key = this.#keys.firstSeen(kind);
    if (kind === "lost") return 0;
    if (subject !== ALL && kind !== "redis") return Number((await this.#store().ask(["ZSCORE", key, subject])) ?? Infinity);
    const reply = await this.#store().ask(["ZRANGE", key, "0", "0", "WITHSCORES"]);
    return Array.isArray(reply) && reply.length === 2 ? Number(reply[1]) : Infinity;
  }
}

// Private

/** Fine enough that one an hour, as a rate, is still one when it is multiplied by the hour again. */
function round(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
