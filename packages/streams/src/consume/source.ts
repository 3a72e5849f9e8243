/** The streams a consumer reads: per topic its lanes and the group's retry stream. */
import type { Keys } from "../keys.ts";
import type { Priority } from "../message/message.ts";
import type { Source } from "./delivery.ts";
import { atLeast } from "./options.ts";

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

function source(
  topic: string,
  group: string,
  key: string,
  lane: Priority,
  retry: boolean,
  weights: Partial<Record<Priority, number>>,
): Source {
  const weight = atLeast(`weights.${lane}`, weights[lane] ?? WEIGHTS[lane], 0);
  return { topic, group, key, lane, retry, weight, credit: 0, buffer: [], dry: false, claimCursor: "0-0" };
}
