/**
 * One look at everything that moves: topics, dead letters, the server, the components, and rates since the look before.
 * Callers that ask at the same moment share one look, so the number of listeners costs Redis nothing.
 */
import type { Tide } from "@tidegate/streams";
import type { LiveUpdate, OrchestratorStatus, StreamSummary } from "../contract.ts";
import { redisMetrics } from "./redis-metrics.ts";
import { readDeadLetters, readStreams } from "./stream-summary.ts";

type Rates = LiveUpdate["rates"];

/** Nobody looked for longer than this: an average over the pause would pass for the present. */
const LONGEST_GAP = 30;

export class Sampler {
  readonly #tide: Tide;
  readonly #status: () => OrchestratorStatus;
  #last: LiveUpdate | null = null;
  #running: Promise<LiveUpdate> | null = null;

  constructor(tide: Tide, status: () => OrchestratorStatus) {
    this.#tide = tide;
    this.#status = status;
  }

  /** The look before, if there was one. */
  get last(): LiveUpdate | null {
    return this.#last;
  }

  /** Rejects with the library's error when Redis does not answer. */
  sample(): Promise<LiveUpdate> {
    this.#running ??= this.#look().finally(() => (this.#running = null));
    return this.#running;
  }

  async #look(): Promise<LiveUpdate> {
    const [streams, deadLetter, info] = await Promise.all([readStreams(this.#tide), readDeadLetters(this.#tide), this.#tide.serverInfo()]);
    const at = Date.now();
    const rates = ratesBetween(this.#last, { at, streams });
    const components = this.#status().components;
    this.#last = { type: "update", at, streams, dead_letter: deadLetter, metrics: redisMetrics(info), components, rates };
    return this.#last;
  }
}

/** Per second; 0 for a topic or group seen for the first time. Never negative: a replay or a seek is not un-consuming. */
export function ratesBetween(before: Pick<LiveUpdate, "at" | "streams"> | null, now: Pick<LiveUpdate, "at" | "streams">): Rates {
  const seconds = before === null ? 0 : (now.at - before.at) / 1000;
  const entries = Object.entries(now.streams).map(
    ([topic, stream]) => [topic, topicRates(before?.streams[topic], stream, seconds)] as const,
  );
  return Object.fromEntries(entries);
}

/** What must differ for an update to be worth sending before its time. Idle times and server counters always differ. */
export function signature(update: LiveUpdate): string {
  const topics = Object.entries(update.streams).map(([topic, stream]) => [
    topic,
    stream.entries_added,
    stream.length,
    stream.groups.map(groupSignature),
  ]);
  return JSON.stringify([
    topics,
    update.dead_letter.length,
    update.components.map((one) => [one.name, one.state, one.restarts, one.detail]),
  ]);
}

// Private

function topicRates(before: StreamSummary | undefined, now: StreamSummary, seconds: number): { published: number; consumed: number } {
  if (before === undefined || seconds <= 0 || seconds > LONGEST_GAP) return { published: 0, consumed: 0 };
  const earlier = new Map(before.groups.map((group) => [group.group, answered(before, group)]));
  const consumed = now.groups.reduce((sum, group) => sum + Math.max(0, answered(now, group) - (earlier.get(group.group) ?? Infinity)), 0);
  return { published: perSecond(now.entries_added - before.entries_added, seconds), consumed: perSecond(consumed, seconds) };
}

/** Entries a group is done with: all that ever were, less those it has yet to get, holds, or will try again. */
function answered(stream: StreamSummary, group: StreamSummary["groups"][number]): number {
  return stream.entries_added - group.lag - group.pending - group.retrying;
}

function perSecond(count: number, seconds: number): number {
  return Math.round((Math.max(0, count) / seconds) * 10) / 10;
}

function groupSignature(group: StreamSummary["groups"][number]): unknown {
  return [group.group, group.lag, group.pending, group.retrying, group.consumers.length, group.missingLanes];
}
