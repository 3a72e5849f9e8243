/**
 * One of the two streams with its index, newest first. What the index has not seen yet is read from the stream itself, and so is what is
 * older than the index: an entry that is there is found.
 */
import { defineScript, type Reply, type Store } from "@tidegate/streams";
import { readFileSync } from "node:fs";
import { compareIds, HOUR, hourOf, lengthen, millisecondOf, newer, nextId, older, WIDTH, withinHour } from "./entry-ids.ts";
import type { LogKeys, Source } from "./log-keys.ts";
import { indexWords, type Condition } from "./plan.ts";
import type { StreamEntry } from "../pages.ts";

/** Where index and stream stood when the search began. */
export interface Standing {
  /** Of the stream; null when it is empty. */
  readonly first: string | null;
  /** The newest entry that is indexed, or `0-0`. */
  readonly indexed: string;
  /** Hours with postings (ms), oldest first. */
  readonly hours: readonly number[];
}

/** Ids: `from` inclusive, `below` exclusive. */
export interface Range {
  readonly from: string;
  readonly below: string;
}

/** A condition in one hour: per field the words that are there to be asked for, and how many entries they have. */
export interface Hit {
  readonly hour: number;
  readonly lists: readonly { readonly field: Condition[number]["field"]; readonly words: readonly string[] }[];
  readonly count: number;
}

export class LogSource {
  readonly source: Source;
  readonly #store: Store;
  readonly #keys: LogKeys;

  constructor(source: Source, store: Store, keys: LogKeys) {
    this.source = source;
    this.#store = store;
    this.#keys = keys;
  }

  async standing(): Promise<Standing> {
    const stream = this.#keys.stream(this.source);
    // In this order on the wire: hours may only be newer than the cursor, never older.
    const [indexed, first, hours] = await Promise.all([
      this.#store.ask(["HGET", this.#keys.cursor(this.source), "id"]),
      this.#store.ask(["XRANGE", stream, "-", "+", "COUNT", "1"]),
      this.#store.ask(["ZRANGE", this.#keys.hours(this.source), "0", "-1"]),
    ]);
    return {
      first: entriesOf(first)[0]?.id ?? null,
      indexed: typeof indexed === "string" ? indexed : "0-0",
      hours: Array.isArray(hours) ? hours.map(Number) : [],
    };
  }

  /** Entries read straight from the stream, in batches. */
  async *read(range: Range, batch: number): AsyncGenerator<StreamEntry[]> {
    let below = range.below;
    while (compareIds(range.from, below) < 0) {
      const reply = await this.#store.ask(["XREVRANGE", this.#keys.stream(this.source), `(${below}`, range.from, "COUNT", String(batch)]);
      const entries = entriesOf(reply);
      const last = entries.at(-1);
      if (last === undefined) return;
      yield entries;
      below = last.id;
    }
  }

