/** Read-only views of topics: what exists, how long it is, who reads it, and its entries in time order. */
import { TidegateError } from "../errors.ts";
import { checkTopic, type Keys } from "../keys.ts";
import { decode, isMarker } from "../message/decode.ts";
import { compareIds, rangeBound } from "../message/entry-id.ts";
import { PRIORITIES, type Message, type Priority } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import { entries, entry, integer, table, type Entry } from "../redis/shapes.ts";
import type { ReadOptions } from "../tide.ts";
import type { LaneInfo, StreamInfo } from "../views.ts";
import type { GroupViews } from "./groups.ts";
import type { TopicNames } from "./topic-names.ts";

export class TopicViews {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #groups: GroupViews;
  readonly #names: TopicNames;

  constructor(link: Link, keys: Keys, groups: GroupViews, names: TopicNames) {
    this.#link = link;
    this.#keys = keys;
    this.#groups = groups;
    this.#names = names;
  }

  names(): Promise<readonly string[]> {
    return this.#names.all();
  }

  async info(topic: string): Promise<StreamInfo> {
    const lanes = await this.#lanes(topic);
    const [groups, first, last] = await Promise.all([this.#groups.ofTopic(topic), this.#edge(topic, false), this.#edge(topic, true)]);
    return {
      topic,
      stream: this.#keys.events(topic),
      length: lanes.reduce((sum, lane) => sum + lane.length, 0),
      entriesAdded: lanes.reduce((sum, lane) => sum + lane.entriesAdded, 0),
      firstEntry: first,
      lastEntry: last,
      lanes,
      groups,
    };
  }

  /** Pages through all lanes at once and merges them by entry id. */
  async *read(topic: string, options: ReadOptions = {}): AsyncGenerator<Message> {
    checkTopic(topic);
    const reverse = options.reverse === true;
    const bounds = { from: rangeBound(options.from, "-"), to: rangeBound(options.to, "+") };
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const cursors = PRIORITIES.map(
      (lane) => new LaneCursor(this.#link, this.#keys.lane(topic, lane), lane, bounds, reverse, Math.min(limit, 200)),
    );
    if (!reverse && bounds.to === "+") await Promise.all(cursors.map((cursor) => cursor.endHere()));
    for (let count = 0; count < limit;) {
      await Promise.all(cursors.map((cursor) => cursor.fill()));
      const next = smallest(cursors, reverse);
      if (next === undefined) return;
      const message = toMessage(topic, next.lane, next.key, next.take());
      if (message === null) continue;
      count++;
      yield message;
    }
  }

  async remove(topic: string): Promise<boolean> {
    const groups = await this.#groups.ofTopic(checkTopic(topic));
    const keys = PRIORITIES.map((lane) => this.#keys.lane(topic, lane));
    for (const { group } of groups)
      keys.push(
        this.#keys.retries(topic, group),
        this.#keys.held(topic, group),
        this.#keys.retryEvents(topic, group),
        this.#keys.position(topic, group),
      );
    keys.push(this.#keys.groupSigns(topic), this.#keys.config(topic), this.#keys.counts(topic), this.#keys.history(topic));
    await this.#link.ask(["SET", this.#keys.removed(topic), "1", "PX", "3600000"]);
    const gone = integer(await this.#link.ask(["DEL", ...keys]));
    this.#names.forget();
    return gone > 0;
  }

  // Private

  async #lanes(topic: string): Promise<LaneInfo[]> {
    checkTopic(topic);
    const own = await this.#groups.lanes(topic);
    const lanes = await Promise.all(PRIORITIES.map((priority) => this.#lane(this.#keys.lane(topic, priority), priority)));
    if (lanes.every((lane) => lane === null)) throw unknownTopic(topic);
    return PRIORITIES.flatMap((priority, index) => {
      const lane = lanes[index] ?? empty(this.#keys.lane(topic, priority), priority);
      return own.includes(priority) || lane.length > 0 ? [lane] : [];
    });
  }

  async #lane(key: string, priority: Priority): Promise<LaneInfo | null> {
    try {
      const info = table(await this.#link.ask(["XINFO", "STREAM", key]));
      const length = integer(info.get("length"));
      const last = entry(info.get("last-entry"));
      return { priority, stream: key, length, lastEntryId: last?.id ?? null, entriesAdded: integer(info.get("entries-added")) };
    } catch (error) {
      if (error instanceof RedisFault && error.message.includes("no such key")) return null;
      throw error;
    }
  }

  async #edge(topic: string, reverse: boolean): Promise<Message | null> {
    for await (const message of this.read(topic, { limit: 1, reverse })) return message;
    return null;
  }
}

function unknownTopic(topic: string): TidegateError {
  return new TidegateError("UNKNOWN_TOPIC", `There is no topic "${topic}".`, { hint: "See what there is: tidegate topic ls" });
}

/** An undecodable entry is shown as it is, not hidden. */
function toMessage(topic: string, lane: Priority, stream: string, { id, fields }: Entry): Message | null {
  if (isMarker(fields)) return null;
  const place = { topic, stream, entryId: id, lane };
  try {
    return decode(fields, place);
  } catch {
    const { event_type: type, ...rest } = fields;
    return decode({ event_type: type === undefined || type === "" ? "(undecodable)" : type, data: JSON.stringify(rest) }, place);
  }
}

function empty(stream: string, priority: Priority): LaneInfo {
  return { priority, stream, length: 0, lastEntryId: null, entriesAdded: 0 };
}

class LaneCursor {
  readonly key: string;
  readonly lane: Priority;
  readonly #link: Link;
  readonly #reverse: boolean;
  readonly #page: number;
  #from: string;
  #to: string;
  #entries: Entry[] = [];
  #over = false;

  constructor(link: Link, key: string, lane: Priority, bounds: { from: string; to: string }, reverse: boolean, page: number) {
    this.#link = link;
    this.key = key;
    this.lane = lane;
    this.#from = bounds.from;
    this.#to = bounds.to;
    this.#reverse = reverse;
    this.#page = page;
  }

  get head(): string | undefined {
    return this.#entries[0]?.id;
  }

  take(): Entry {
    return this.#entries.shift() as Entry;
  }

  /** A reader that is slower than the publishers must come to an end as well. */
  async endHere(): Promise<void> {
    const [last] = entries(await this.#link.ask(["XREVRANGE", this.key, "+", "-", "COUNT", "1"]));
    if (last === undefined) this.#over = true;
    else this.#to = last.id;
  }

  async fill(): Promise<void> {
    if (this.#entries.length > 0 || this.#over) return;
    const range = this.#reverse ? ["XREVRANGE", this.key, this.#to, this.#from] : ["XRANGE", this.key, this.#from, this.#to];
    this.#entries = entries(await this.#link.ask([...range, "COUNT", String(this.#page)]));
    this.#over = this.#entries.length < this.#page;
    const last = this.#entries.at(-1)?.id;
    if (last === undefined) return;
    if (this.#reverse) this.#to = `(${last}`;
    else this.#from = `(${last}`;
  }
}

function smallest(cursors: readonly LaneCursor[], reverse: boolean): LaneCursor | undefined {
  let best: LaneCursor | undefined;
  for (const cursor of cursors) {
    if (cursor.head === undefined) continue;
    if (best?.head === undefined || compareIds(cursor.head, best.head) < 0 !== reverse) best = cursor;
  }
  return best;
}
