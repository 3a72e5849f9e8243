/** The dead letters of a namespace: list, group, replay to the group that failed, discard. */
import { DEAD_LETTER_FIELDS } from "../consume/group-store.ts";
import { TidegateError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import { decode, decodeAttempts } from "../message/codec.ts";
import type { Message, Priority } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { entries, integer, type Entry } from "../redis/shapes.ts";
import type { DeadLetters } from "../tide.ts";
import type { DeadLetter, DeadLetterFilter, DeadLetterGroup, DeadLetterPage, ReplayJob } from "../views.ts";

/** Entries fetched at once while looking for matches. */
const PAGE = 200;
/** Newest dead letters `groups` looks at. */
const GROUPED = 10_000;

export class DeadLetterStore implements DeadLetters {
  readonly #link: Link;
  readonly #scripts: Scripts;
  readonly #keys: Keys;

  constructor(link: Link, scripts: Scripts, keys: Keys) {
    this.#link = link;
    this.#scripts = scripts;
    this.#keys = keys;
  }

  async count(): Promise<number> {
    return integer(await this.#link.ask(["XLEN", this.#keys.deadLetters()]));
  }

  async list(options: DeadLetterFilter & { limit?: number; cursor?: string } = {}): Promise<DeadLetterPage> {
    const limit = Math.min(Math.max(1, options.limit ?? 100), 1_000);
    const items: DeadLetter[] = [];
    let next: string | null = null;
    for await (const letter of this.#newestFirst(options, options.cursor)) {
      if (items.length === limit) {
        next = items.at(-1)?.id ?? null;
        break;
      }
      items.push(letter);
    }
    return { items, next, total: await this.count() };
  }

  async get(id: string): Promise<DeadLetter | null> {
    for await (const letter of this.#byIds([id])) return letter;
    return null;
  }

  async groups(filter: DeadLetterFilter = {}): Promise<readonly DeadLetterGroup[]> {
    const found = new Map<string, DeadLetterGroup>();
    let seen = 0;
    for await (const letter of this.#newestFirst(filter)) {
      if (++seen > GROUPED) break;
      const eventType = typeOf(letter);
      const key = JSON.stringify([letter.topic, letter.group, eventType, letter.errorCode, signature(letter.errorMessage)]);
      const before = found.get(key);
      found.set(key, {
        signature: key,
        topic: letter.topic,
        group: letter.group,
        eventType,
        errorCode: letter.errorCode,
        errorMessage: before?.errorMessage ?? letter.errorMessage,
        count: (before?.count ?? 0) + 1,
        firstAt: letter.failedAt,
        lastAt: before?.lastAt ?? letter.failedAt,
      });
    }
    return [...found.values()].toSorted((a, b) => b.count - a.count);
  }

  async replay(filter: DeadLetterFilter): Promise<{ replayed: number; skipped: number }> {
    let [replayed, skipped] = [0, 0];
    for (const letter of await this.#snapshot(filter)) {
      if (await this.#replayOne(letter)) replayed++;
      else skipped++;
    }
    return { replayed, skipped: skipped + (filter.ids === undefined ? 0 : Math.max(0, filter.ids.length - replayed - skipped)) };
  }

  async discard(filter: DeadLetterFilter): Promise<{ discarded: number }> {
    let discarded = 0;
    for (const { id } of await this.#snapshot(filter)) discarded += integer(await this.#link.ask(["XDEL", this.#keys.deadLetters(), id]));
    return { discarded };
  }

  iterate(_filter: DeadLetterFilter = {}): AsyncIterableIterator<DeadLetter> {
    throw new Error("not built yet");
  }

  startReplay(_filter: DeadLetterFilter): Promise<ReplayJob> {
    throw new Error("not built yet");
  }

  jobs(): Promise<readonly ReplayJob[]> {
    throw new Error("not built yet");
  }

  job(_id: string): Promise<ReplayJob | null> {
    throw new Error("not built yet");
  }

  cancelJob(_id: string): Promise<ReplayJob> {
    throw new Error("not built yet");
  }

  // Private

  async #replayOne(letter: DeadLetter): Promise<boolean> {
    const keys = [this.#keys.deadLetters(), this.#keys.retryEvents(letter.topic, letter.group)];
    const args = [letter.id, letter.group, `${letter.originalStream}/${letter.originalId}`, ...DEAD_LETTER_FIELDS, "failed_at"];
    return integer(await this.#scripts.run(this.#link, "replay", keys, args)) === 1;
  }

  /** What matches now; letters that die during a replay must not be replayed by it again. */
  async #snapshot(filter: DeadLetterFilter): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    for await (const letter of this.#newestFirst(filter)) found.push(letter);
    return found.reverse();
  }

  #newestFirst(filter: DeadLetterFilter, before?: string): AsyncGenerator<DeadLetter> {
    return filter.ids === undefined ? this.#scan(filter, before) : this.#byIds(filter.ids, filter);
  }

  async *#scan(filter: DeadLetterFilter, before?: string): AsyncGenerator<DeadLetter> {
    for (let end = before === undefined ? "+" : `(${checkId(before)}`; ;) {
      const page = entries(await this.#link.ask(["XREVRANGE", this.#keys.deadLetters(), end, "-", "COUNT", String(PAGE)]));
      for (const found of page) {
        const letter = this.#letter(found);
        if (letter !== null && matches(letter, filter)) yield letter;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      end = `(${last.id}`;
    }
  }

  async *#byIds(ids: readonly string[], filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter> {
    for (const id of ids) {
      const [found] = entries(await this.#link.ask(["XRANGE", this.#keys.deadLetters(), checkId(id), id]));
      const letter = found === undefined ? null : this.#letter(found);
      if (letter !== null && matches(letter, filter)) yield letter;
    }
  }

  #letter({ id, fields }: Entry): DeadLetter | null {
    const stream = fields["original_stream"];
    const group = fields["group"];
    if (stream === undefined || group === undefined) return null;
    const topic = this.#keys.topicOf(stream) ?? stream;
    const originalId = fields["original_id"] ?? "0-0";
    return {
      id,
      topic,
      group,
      originalStream: stream,
      originalId,
      consumer: fields["consumer"] ?? "",
      failedAt: Math.round(Number(fields["failed_at"] ?? 0) * 1000),
      errorCode: fields["error_code"] ?? "",
      errorMessage: fields["error_message"] ?? "",
      errorStack: fields["error_stack"] === "" ? null : (fields["error_stack"] ?? null),
      attempts: decodeAttempts(fields["attempts"]),
      message: messageOf(original(fields), topic, stream, originalId),
      raw: fields,
    };
  }
}

function checkId(id: string): string {
  if (/^\d{1,20}-\d{1,20}$/.test(id)) return id;
  throw new TidegateError("UNKNOWN_DEAD_LETTER", `${JSON.stringify(id)} is not the id of a dead letter.`, {
    hint: "See them: tidegate dlq ls",
  });
}

function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  if (filter.topic !== undefined && letter.topic !== filter.topic) return false;
  if (filter.group !== undefined && letter.group !== filter.group) return false;
  if (filter.errorCode !== undefined && letter.errorCode !== filter.errorCode) return false;
  return filter.eventType === undefined || typeOf(letter) === filter.eventType;
}

function typeOf(letter: DeadLetter): string {
  return letter.message?.type ?? letter.raw["event_type"] ?? "";
}

/** The same failure with other numbers and ids in its text is the same failure. */
function signature(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|0x[0-9a-f]+|\d+/gi, "#");
}

/** The fields as they were before death. */
function original(fields: Record<string, string>): Record<string, string> {
  const added = new Set<string>([...DEAD_LETTER_FIELDS, "failed_at"]);
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields))
    if (!added.has(name)) result[name.startsWith("original.") ? name.slice(9) : name] = value;
  return result;
}

function messageOf(fields: Record<string, string>, topic: string, stream: string, entryId: string): Message | null {
  const suffix = stream.slice(stream.lastIndexOf(":") + 1);
  const lane: Priority = suffix === "critical" || suffix === "high" || suffix === "low" ? suffix : "normal";
  try {
    return decode(fields, { topic, stream, entryId, lane });
  } catch {
    return null;
  }
}
