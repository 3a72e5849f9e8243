/**
 * Follows one topic for everybody who watches it: one read per tick, each message encoded once.
 * It never falls behind: of a burst the newest rows are shown and the rest is counted as skipped.
 * Entry ids of different lanes may be equal, so what was seen is remembered per lane.
 */
import type { Message, Tide } from "@tidegate/streams";

const ROWS_PER_FLUSH = 100;
const SNAPSHOT_ROWS = 50;
/** One frame stays within what a slow line can take before the next one. */
const BYTES_PER_FLUSH = 1_048_576;

export interface TailBatch {
  /** JSON of messages, oldest first. */
  readonly rows: readonly string[];
  readonly skipped: number;
}

export class Tailer {
  readonly topic: string;
  readonly #tide: Tide;
  readonly #seen = new Map<string, string>();
  #recent: readonly string[] = [];
  /** Of the topic's `entriesAdded`, how many were shown or counted as skipped. */
  #accounted = 0;
  #behind = 0;
  #busy = false;

  constructor(tide: Tide, topic: string) {
    this.#tide = tide;
    this.topic = topic;
  }

  /** Rejects where the topic does not exist. */
  async start(): Promise<void> {
    const info = await this.#tide.streamInfo(this.topic);
    const last = new Map(info.lanes.map((lane) => [lane.stream, lane.lastEntryId ?? undefined]));
    const found = await this.#newest(SNAPSHOT_ROWS);
    // Rows that came between the two reads are shown already, so they count already.
    this.#accounted = info.entriesAdded + found.filter((message) => isAfter(message.entryId, last.get(message.stream))).length;
    this.#recent = withinBytes(found.map((message) => JSON.stringify(message)));
  }

  /** What a new watcher sees first; the batches after it continue without gap or repetition. */
  snapshot(): TailBatch {
    return { rows: this.#recent.slice(-SNAPSHOT_ROWS), skipped: 0 };
  }

  /**
   * Delivers what was published since the last call, if anything. `entriesAdded`: the topic's, as just sampled.
   * `deliver` runs in the same step as the snapshot changes: who takes a snapshot gets a batch never twice.
   */
  async flush(entriesAdded: number, deliver: (batch: TailBatch) => void): Promise<void> {
    this.#noticeReset(entriesAdded);
    const added = entriesAdded - this.#accounted;
    if (added <= 0 || this.#busy) return;
    this.#busy = true;
    try {
      const fresh = (await this.#newest(ROWS_PER_FLUSH)).map((message) => JSON.stringify(message));
      deliver(this.#account(withinBytes(fresh), Math.max(added, fresh.length)));
    } finally {
      this.#busy = false;
    }
  }

  /** One sample may be older than our start; two in a row mean that the topic was deleted and began anew. */
  #noticeReset(entriesAdded: number): void {
    this.#behind = entriesAdded < this.#accounted ? this.#behind + 1 : 0;
    if (this.#behind > 1) this.#accounted = 0;
  }

  #account(rows: readonly string[], added: number): TailBatch {
    this.#accounted += added;
    this.#recent = withinBytes([...this.#recent, ...rows].slice(-SNAPSHOT_ROWS));
    return { rows, skipped: added - rows.length };
  }

  /** Messages not seen before, oldest first. */
  async #newest(limit: number): Promise<Message[]> {
    const found: Message[] = [];
    for await (const message of this.#tide.read(this.topic, { reverse: true, limit })) {
      if (isAfter(message.entryId, this.#seen.get(message.stream))) found.push(message);
    }
    found.reverse();
    for (const message of found) this.#seen.set(message.stream, message.entryId);
    return found;
  }
}

// Private

function isAfter(id: string, seen: string | undefined): boolean {
  if (seen === undefined) return true;
  const [[time, sequence], [seenTime, seenSequence]] = [split(id), split(seen)];
  return time > seenTime || (time === seenTime && sequence > seenSequence);
}

function split(id: string): [bigint, bigint] {
  const [time, sequence] = id.split("-");
  return [BigInt(time ?? 0), BigInt(sequence ?? 0)];
}

/** The newest rows that fit; at least one, so that a single large message is still shown. */
function withinBytes(rows: readonly string[]): readonly string[] {
  let bytes = 0;
  let first = rows.length;
  while (first > 0) {
    bytes += rows[first - 1]?.length ?? 0;
    if (bytes > BYTES_PER_FLUSH && first < rows.length) break;
    first -= 1;
  }
  return rows.slice(first);
}
