/**
 * Finds where a message was published, from nothing but its id. A UUIDv7 says when it was made, so only the entries around that time are
 * looked at; `<stream>/<entry id>` and an entry id name their place; an id without a time is looked for among the newest entries.
 * Every search is bounded: what is not found may still be there, far back in a long topic.
 */
import type { Finder } from "../dead-letters/finder.ts";
import type { Keys } from "../keys.ts";
import { timeOf } from "../message/entry-id.ts";
import { PRIORITIES } from "../message/message.ts";
import type { Origin } from "../redis/history-record.ts";
import type { Link } from "../redis/link.ts";
import { entries } from "../redis/shapes.ts";
import type { DeadLetter } from "../views.ts";

export interface FoundMessage {
  readonly topic: string;
  readonly origin: Origin;
}

export interface MessageFinderDeps {
  readonly link: Link;
  readonly keys: Keys;
  readonly finder: Finder;
  readonly topics: () => Promise<readonly string[]>;
}

/** Entries read at once, entries looked at in one lane and direction, and dead letters looked at. */
const PAGE = 100;
const MOST = 20_000;
const MOST_LETTERS = 10_000;
/** Milliseconds a producer's clock may be ahead, a publish may take at first, and after many repetitions. */
const AHEAD = 5_000;
const SOON = 15_000;
const LATE = 600_000;

interface Stretch {
  readonly from: string;
  readonly to: string;
  readonly reverse?: boolean;
}

export class MessageFinder {
  readonly #deps: MessageFinderDeps;

  constructor(deps: MessageFinderDeps) {
    this.#deps = deps;
  }

  async find(id: string, topic?: string): Promise<FoundMessage | null> {
    const named = placeOf(id);
    if (named !== null) return this.#named(named);
    const topics = topic === undefined ? await this.#deps.topics() : [topic];
    for (const stretch of stretches(id)) {
      const found = await Promise.all(topics.map((one) => this.#inTopic(one, id, stretch)));
      const first = found.find((one) => one !== null);
      if (first !== undefined) return first;
    }
    return ENTRY_ID.test(id) ? null : await this.#dead(id, topic);
  }

  /** Its letters, where the history no longer names them: whatever died since it was published. */
  async letters({ stream, entryId }: Origin): Promise<DeadLetter[]> {
    const of = (letter: DeadLetter): boolean => letter.originalStream === stream && letter.originalId === entryId;
    return await this.#among(timeOf(entryId) - AHEAD, of, Infinity);
  }

  // Private

  #named({ stream, entryId }: { stream: string; entryId: string }): FoundMessage | null {
    const topic = this.#deps.keys.topicOf(stream);
    if (topic === null) return null;
    return { topic, origin: { stream, lane: this.#lane(topic, stream), entryId } };
  }

  async #inTopic(topic: string, id: string, stretch: Stretch): Promise<FoundMessage | null> {
    const lanes = PRIORITIES.map(async (lane) => {
      const stream = this.#deps.keys.lane(topic, lane);
      const entryId = await this.#inLane(stream, id, stretch);
      return entryId === null ? null : { topic, origin: { stream, lane, entryId } };
    });
    return (await Promise.all(lanes)).find((one) => one !== null) ?? null;
  }

  async #inLane(stream: string, id: string, { from, to, reverse = false }: Stretch): Promise<string | null> {
    let [start, end] = [from, to];
    for (let looked = 0; looked < MOST; looked += PAGE) {
      const range = reverse ? ["XREVRANGE", stream, end, start] : ["XRANGE", stream, start, end];
      const page = entries(await this.#deps.link.ask([...range, "COUNT", String(PAGE)]));
      const found = page.find((entry) => entry.id === id || entry.fields["message_id"] === id);
      if (found !== undefined) return found.id;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return null;
      if (reverse) end = `(${last.id}`;
      else start = `(${last.id}`;
    }
    return null;
  }

  /** Retention may have taken the entry; its letter keeps where it was. */
  async #dead(id: string, topic: string | undefined): Promise<FoundMessage | null> {
    const is = (letter: DeadLetter): boolean =>
      (topic === undefined || letter.topic === topic) && (letter.message?.messageId ?? letter.raw["message_id"]) === id;
    const made = madeAt(id);
    const since = made === null ? [] : await this.#among(made - AHEAD, is, 1);
    const [letter] = since.length > 0 ? since : await this.#among(null, is, 1);
    return letter === undefined ? null : this.#named({ stream: letter.originalStream, entryId: letter.originalId });
  }

  async #among(since: number | null, wanted: (letter: DeadLetter) => boolean, most: number): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    let looked = 0;
    const pages = since === null ? this.#deps.finder.pages({}, { reverse: true }) : this.#deps.finder.pages({ from: Math.max(0, since) });
    for await (const letters of pages) {
      found.push(...letters.filter(wanted));
      looked += letters.length;
      if (looked >= MOST_LETTERS || found.length >= most) break;
    }
    return found;
  }

  #lane(topic: string, stream: string): string {
    return PRIORITIES.find((lane) => this.#deps.keys.lane(topic, lane) === stream) ?? "normal";
  }
}

// Private

const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** What a message without an id of its own is called. */
function placeOf(id: string): { stream: string; entryId: string } | null {
  const slash = id.lastIndexOf("/");
  const entryId = id.slice(slash + 1);
  return slash > 0 && ENTRY_ID.test(entryId) ? { stream: id.slice(0, slash), entryId } : null;
}

/** Unix milliseconds in a UUIDv7 (RFC 9562 §5.7). */
function madeAt(id: string): number | null {
  return UUID_V7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}

/** Where to look, the likeliest first. */
function stretches(id: string): Stretch[] {
  if (ENTRY_ID.test(id)) return [{ from: id, to: id }];
  const made = madeAt(id);
  if (made === null) return [{ from: "-", to: "+", reverse: true }];
  const at = (ms: number): string => String(Math.max(0, made + ms));
  return [
    { from: at(0), to: at(SOON) },
    { from: at(-AHEAD), to: at(-1), reverse: true },
    { from: at(SOON + 1), to: at(LATE) },
    // A clock was further off than that.
    { from: "-", to: "+", reverse: true },
  ];
}
