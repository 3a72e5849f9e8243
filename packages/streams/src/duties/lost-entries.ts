/**
 * Notices what Redis itself lost: a lane whose last id goes back was deleted, flushed, or is that of a replica that lagged behind
 * when it took over. The count is what stood there at the last look and is gone; what came and went between two looks nobody knows.
 * Recovery of the groups is not done here: consumers do that when they next read.
 */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import { compareIds } from "../message/entry-id.ts";
import { PRIORITIES } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer, list } from "../redis/shapes.ts";
import type { Service } from "../service.ts";
import type { Notice } from "../tide.ts";
import { Loop } from "./loop.ts";

export interface LostEntriesDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly topics: () => Iterable<string>;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

/** What is known of a lane. */
interface Mark {
  readonly length: number;
  readonly added: number;
  readonly last: string;
  readonly first: string;
}

/** Short, because what comes and goes between two looks is not counted. */
const EVERY = 2_000;
/** Newer entries are counted up to this many. */
const COUNTED = "10000";
const NOTHING: Mark = { length: 0, added: 0, last: "0-0", first: "0-0" };

export class LostEntries implements Service {
  readonly #deps: LostEntriesDeps;
  readonly #loop: Loop;
  readonly #marks = new Map<string, Mark>();

  constructor(deps: LostEntriesDeps) {
    this.#deps = deps;
    this.#loop = new Loop("lost entries", () => this.#run(), deps);
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #run(): Promise<number> {
    const { link, scripts, keys } = this.#deps;
    if (!link.up) return EVERY;
    for (const topic of this.#deps.topics()) {
      const lanes = PRIORITIES.map((lane) => keys.lane(topic, lane));
      const ends = list(await scripts.run(link, "lane-ends", lanes, [])).map(markOf);
      for (const [index, key] of lanes.entries()) await this.#look(topic, key, ends[index] ?? NOTHING);
    }
    return EVERY;
  }

  async #look(topic: string, key: string, now: Mark): Promise<void> {
    const then = this.#marks.get(key);
    this.#marks.set(key, now);
    if (then === undefined || then.last === "0-0") return;
    const entries = await this.#lostOf(key, then, now);
    if (entries <= 0) return;
    if (integer(await this.#deps.link.call(["EXISTS", this.#deps.keys.removed(topic)])) === 0) this.#report(topic, key, then, now, entries);
  }

  async #lostOf(key: string, then: Mark, now: Mark): Promise<number> {
    if (then.last === now.last) return 0;
    // The old stream is gone, and perhaps a new one begun under its name.
    if (now.last === "0-0" || (now.added < then.added && compareIds(now.first, then.last) > 0)) return then.length;
    if (compareIds(now.last, then.last) < 0) return then.added - now.added;
    return await this.#lostBetween(key, then, now);
  }

  /** It went on beyond the old end. Lost is something only if that end is missing while older entries are there: retention takes those first. */
  async #lostBetween(key: string, then: Mark, now: Mark): Promise<number> {
    const { link, scripts } = this.#deps;
    if (compareIds(now.first, then.last) > 0) return 0;
    if (list(await link.call(["XRANGE", key, then.last, then.last])).length > 0) return 0;
    return then.added - (now.added - integer(await scripts.run(link, "count-after", [key], [then.last, COUNTED])));
  }

  #report(topic: string, stream: string, then: Mark, now: Mark, entries: number): void {
    this.#deps.notice({
      level: "error",
      code: "entries_lost",
      message: `Redis has lost at least ${entries} entries of ${stream}, acknowledged ones included: it ended at ${then.last} and now ends at ${now.last}.`,
      detail: { topic, stream, entries, before: then.last, now: now.last },
    });
  }
}

function markOf(row: Reply): Mark {
  const [length, added, last, first] = list(row);
  return { length: integer(length), added: integer(added), last: String(last), first: String(first) };
}
