/**
 * Finds traces, newest first. The smallest index of what is asked for is gone through from the cursor on; the others are asked only
 * whether they have a trace as well, the rest is filtered on summaries, and what no index knows on the spans themselves. The work of one
 * call is bounded: a page may be short, or empty, and still have a next one.
 */
import { TidegateError } from "../errors.ts";
import type { TelemetryKeys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { integer, list, record } from "../redis/shapes.ts";
import { decodeSpan } from "./span-record.ts";
import type { TracePage, TraceQuery, TraceSummary } from "./telemetry.ts";
import { ALL_TRACES, attributeIndex, componentIndex, INDEXED_ATTRIBUTES, operationIndex, statusIndex } from "./trace-indexes.ts";
import { SUMMARY_FIELDS, summaryFrom } from "./trace-summary.ts";

/** Looked at together. */
const CHUNK = 100;
/** Traces one call looks at; of those whose spans must be read, fewer. */
const MOST_LOOKED = 2_000;
const MOST_READ = 300;
const LONGEST_PAGE = 500;

interface Place {
  /** As Redis writes it; `+inf` before the first. */
  readonly score: string;
  readonly traceId: string;
}

interface Candidate extends Place {
  readonly summary: TraceSummary | null;
}

export class TraceQueries {
  readonly #link: Link;
  readonly #keys: TelemetryKeys;

  constructor(link: Link, keys: TelemetryKeys) {
    this.#link = link;
    this.#keys = keys;
  }

  async page(query: TraceQuery): Promise<TracePage> {
    const limit = Math.min(LONGEST_PAGE, whole(query.limit ?? 50));
    const { driver, others } = await this.#plan(query);
    const unindexed = Object.entries(query.attributes ?? {}).filter(([name]) => !INDEXED_ATTRIBUTES.includes(name));
    const budget = unindexed.length > 0 ? MOST_READ : MOST_LOOKED;
    const items: TraceSummary[] = [];
    let place = startOf(query);
    for (let looked = 0; looked < budget;) {
      const chunk = await this.#chunk(driver, place, query.from);
      const found = await this.#matching(chunk, others, query, unindexed);
      for (const candidate of chunk) {
        place = candidate;
        if (candidate.summary === null || !found.has(candidate.traceId)) continue;
        items.push(candidate.summary);
        if (items.length === limit) return { items, next: cursorOf(place) };
      }
      if (chunk.length < CHUNK) return { items, next: null };
      looked += chunk.length;
    }
    return { items, next: cursorOf(place) };
  }

  // Private

  async #plan(query: TraceQuery): Promise<{ driver: string; others: readonly string[] }> {
    const keys = indexesAsked(query).map((index) => this.#keys.traces(index));
    const sizes = await Promise.all(keys.map(async (key) => integer(await this.#link.ask(["ZCARD", key]))));
    const smallest = sizes.indexOf(Math.min(...sizes));
    const driver = keys[smallest];
    if (driver === undefined) return { driver: this.#keys.traces(ALL_TRACES), others: [] };
    return { driver, others: keys.filter((_, index) => index !== smallest) };
  }

  /** The next traces of an index; fewer than a chunk at its end. */
  async #chunk(key: string, after: Place, from: number | undefined): Promise<Candidate[]> {
    const least = from === undefined ? "-inf" : String(from);
    const places: Place[] = [];
    // Others of the very same start stand before the place the cursor names.
    for (let offset = 0; places.length < CHUNK; offset += CHUNK) {
      const range = ["ZREVRANGEBYSCORE", key, after.score, least, "WITHSCORES", "LIMIT", String(offset), String(CHUNK)];
      const rows = list(await this.#link.ask(range)).map(String);
      for (let at = 0; at < rows.length; at += 2) {
        const place = { traceId: rows[at] as string, score: rows[at + 1] as string };
        if (place.score !== after.score || place.traceId < after.traceId) places.push(place);
      }
      if (rows.length < 2 * CHUNK) break;
    }
    return await Promise.all(places.slice(0, CHUNK).map(async (place) => ({ ...place, summary: await this.#summary(place.traceId) })));
  }

  async #summary(traceId: string): Promise<TraceSummary | null> {
    const values = list(await this.#link.ask(["HMGET", this.#keys.trace(traceId), ...SUMMARY_FIELDS]));
    return summaryFrom(traceId, values as (string | null)[]);
  }

  async #matching(
    chunk: readonly Candidate[],
    others: readonly string[],
    query: TraceQuery,
    unindexed: readonly (readonly [string, string])[],
  ): Promise<Set<string>> {
    let ids = chunk.filter(({ summary }) => summary !== null && fits(summary, query)).map(({ traceId }) => traceId);
    for (const key of others) {
      if (ids.length === 0) break;
      const scores = list(await this.#link.ask(["ZMSCORE", key, ...ids]));
      ids = ids.filter((_, index) => scores[index] !== null);
    }
    if (unindexed.length === 0) return new Set(ids);
    const read = await Promise.all(ids.map((id) => this.#hasAttributes(id, unindexed)));
    return new Set(ids.filter((_, index) => read[index]));
  }

  async #hasAttributes(traceId: string, wanted: readonly (readonly [string, string])[]): Promise<boolean> {
    const fields = record(await this.#link.ask(["HGETALL", this.#keys.trace(traceId)]));
    const spans = Object.entries(fields).map(([id, json]) => (id.startsWith("~") ? null : decodeSpan(id, json)));
    return wanted.every(([name, value]) => spans.some((span) => span !== null && String(span.attributes[name] ?? "") === value));
  }
}

// Private

function indexesAsked({ component, operation, status, attributes = {} }: TraceQuery): string[] {
  const asked: string[] = [];
  if (component !== undefined) asked.push(componentIndex(component));
  if (operation !== undefined) asked.push(operationIndex(operation));
  if (status !== undefined) asked.push(statusIndex(status));
  for (const [name, value] of Object.entries(attributes)) if (INDEXED_ATTRIBUTES.includes(name)) asked.push(attributeIndex(name, value));
  return asked;
}

function fits({ startedAt, duration }: TraceSummary, { from, to, minDuration, maxDuration }: TraceQuery): boolean {
  if ((from !== undefined && startedAt < from) || (to !== undefined && startedAt > to)) return false;
  return duration >= (minDuration ?? 0) && duration <= (maxDuration ?? Infinity);
}

/** Names a place and no trace that must still be there, so it stays valid for ever. */
function cursorOf({ score, traceId }: Place): string {
  return `${score}-${traceId}`;
}

function startOf({ to, cursor }: TraceQuery): Place {
  if (cursor === undefined) return { score: to === undefined ? "+inf" : String(to), traceId: "~" };
  const [, score, traceId] = /^(\d+(?:\.\d+)?)-([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (score !== undefined && traceId !== undefined) return { score, traceId };
  throw new TidegateError("INVALID_CONFIG", `The cursor ${JSON.stringify(cursor.slice(0, 80))} is not one of a list of traces.`, {
    hint: "Give the `next` of the page before, or none to begin with the newest.",
  });
}

function whole(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new TidegateError("INVALID_CONFIG", `limit must be a whole number from 1 to ${LONGEST_PAGE}, found ${String(limit)}.`);
}
