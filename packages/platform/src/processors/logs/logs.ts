/** Logs and events as they are asked for; what REST, the live channel and the CLI know of the index. */
import { TidegateError, type Store, type TelemetryRecord } from "@tidegate/streams";
import type { LogHistogramAnswer, LogQuery, LogsAnswer, LogStatsAnswer } from "../../contract.ts";
import { placeOf } from "./cursor.ts";
import { LogFeed } from "./log-feed.ts";
import { LogHistogram } from "./log-histogram.ts";
import { SOURCES, type LogKeys } from "./log-keys.ts";
import { LogStats } from "./log-stats.ts";
import { planOf, type Kind } from "./plan.ts";
import { Search, type Page } from "./search.ts";
import { LogSource } from "./source.ts";

export interface Logs {
  search(query: LogQuery, kind?: Kind): Promise<LogsAnswer>;
  histogram(query: LogQuery, kind?: Kind): Promise<LogHistogramAnswer>;
  stats(hours: number): Promise<LogStatsAnswer>;
  /** Entries as they come, from now on. */
  feed(): LogFeed;
}

export type { Kind } from "./plan.ts";
export type { LogFeed } from "./log-feed.ts";

/** Entries one page looks at; some 50 ms of work. */
const BUDGET = 5_000;

export class LogQueries implements Logs {
  readonly #store: Store;
  readonly #keys: LogKeys;
  readonly #search: Search;

  constructor(store: Store, keys: LogKeys) {
    this.#store = store;
    this.#keys = keys;
    this.#search = new Search(SOURCES.map((source) => new LogSource(source, store, keys)));
  }

  async search(query: LogQuery, kind: Kind = "all"): Promise<LogsAnswer> {
    const page = await this.#page(query, kind);
    const { records, total, next, scanned, complete } = page;
    return { logs: [...records], total, next, scanned, complete, query_params: query };
  }

  async histogram(query: LogQuery, kind: Kind = "all"): Promise<LogHistogramAnswer> {
    const now = Date.now();
    return await new LogHistogram(this.#store, this.#keys, this.#search).of(checkedPlan(query, kind, now), query, now);
  }

  stats(hours: number): Promise<LogStatsAnswer> {
    return new LogStats(this.#store, this.#keys).of(hours, Date.now());
  }

  feed(): LogFeed {
    return new LogFeed(this.#store, this.#keys);
  }

  async #page(query: LogQuery, kind: Kind): Promise<Page> {
    const after = query.cursor === undefined ? null : placeOf(query.cursor);
    if (query.cursor !== undefined && after === null) throw wrongCursor(query.cursor);
    return await this.#search.page(checkedPlan(query, kind, Date.now()), { limit: query.limit ?? 100, budget: BUDGET, after });
  }
}

/** The test for one entry, as the live feed needs it. */
export function logTest(query: LogQuery): (record: TelemetryRecord) => boolean {
  const { fits, sources } = checkedPlan(query, "all", Date.now());
  return (record) => sources.includes(record.eventType === null ? "logs" : "events") && fits(record);
}

// Private

function checkedPlan(query: LogQuery, kind: Kind, now: number): ReturnType<typeof planOf> {
  const plan = planOf(query, kind, now);
  if (plan.from <= plan.to) return plan;
  throw new TidegateError("INVALID_POSITION", `from (${plan.from}) is later than to (${plan.to}).`, {
    hint: "Both are unix milliseconds; without from it is `hours` before to, without to it is now.",
  });
}

function wrongCursor(cursor: string): TidegateError {
  return new TidegateError("INVALID_POSITION", `The cursor ${JSON.stringify(cursor.slice(0, 60))} is none of ours.`, {
    hint: "Take `next` of the page before, as it is, or leave cursor out for the first page.",
  });
}
