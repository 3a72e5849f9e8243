/**
 * `tide.history`: puts together what befell a message, from its entry, the records its topic's settle scripts keep, the attempts it
 * carries while it waits, its dead letters, and where it is now. Reads only.
 */
import type { Finder } from "../dead-letters/finder.ts";
import type { MessageHistory } from "../history.ts";
import { checkTopic, type Keys } from "../keys.ts";
import { timeOf } from "../message/entry-id.ts";
import type { Message } from "../message/message.ts";
import { placeIn, recordOf, type HistoryRecord, type Origin } from "../redis/history-record.ts";
import type { Link } from "../redis/link.ts";
import { entries, integer, list, table } from "../redis/shapes.ts";
import type { ReadOptions } from "../tide.ts";
import type { DeadLetter } from "../views.ts";
import { askOrNull } from "./absent.ts";
import { MessageFinder, type FoundMessage } from "./find-message.ts";
import { statesOf, storyOf, type Placed } from "./story.ts";
import { WhereaboutsView, type WhereaboutsDeps } from "./whereabouts.ts";

export interface HistoryDeps extends WhereaboutsDeps {
  readonly link: Link;
  readonly keys: Keys;
  readonly finder: Finder;
  readonly topics: () => Promise<readonly string[]>;
  readonly read: (topic: string, options: ReadOptions) => AsyncIterable<Message>;
}

/** Records read at once; a record is at most about 10 KB, the whole stream about 8 MiB. */
const PAGE = 200;
/** Milliseconds by which a server's clock may have gone back at a failover. */
const SLACK = 5_000;

export class HistoryView {
  readonly #deps: HistoryDeps;
  readonly #finder: MessageFinder;
  readonly #whereabouts: WhereaboutsView;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
    this.#finder = new MessageFinder(deps);
    this.#whereabouts = new WhereaboutsView(deps);
  }

  async of(messageId: string, topic?: string): Promise<MessageHistory | null> {
    const found = await this.#finder.find(messageId, topic === undefined ? undefined : checkTopic(topic));
    return found === null ? null : await this.#tell(messageId, found);
  }

  // Private

  async #tell(id: string, { topic, origin }: FoundMessage): Promise<MessageHistory | null> {
    const [stored, { records, covered }, groups, now] = await Promise.all([
      this.#message(topic, origin),
      this.#records(topic, origin),
      this.#whereabouts.of(topic, origin),
      this.#now(),
    ]);
    const letters = await this.#letters(origin, records, covered);
    const message = stored ?? letters.find((letter) => letter.message !== null)?.message ?? null;
    if (message === null && records.length === 0 && letters.length === 0 && groups.every((group) => group.held === null && !group.waits))
      return null;
    const states = statesOf({ origin, records, letters, groups });
    return {
      topic,
      messageId: message?.messageId ?? id,
      stream: origin.stream,
      entryId: origin.entryId,
      message: stored,
      traceId: /^\w\w-(\w{32})-/.exec(message?.traceparent ?? "")?.[1] ?? null,
      entries: storyOf({ origin, message, records, letters, groups, now }),
      groups: states,
      complete: covered && !Object.values(states).includes("unknown"),
    };
  }

  async #message(topic: string, { stream, entryId }: Origin): Promise<Message | null> {
    for await (const message of this.#deps.read(topic, { from: entryId, to: entryId })) if (message.stream === stream) return message;
    return null;
  }

  /** Those that name the message, by time; `covered` unless records as old as the message may have been trimmed. */
  async #records(topic: string, origin: Origin): Promise<{ records: Placed[]; covered: boolean }> {
    const key = this.#deps.keys.history(topic);
    const since = Math.max(0, timeOf(origin.entryId) - SLACK);
    const info = table(await askOrNull(this.#deps.link, ["XINFO", "STREAM", key]));
    const [oldest] = entries([info.get("first-entry") ?? null]);
    const trimmed = integer(info.get("entries-added")) > integer(info.get("length"));
    const found: Placed[] = [];
    const letters = new Set<string>();
    for (let start = String(since); ;) {
      const page = entries(await this.#deps.link.ask(["XRANGE", key, start, "+", "COUNT", String(PAGE)]));
      for (const record of page.map(recordOf)) {
        const place = placeIn(record, origin);
        if (place === -1 && !isAboutLetter(record, letters) && !concerns(record, origin)) continue;
        if (record.act === "dead") letters.add(record.more);
        found.push({ ...record, place: Math.max(0, place), at: timeOf(record.id) });
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      start = `(${last.id}`;
    }
    return { records: found, covered: !trimmed || oldest === undefined || timeOf(oldest.id) <= timeOf(origin.entryId) };
  }

  /** Letters that are still there. */
  async #letters(origin: Origin, records: readonly Placed[], covered: boolean): Promise<DeadLetter[]> {
    if (!covered) return await this.#finder.letters(origin);
    const ids = records.filter(({ act }) => act === "dead").map(({ more }) => more);
    const found: DeadLetter[] = [];
    if (ids.length > 0) for await (const page of this.#deps.finder.pages({ ids })) found.push(...page);
    return found;
  }

  async #now(): Promise<number> {
    const [seconds, micros] = list(await this.#deps.link.ask(["TIME"]));
    return integer(seconds) * 1_000 + Math.floor(integer(micros) / 1_000);
  }
}

// Private

/** What was done to letters together names only the letters. */
function isAboutLetter({ act, more }: HistoryRecord, letters: ReadonlySet<string>): boolean {
  return (act === "discarded" || act === "expired") && more.split(" ").some((id) => letters.has(id));
}

/** A group that is moved leaves out what it had not read, and reads again what is behind the new position. */
function concerns({ id, act }: HistoryRecord, { entryId }: Origin): boolean {
  return act === "moved" && timeOf(id) >= timeOf(entryId);
}
