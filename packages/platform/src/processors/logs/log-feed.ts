/**
 * Logs and events as they come, for everybody who watches: one look at both streams brings what is new, each entry once, in the order of
 * the streams. A burst is not waited for: beyond so many entries of one look the newest are brought and the others counted.
 */
import { readRecord, type Reply, type Store, type TelemetryRecord } from "@tidegate/streams";
import { compareIds } from "./entry-ids.ts";
import { SOURCES, type LogKeys, type Source } from "./log-keys.ts";
import { entriesOf } from "./source.ts";
import type { StreamEntry } from "../pages.ts";

export interface NewLogs {
  /** Oldest first. */
  readonly records: readonly TelemetryRecord[];
  /** Left out. */
  readonly skipped: number;
}

/** Entries of one look and stream. */
const MOST = 2_000;

interface End {
  /** Of the newest entry seen. */
  readonly id: string;
  /** All entries the stream ever had, then. */
  readonly added: number;
}

export class LogFeed {
  readonly #store: Store;
  readonly #keys: LogKeys;
  readonly #ends = new Map<Source, End>();

  constructor(store: Store, keys: LogKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /** What is there now is old. */
  async begin(): Promise<void> {
    for (const source of SOURCES) this.#ends.set(source, await this.#end(source));
  }

  /** What came since the last look. */
  async look(): Promise<NewLogs> {
    const found = await Promise.all(SOURCES.map((source) => this.#news(source)));
    const records = found.flatMap(({ records: some }) => some).sort((a, b) => compareIds(a.id, b.id));
    return { records, skipped: found.reduce((sum, { skipped }) => sum + skipped, 0) };
  }

  // Private

  async #news(source: Source): Promise<NewLogs> {
    const [seen, end] = [this.#ends.get(source), await this.#end(source)];
    this.#ends.set(source, end);
    if (seen === undefined || seen.id === end.id) return { records: [], skipped: 0 };
    // The stream was deleted and has begun anew.
    const from = compareIds(end.id, seen.id) < 0 ? "-" : `(${seen.id}`;
    const entries = await this.#newest(source, from, end.id);
    const came = from === "-" ? entries.length : end.added - seen.added;
    return { records: entries.map(({ id, fields }) => readRecord(id, fields)), skipped: Math.max(0, came - entries.length) };
  }

  async #newest(source: Source, from: string, to: string): Promise<StreamEntry[]> {
    const reply = await this.#store.ask(["XREVRANGE", this.#keys.stream(source), to, from, "COUNT", String(MOST)]);
    return entriesOf(reply).reverse();
  }

  async #end(source: Source): Promise<End> {
    const info = await this.#store.ask(["XINFO", "STREAM", this.#keys.stream(source)]).catch((error: unknown): Reply => {
      if (error instanceof Error && error.message.includes("no such key")) return [];
      throw error;
    });
    if (!Array.isArray(info) || info.length === 0) return { id: "0-0", added: 0 };
    const told = info.map(String);
    const of = (name: string): string => told[told.indexOf(name) + 1] ?? "";
    return { id: of("last-generated-id"), added: Number(of("entries-added")) };
  }
}
