/**
 * What was last read of each stream, shared by the groups of this process: under load they follow each other closely, and reading and
 * decoding an entry costs more than most of what is done with it. Only what a stream certainly contains is answered, and each entry is
 * decoded once: `recordOf`.
 */
import { readRecord, type Reply, type Store, type TelemetryRecord } from "@tidegate/streams";

export interface StreamEntry {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Pages of one stream that are kept, and for how many milliseconds. */
const KEPT = 8;
const FRESH = 2_000;

export class Pages {
  readonly #pages = new Map<string, Page[]>();

  /** The entries behind `id`, at most `count`. `end`: there were no more when they were read. */
  async after(store: Store, stream: string, id: string, count: number): Promise<{ entries: readonly StreamEntry[]; end: boolean }> {
    const known = this.#pages.get(stream) ?? [];
    const since = performance.now() - FRESH;
    for (const page of known) {
      const rest = page.readAt > since ? page.after(id) : null;
      if (rest !== null) return { entries: rest.slice(0, count), end: false };
    }
    const reply = await store.ask(["XRANGE", stream, `(${id}`, "+", "COUNT", String(count)]);
    const entries = Array.isArray(reply) ? reply.flatMap(entryOf) : [];
    if (entries.length === count) this.#pages.set(stream, [new Page(id, entries), ...known].slice(0, KEPT));
    return { entries, end: entries.length < count };
  }
}

export function entryOf(reply: Reply): StreamEntry[] {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) return [];
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < reply[1].length; at += 2) fields[String(reply[1][at])] = String(reply[1][at + 1]);
  return [{ id: String(reply[0]), fields }];
}

/** Decoded once for all who ask. */
export function recordOf(entry: StreamEntry): TelemetryRecord {
  let record = records.get(entry);
  if (record === undefined) records.set(entry, (record = readRecord(entry.id, entry.fields)));
  return record;
}

// Private

const records = new WeakMap<StreamEntry, TelemetryRecord>();

class Page {
  readonly readAt = performance.now();
  readonly #from: string;
  readonly #entries: readonly StreamEntry[];
  readonly #places = new Map<string, number>();

  constructor(from: string, entries: readonly StreamEntry[]) {
    this.#from = from;
    this.#entries = entries;
    for (const [place, { id }] of entries.entries()) this.#places.set(id, place);
  }

  /** Null where the page cannot tell, or has nothing behind it. */
  after(id: string): readonly StreamEntry[] | null {
    if (id === this.#from) return this.#entries;
    const place = this.#places.get(id);
    return place === undefined || place === this.#entries.length - 1 ? null : this.#entries.slice(place + 1);
  }
}
