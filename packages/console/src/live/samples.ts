/** The last five minutes, kept in the page: what the strips draw and what "growing" is judged by. Pure. */
import type { GroupInfo, LiveUpdate } from "tidegate/contract";

export const WINDOW = 300_000;

export interface Sample {
  at: number;
  published: number;
  consumed: number;
  lag: number;
  ops: number;
  clients: number;
  memory: number;
  hitRatio: number;
  /** Published per second, by topic. */
  topics: Record<string, number>;
  /** Lag by `<topic>/<group>`. */
  groups: Record<string, number>;
}

export function sampleOf(update: LiveUpdate): Sample {
  const rates = Object.values(update.rates);
  const groups = groupsOf(update);
  return {
    at: update.at,
    published: sum(rates.map((r) => r.published)),
    consumed: sum(rates.map((r) => r.consumed)),
    lag: sum(groups.map((g) => g.lag)),
    ops: update.metrics.performance.instantaneous_ops_per_sec,
    clients: update.metrics.connections.connected_clients,
    memory: update.metrics.memory.used_memory,
    hitRatio: update.metrics.performance.hit_ratio,
    topics: Object.fromEntries(Object.entries(update.rates).map(([topic, r]) => [topic, r.published])),
    groups: Object.fromEntries(groups.map((g) => [`${g.topic}/${g.group}`, g.lag])),
  };
}

/** Appends, and drops what is older than the window. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const first = samples.findIndex((s) => s.at >= next.at - WINDOW);
  return [...(first < 0 ? [] : samples.slice(first)), next];
}

export function groupsOf(update: LiveUpdate): GroupInfo[] {
  return Object.values(update.streams).flatMap((stream) => stream.groups);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
