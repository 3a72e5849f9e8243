/**
 * A page of entries, newest first over both streams. Of the conditions that the index knows the one with the fewest entries leads; the
 * others are tested on what it brings. A page looks at a bounded number of entries, so no query can hold the server up.
 */
import { readRecord, type TelemetryRecord } from "@tidegate/streams";
import type { StreamEntry } from "../pages.ts";
import { cursorOf, restBelow, type Place } from "./cursor.ts";
import { compareIds, millisecondOf } from "./entry-ids.ts";
import { countPostings, type Visit } from "./posting-counts.ts";
import { levelOf } from "./terms.ts";
import { EVERYTHING, type Plan } from "./plan.ts";
import { hoursWithin, partsOf, sumOf, type LogSource } from "./source.ts";
import { viewOf, type View } from "./view.ts";

export interface Page {
  readonly records: readonly TelemetryRecord[];
  readonly total: number | null;
  readonly next: string | null;
  readonly scanned: number;
  readonly complete: boolean;
}

export interface Ask {
  readonly limit: number;
  /** Entries looked at. */
  readonly budget: number;
  readonly after: Place | null;
}

/** One script call. */
const BATCH = 500;
/** Entries the index has not seen that are counted one by one. */
const MOST_FRESH = 1_000;

export class Search {
  readonly #sources: readonly LogSource[];

  constructor(sources: readonly LogSource[]) {
    this.#sources = sources;
  }

  async page(plan: Plan, ask: Ask): Promise<Page> {
    const views = await this.#views(plan);
    // An exact condition brings nothing that is thrown away.
    const batch = Math.min(BATCH, plan.exact ? ask.limit + 1 : Math.max(100, ask.limit * 3));
    const found = await collect(merged(views, ask.after, batch), plan, ask);
    return { ...found, total: await totalOf(views, plan) };
  }

  /** Entries by time and level: from the index where it knows all of the plan, else of so many entries; answers whether that was all. */
  async count(plan: Plan, budget: number, visit: Visit): Promise<boolean> {
    const counted = plan.exact && plan.conditions.length > 0 ? await countPostings(await this.#views(plan), plan, visit) : null;
    return counted ?? (await this.#each(plan, budget, (record) => visit(millisecondOf(record.id), levelOf(record) ?? "event")));
  }

  /** Every entry that fits, newest first, until so many were looked at; answers whether that was all. */
  async #each(plan: Plan, budget: number, visit: (record: TelemetryRecord) => void): Promise<boolean> {
    let looked = 0;
    for await (const { record } of merged(await this.#views(plan), null, BATCH)) {
      if (looked === budget) return false;
      looked += 1;
      if (plan.fits(record)) visit(record);
    }
    return true;
  }

  async #views(plan: Plan): Promise<View[]> {
    const sources = this.#sources.filter(({ source }) => plan.sources.includes(source));
    return await Promise.all(sources.map((source) => viewOf(source, plan)));
  }
}

// Private

interface Found {
  readonly place: Place;
  readonly record: TelemetryRecord;
}

async function collect(entries: AsyncIterable<Found>, plan: Plan, { limit, budget }: Ask): Promise<Omit<Page, "total">> {
  const records: TelemetryRecord[] = [];
  let [scanned, last]: [number, Place | null] = [0, null];
  for await (const { place, record } of entries) {
    const full = records.length === limit;
    if (full || scanned === budget) return { records, next: last && cursorOf(last), scanned, complete: full };
    scanned += 1;
    last = place;
    if (plan.fits(record)) records.push(record);
  }
  return { records, next: null, scanned, complete: true };
}

async function* merged(views: readonly View[], after: Place | null, batch: number): AsyncGenerator<Found> {
  const lines = views.map((view) => single(view, after, batch));
  const heads = await Promise.all(lines.map((line) => line.next()));
  for (;;) {
    let at = -1;
    for (const [n, head] of heads.entries()) {
      const best = heads[at];
      if (head.done !== true && (best?.value === undefined || compareIds(head.value.place.id, best.value.place.id) > 0)) at = n;
    }
    const [head, line] = [heads[at], lines[at]];
    if (head === undefined || line === undefined || head.done === true) return;
    yield head.value;
    heads[at] = await line.next();
  }
}

async function* single(view: View, after: Place | null, batch: number): AsyncGenerator<Found, undefined> {
  const { source } = view.source;
  for await (const entries of batches(view, after, batch))
    for (const { id, fields } of entries) yield { place: { source, id }, record: readRecord(id, fields) };
}

async function* batches({ source, range, standing, hits }: View, after: Place | null, batch: number): AsyncGenerator<StreamEntry[]> {
  const rest = after === null ? range.below : restBelow(after, source.source);
  const left = { from: range.from, below: compareIds(rest, range.below) < 0 ? rest : range.below };
  if (hits === null) return yield* source.read(left, batch);
  const parts = partsOf(left, standing);
  yield* source.read(parts.fresh, batch);
  yield* source.walk(hits.toReversed(), parts.indexed, batch);
  yield* source.read(parts.old, batch);
}

async function totalOf(views: readonly View[], plan: Plan): Promise<number | null> {
  if (!plan.exact) return null;
  const sums = await Promise.all(views.map((view) => countOf(view, plan)));
  return sums.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0);
}

async function countOf({ source, range, standing, hits }: View, plan: Plan): Promise<number | null> {
  const parts = partsOf(range, standing);
  let [count, looked] = [0, 0];
  for (const part of [parts.fresh, parts.old]) {
    for await (const entries of source.read(part, BATCH)) {
      looked += entries.length;
      if (looked > MOST_FRESH) return null;
      count += entries.filter(({ id, fields }) => plan.fits(readRecord(id, fields))).length;
    }
  }
  const met = hits ?? (await source.hits(EVERYTHING[source.source], parts.indexed, hoursWithin(parts.indexed, standing.hours)));
  return count + sumOf(met);
}
