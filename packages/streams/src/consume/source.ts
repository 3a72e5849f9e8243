/** The streams a consumer reads, and whose turn it is. */
import type { Keys } from "../keys.ts";
import type { Priority } from "../message/message.ts";
import type { Delivery, Source } from "./delivery.ts";

/** critical : high : normal : low, as nginx weighs upstreams: nobody starves, a late critical message waits for at most one turn. */
const WEIGHTS: Readonly<Record<Priority, number>> = { critical: 8, high: 4, normal: 2, low: 1 };

export function sourcesOf(
  keys: Keys,
  lanes: ReadonlyMap<string, readonly Priority[]>,
  group: string,
  weights: Partial<Record<Priority, number>> = {},
): Source[] {
  return [...lanes].flatMap(([topic, own]) => [
    ...own.map((lane) => source(topic, group, keys.lane(topic, lane), lane, false, weights)),
    source(topic, group, keys.retryEvents(topic, group), "normal", true, weights),
  ]);
}

/** Takes the next delivery by smooth weighted round robin over the sources that have one. */
export function takeNext(sources: readonly Source[]): Delivery | undefined {
  let total = 0;
  let best: Source | undefined;
  for (const one of sources) {
    if (one.buffer.length === 0) continue;
    total += one.weight;
    one.credit += one.weight;
    if (best === undefined || one.credit > best.credit) best = one;
  }
  if (best === undefined) return undefined;
  best.credit -= total;
  return best.buffer.shift();
}

function source(
  topic: string,
  group: string,
  key: string,
  lane: Priority,
  retry: boolean,
  weights: Partial<Record<Priority, number>>,
): Source {
  return { topic, group, key, lane, retry, weight: weights[lane] ?? WEIGHTS[lane], credit: 0, buffer: [], dry: false, claimCursor: "0-0" };
}
