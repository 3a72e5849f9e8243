/** One batch of entries as keys and arguments of `append.lua`: grouped, so that the script does one step per value and not per entry. */
import { readRecord } from "@tidegate/streams";
import type { Effect, StreamEntry } from "../processor.ts";
import { hourOf, shorten } from "./entry-ids.ts";
import type { LogKeys, Source } from "./log-keys.ts";
import { Tally } from "./tally.ts";
import { bounded, FIELDS, termOf, type Field } from "./terms.ts";

/** Seconds. What they point at is gone much sooner as a rule, and takes them along; this is for streams that nobody trims. */
export const POSTINGS_KEPT = 90 * 86_400;

export function appendOf(keys: LogKeys, source: Source, entries: readonly StreamEntry[]): Effect {
  const postings = new Map<number, Map<Field, Map<string, string>>>();
  const tally = new Tally();
  for (const { id, fields } of entries) {
    const record = readRecord(id, fields);
    tally.add(id, record);
    const short = shorten(id);
    if (short === null) continue;
    const hour = hourOf(id);
    for (const field of FIELDS) {
      const word = termOf(record, field);
      if (word !== null) add(postings, hour, field, bounded(word), short);
    }
  }
  return documentOf(keys, source, postings, tally);
}

// Private

type Postings = Map<number, Map<Field, Map<string, string>>>;

function add(postings: Postings, hour: number, field: Field, word: string, short: string): void {
  const fields = postings.get(hour) ?? new Map<Field, Map<string, string>>();
  postings.set(hour, fields);
  const words = fields.get(field) ?? new Map<string, string>();
  fields.set(field, words);
  words.set(word, (words.get(word) ?? "") + short);
}

/** The guard has three keys; ours begin with the hours. */
const FIRST_KEY = 4;

function documentOf(keys: LogKeys, source: Source, postings: Postings, tally: Tally): Effect {
  const names = [keys.hours(source)];
  const place = (...more: string[]): number => {
    const at = FIRST_KEY + names.length;
    names.push(...more);
    return at;
  };
  const lists: (string | number)[][] = [];
  for (const [hour, fields] of postings) {
    for (const [field, words] of fields) {
      const list: (string | number)[] = [place(...keys.postings(source, hour, field))];
      for (const [word, shorts] of words) list.push(word, shorts);
      lists.push(list);
    }
  }
  const document = { hours: [...postings.keys()], keep: POSTINGS_KEPT, postings: lists, ...tally.lists(keys, place) };
  return { keys: names, args: [JSON.stringify(document)] };
}