  /** Where a condition is met by indexed entries of the range, oldest hour first. */
  async hits(condition: Condition, range: Range, hours: readonly number[]): Promise<Hit[]> {
    const asked = await Promise.all(hours.map(async (hour) => ({ hour, lists: await this.#lists(condition, hour) })));
    const counts = await this.#counts(asked, range);
    return asked.map((one, at) => ({ ...one, count: counts[at] ?? 0 })).filter(({ count }) => count > 0);
  }

  /** The entries of these hits (newest hour first), newest first, in batches; trimmed ones are left out. */
  async *walk(hits: readonly Hit[], range: Range, batch: number): AsyncGenerator<StreamEntry[]> {
    for (const group of grouped(hits, batch)) {
      const [only] = group;
      if (group.length === 1 && only !== undefined && only.count > batch) yield* this.#long(only, range, batch);
      else {
        const found = await Promise.all(group.map((hit) => this.ids(hit, range)));
        yield await this.#fetch(found.flatMap((shorts, at) => shorts.map((short) => lengthen(short, group[at]?.hour ?? 0))));
      }
    }
  }

  /** The short ids of one hit, newest first. */
  async ids(hit: Hit, range: Range): Promise<number[]> {
    return await this.#newest(hit, range, withinHour(range.below, hit.hour), hit.count);
  }

  // Private

  /** One hour that has more than a batch. */
  async *#long(hit: Hit, range: Range, batch: number): AsyncGenerator<StreamEntry[]> {
    let below = withinHour(range.below, hit.hour);
    for (;;) {
      const found = await this.#newest(hit, range, below, batch);
      const last = found.at(-1);
      if (last === undefined) return;
      yield await this.#fetch(found.map((short) => lengthen(short, hit.hour)));
      if (found.length < batch) return;
      below = last;
    }
  }

  async #lists(condition: Condition, hour: number): Promise<Hit["lists"]> {
    return await Promise.all(
      condition.map(async ({ field, words }) => {
        if (typeof words !== "function") return { field, words: indexWords(words) };
        const known = await this.#store.ask(["HKEYS", this.#keys.postings(this.source, hour, field)[0]]);
        const there = Array.isArray(known) ? known.map(String) : [];
        return { field, words: there.flatMap((name) => (name.startsWith("=") && words(name.slice(1)) ? [name.slice(1)] : [])) };
      }),
    );
  }

  async #counts(asked: readonly { hour: number; lists: Hit["lists"] }[], range: Range): Promise<number[]> {
    const keys: string[] = [];
    const args: string[] = [];
    for (const { hour, lists } of asked) {
      const [from, below] = [withinHour(range.from, hour), endOf(range, hour)];
      for (const { field, words } of lists) {
        keys.push(...this.#keys.postings(this.source, hour, field));
        args.push(String(from), String(below), String(words.length), ...words);
      }
    }
    if (keys.length === 0) return [];
    const reply = await this.#store.run(COUNT, keys, args);
    const counts = Array.isArray(reply) ? reply.map(Number) : [];
    let at = 0;
    return asked.map(({ lists }) => lists.reduce((sum) => sum + (counts[at++] ?? 0), 0));
  }

  /** Short ids, newest first, each once. */
  async #newest(hit: Hit, range: Range, below: number, most: number): Promise<number[]> {
    const from = withinHour(range.from, hit.hour);
    const found = new Set<number>();
    const replies = await Promise.all(
      hit.lists
        .filter(({ words }) => words.length > 0)
        .map(({ field, words }) =>
          this.#store.run(NEWEST, this.#keys.postings(this.source, hit.hour, field), [String(below), String(most), ...words]),
        ),
    );
    for (const text of replies.flat().map(String))
      for (let at = 0; at < text.length; at += WIDTH) found.add(Number.parseInt(text.slice(at, at + WIDTH), 36));
    return [...found]
      .filter((short) => short >= from)
      .sort((a, b) => b - a)
      .slice(0, most);
  }

  async #fetch(ids: readonly string[]): Promise<StreamEntry[]> {
    if (ids.length === 0) return [];
    return entriesOf(await this.#store.run(FETCH, [this.#keys.stream(this.source)], ids));
  }
}

/** What of the range the index answers, and what is read from the stream before and after it. */
export function partsOf(range: Range, { first, indexed, hours }: Standing): { fresh: Range; indexed: Range; old: Range } {
  const from = first === null ? range.below : newer(range.from, first);
  const oldest = hours[0] === undefined ? nextId(indexed) : `${hours[0]}-0`;
  const start = older(newer(from, nextId(indexed)), range.below);
  return {
    fresh: { from: start, below: range.below },
    indexed: { from: newer(from, oldest), below: older(range.below, nextId(indexed)) },
    old: { from, below: older(older(range.below, oldest), nextId(indexed)) },
  };
}

export function sumOf(hits: readonly Hit[]): number {
  return hits.reduce((sum, { count }) => sum + count, 0);
}

/** Those with anything of the range in them. */
export function hoursWithin(range: Range, hours: readonly number[]): number[] {
  return hours.filter((hour) => hour + HOUR > millisecondOf(range.from) && hour <= hourOf(range.below));
}

// Private

const PART = readFileSync(new URL("./postings.part.lua", import.meta.url), "utf8");
const script = (name: string): ReturnType<typeof defineScript> =>
  defineScript(`${PART}\n${readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8")}`);
const NEWEST = script("newest");
const COUNT = script("count");
const FETCH = script("fetch");

/** Hours with few entries share a round trip. */
function grouped(hits: readonly Hit[], batch: number): Hit[][] {
  const groups: Hit[][] = [];
  let sum = Number.POSITIVE_INFINITY;
  for (const hit of hits) {
    sum += hit.count;
    if (sum <= batch) groups.at(-1)?.push(hit);
    else {
      groups.push([hit]);
      sum = hit.count;
    }
  }
  return groups;
}

/** -1: the whole hour, nothing to be searched for. */
function endOf(range: Range, hour: number): number {
  return millisecondOf(range.below) >= hour + HOUR ? -1 : withinHour(range.below, hour);
}

export function entriesOf(reply: Reply): StreamEntry[] {
  return Array.isArray(reply) ? reply.flatMap(entryOf) : [];
}

function entryOf(reply: Reply): StreamEntry[] {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) return [];
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < reply[1].length; at += 2) fields[String(reply[1][at])] = String(reply[1][at + 1]);
  return [{ id: String(reply[0]), fields }];
}
