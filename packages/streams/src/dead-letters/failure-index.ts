/**
 * The index of dead letters: per kind of failure a count with its first and last time, and the ids. Written by the scripts that
 * write and remove letters, so a question by topic, group, type, code or time reads kinds and never letters.
 * Letters of other programs are adopted here: the mark `~adopted` says up to where the stream was looked through, and moves on by
 * itself while only our own letters arrive.
 */
import type { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { entries, integer, list, record } from "../redis/shapes.ts";
import type { DeadLetterFilter, DeadLetterGroup } from "../views.ts";
import { kindOfLetter, letterOf } from "./letter.ts";
import { isSignature } from "./kind.ts";

export interface IndexDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  /** Who discards, as the history of the messages says. */
  readonly service: string;
}

/** What a signature stands for. */
type KindName = Pick<DeadLetterGroup, "signature" | "topic" | "group">;

export class FailureIndex {
  readonly #deps: IndexDeps;

  constructor(deps: IndexDeps) {
    this.#deps = deps;
  }

  /** Kinds that fit, whatever their times; every letter there is belongs to one of all. */
  async kinds(filter: DeadLetterFilter = {}): Promise<DeadLetterGroup[]> {
    const { link, keys } = this.#deps;
    const index = record(await link.ask(["HGETALL", keys.deadLetterIndex()]));
    const found: DeadLetterGroup[] = [];
    for (const [signature, packed] of Object.entries(index)) {
      const kind = isSignature(signature) ? unpacked(signature, packed) : null;
      if (kind !== null && fits(kind, filter)) found.push(kind);
    }
    return found;
  }

  /** Kinds that fit, counted within the filter's times. */
  async counted(filter: DeadLetterFilter): Promise<DeadLetterGroup[]> {
    const kinds = await this.kinds(filter);
    const within = await Promise.all(kinds.map((kind) => this.#within(kind, filter)));
    return within.filter((kind) => kind.count > 0).toSorted((a, b) => b.count - a.count || b.lastAt - a.lastAt);
  }

  /** Takes letters of other programs into the index. One command where there are none. */
  async adopt(): Promise<void> {
    const { link, scripts, keys } = this.#deps;
    for (;;) {
      const mark = await link.ask(["HGET", keys.deadLetterIndex(), "~adopted"]);
      const start = mark === null ? "-" : `(${String(mark)}`;
      const page = entries(await link.ask(["XRANGE", keys.deadLetters(), start, "+", "COUNT", String(ADOPTED)]));
      const last = page.at(-1);
      if (last === undefined) return;
      const names = [keys.deadLetters(), keys.deadLetterIndex()];
      const args = [mark === null ? "" : String(mark), last.id];
      for (const entry of page) {
        const letter = letterOf(entry, keys);
        if (letter === null) continue;
        const { signature, description } = kindOfLetter(letter);
        names.push(keys.deadLetterKind(signature));
        args.push(entry.id, signature, description);
      }
      // Refused when another process moved the mark meanwhile: the next round goes on from there.
      await scripts.run(link, "adopt", names, args);
    }
  }

  /** Which letters have gone without the index: trimmed or deleted by another program. */
  async forgetVanished(): Promise<void> {
    const { link, keys } = this.#deps;
    const kinds = await this.kinds();
    const length = integer(await link.ask(["XLEN", keys.deadLetters()]));
    if (kinds.reduce((sum, kind) => sum + kind.count, 0) <= length) return;
    const [oldest] = entries(await link.ask(["XRANGE", keys.deadLetters(), "-", "+", "COUNT", "1"]));
    const before = oldest === undefined ? Number.MAX_SAFE_INTEGER : Number(oldest.id.split("-")[0]);
    for (const kind of kinds) if (kind.firstAt < before) await this.expire(kind, before);
  }

  /** Drops what died before this time; answers how many letters there were. */
  async expire(kind: KindName, before: number): Promise<number> {
    const { link, scripts } = this.#deps;
    const names = this.#keysOf(kind);
    let expired = 0;
    for (;;) {
      const [dropped, seen] = list(await scripts.run(link, "expire", names, [kind.signature, String(before), String(EXPIRED), kind.group]));
      expired += integer(dropped);
      if (integer(seen) < EXPIRED) return expired;
    }
  }

  /** Drops letters of one kind; answers how many there were. */
  async discard(kind: KindName, ids: readonly string[], description = ""): Promise<number> {
    const { link, scripts, service } = this.#deps;
    const about = [kind.signature, description, kind.group, service];
    return integer(await scripts.run(link, "discard", this.#keysOf(kind), [...about, ...ids]));
  }

  /** Letters of one kind that died from `from` on and before `to`. */
  async countBetween(signature: string, from: number, to: number): Promise<number> {
    return integer(await this.#deps.link.ask(["ZCOUNT", this.#deps.keys.deadLetterKind(signature), String(from), `(${to}`]));
  }

  // Private

  /** A letter of another program may be of no topic of ours: then nobody counts it. */
  #keysOf({ signature, topic }: KindName): string[] {
    const { keys } = this.#deps;
    const index = [keys.deadLetters(), keys.deadLetterIndex(), keys.deadLetterKind(signature)];
    return keys.topicOf(keys.events(topic)) === topic ? [...index, keys.history(topic), keys.counts(topic)] : index;
  }

  async #within(kind: DeadLetterGroup, { from, to }: DeadLetterFilter): Promise<DeadLetterGroup> {
    if ((from ?? 0) <= kind.firstAt && (to ?? Infinity) >= kind.lastAt) return kind;
    const { link } = this.#deps;
    const key = this.#deps.keys.deadLetterKind(kind.signature);
    const [least, most] = [String(from ?? "-inf"), String(to ?? "+inf")];
    const [count, first, last] = await Promise.all([
      link.ask(["ZCOUNT", key, least, most]),
      link.ask(["ZRANGEBYSCORE", key, least, most, "LIMIT", "0", "1"]),
      link.ask(["ZREVRANGEBYSCORE", key, most, least, "LIMIT", "0", "1"]),
    ]);
    return { ...kind, count: integer(count), firstAt: timeIn(first), lastAt: timeIn(last) };
  }
}

/** Foreign letters taken in by one script call. */
const ADOPTED = 200;
/** Letters expired by one script call. */
const EXPIRED = 1_000;

// Private

function unpacked(signature: string, packed: string): DeadLetterGroup | null {
  const match = /^(\d+) (\d+) (\d+) (\{.*\})$/s.exec(packed);
  if (match === null) return null;
  const nothing = { topic: "", group: "", eventType: "", errorCode: "", errorMessage: "" };
  const facts = JSON.parse(match[4] ?? "{}") as Partial<typeof nothing>;
  return { ...nothing, ...facts, signature, count: Number(match[1]), firstAt: Number(match[2]), lastAt: Number(match[3]) };
}

function fits(kind: DeadLetterGroup, filter: DeadLetterFilter): boolean {
  if (filter.signature !== undefined && kind.signature !== filter.signature) return false;
  if (filter.topic !== undefined && kind.topic !== filter.topic) return false;
  if (filter.group !== undefined && kind.group !== filter.group) return false;
  if (filter.eventType !== undefined && kind.eventType !== filter.eventType) return false;
  if (filter.errorCode !== undefined && kind.errorCode !== filter.errorCode) return false;
  return kind.lastAt >= (filter.from ?? 0) && kind.firstAt <= (filter.to ?? Infinity);
}

function timeIn(reply: Parameters<typeof list>[0]): number {
  return Number(String(list(reply)[0] ?? "0").split("-")[0]);
}
