/**
 * Walks the ids of one kind in either direction, page by page, in the order of the stream. The zset orders ids of one millisecond
 * as texts (`…-10` before `…-2`), so a millisecond is always read as a whole and sorted here.
 */
import { compareIds, timeOf } from "../message/entry-id.ts";
import type { Link } from "../redis/link.ts";
import { list } from "../redis/shapes.ts";

/** Ids between, exclusive where they are cursors; times inclusive. */
export interface Span {
  readonly reverse: boolean;
  /** Where the page before ended: only what comes after it in this direction. */
  readonly after: string | undefined;
  /** Last id that belongs to it (forwards only). */
  readonly until: string | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Ids read at once. */
  readonly page: number;
}

export class KindCursor {
  readonly signature: string;
  readonly #link: Link;
  readonly #key: string;
  readonly #span: Span;
  #buffer: string[] = [];
  #at = 0;
  #bound: string;
  #done = false;

  constructor(link: Link, key: string, signature: string, span: Span) {
    this.#link = link;
    this.#key = key;
    this.signature = signature;
    this.#span = span;
    const { reverse, after, from, to } = span;
    this.#bound = after === undefined ? String((reverse ? to : from) ?? (reverse ? "+inf" : "-inf")) : String(timeOf(after));
  }

  /** The next id without taking it; null at the end. */
  async peek(): Promise<string | null> {
    while (this.#at >= this.#buffer.length && !this.#done) await this.#fill();
    return this.#buffer[this.#at] ?? null;
  }

  take(): void {
    this.#at++;
  }

  // Private

  async #fill(): Promise<void> {
    const { reverse, page } = this.#span;
    let ids = await this.#range(this.#bound, this.#farEnd(), page);
    const last = ids.at(-1);
    this.#done = ids.length < page || last === undefined;
    if (!this.#done && last !== undefined) {
      const time = String(timeOf(last));
      ids = [...ids.filter((id) => timeOf(id) !== Number(time)), ...(await this.#range(time, time))];
      this.#bound = `(${time}`;
    }
    this.#at = 0;
    this.#buffer = ids.filter((id) => this.#belongs(id)).toSorted((a, b) => (reverse ? compareIds(b, a) : compareIds(a, b)));
  }

  #farEnd(): string {
    const { reverse, from, to } = this.#span;
    return String((reverse ? from : to) ?? (reverse ? "-inf" : "+inf"));
  }

  async #range(near: string, far: string, limit?: number): Promise<string[]> {
    const command = this.#span.reverse ? "ZREVRANGEBYSCORE" : "ZRANGEBYSCORE";
    const limited = limit === undefined ? [] : ["LIMIT", "0", String(limit)];
    return list(await this.#link.ask([command, this.#key, near, far, ...limited])).map(String);
  }

  /** The cursor's bound is a whole millisecond and may lie outside the asked times. */
  #belongs(id: string): boolean {
    const { reverse, after, until, from, to } = this.#span;
    if (after !== undefined && (reverse ? compareIds(id, after) >= 0 : compareIds(id, after) <= 0)) return false;
    if (until !== undefined && compareIds(id, until) > 0) return false;
    return timeOf(id) >= (from ?? 0) && timeOf(id) <= (to ?? Infinity);
  }
}
