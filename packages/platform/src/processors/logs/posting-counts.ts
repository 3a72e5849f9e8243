/**
 * Entries by time and level from the index alone, without reading one: the ids of the condition, and of every level but `info`
 * to tell theirs. What the index has not seen is read from the stream.
 */
import { LEVELS, readRecord, type Level } from "@tidegate/streams";
import { lengthen, millisecondOf } from "./entry-ids.ts";
import type { Plan } from "./plan.ts";
import { partsOf, sumOf, type Hit, type Range } from "./source.ts";
import { levelOf } from "./terms.ts";
import type { View } from "./view.ts";

export type Visit = (at: number, name: Level | "event") => void;

/** Ids that are looked at; 8 bytes each on the way. */
const MOST_IDS = 500_000;
const MOST_READ = 5_000;
const BATCH = 500;
const RARER = LEVELS.filter((level) => level !== "info");

/** For an exact plan with a condition. False: too much was to be read. Null: the postings are too long, nothing was visited. */
export async function countPostings(views: readonly View[], plan: Plan, visit: Visit): Promise<boolean | null> {
  const all = await Promise.all(views.map(async (view) => ({ view, rarer: await rarerLevels(view) })));
  const ids = all.map(({ view: { hits }, rarer }) => sumOf(hits ?? []) + sumOf(rarer));
  if (ids.reduce((sum, count) => sum + count, 0) > MOST_IDS) return null;
  const whole = await Promise.all(all.map(({ view, rarer }) => countView(view, rarer, plan, visit)));
  return !whole.includes(false);
}

// Private

/** Of logs, where the condition is met: what is none of these is `info`. */
async function rarerLevels({ source, range, standing, hits }: View): Promise<Hit[]> {
  if (source.source === "events" || hits === null) return [];
  const { indexed } = partsOf(range, standing);
  const hours = hits.map(({ hour }) => hour);
  return (await Promise.all(RARER.map((level) => source.hits([{ field: "level", words: [level] }], indexed, hours)))).flat();
}

async function countView(view: View, rarer: readonly Hit[], plan: Plan, visit: Visit): Promise<boolean> {
  const parts = partsOf(view.range, view.standing);
  for (const hit of view.hits ?? []) {
    const levels = rarer.filter(({ hour }) => hour === hit.hour);
    await countHour(view, parts.indexed, hit, levels, visit);
  }
  return (await read(view, parts.fresh, plan, visit)) && (await read(view, parts.old, plan, visit));
}

async function countHour(view: View, range: Range, hit: Hit, levels: readonly Hit[], visit: Visit): Promise<void> {
  const [ids, ...others] = await Promise.all([hit, ...levels].map((one) => view.source.ids(one, range)));
  const names = new Map<number, Level>();
  for (const [at, found] of others.entries()) for (const id of found) names.set(id, (levels[at]?.lists[0]?.words[0] ?? "info") as Level);
  const event = view.source.source === "events";
  for (const id of ids ?? []) visit(millisecondOf(lengthen(id, hit.hour)), event ? "event" : (names.get(id) ?? "info"));
}

async function read(view: View, range: Range, plan: Plan, visit: Visit): Promise<boolean> {
  let looked = 0;
  for await (const entries of view.source.read(range, BATCH)) {
    for (const { id, fields } of entries) {
      const record = readRecord(id, fields);
      if (plan.fits(record)) visit(millisecondOf(id), levelOf(record) ?? "event");
    }
    looked += entries.length;
    if (looked > MOST_READ) return false;
  }
  return true;
}
