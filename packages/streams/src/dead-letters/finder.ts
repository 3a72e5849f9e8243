/**
 * Finds dead letters: by id, through the index where the filter names what it knows, else along the stream. Always in the order of
 * the stream, so a place in it (an id) is a cursor for every filter.
 */
import { TidegateError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import { compareIds } from "../message/entry-id.ts";
import type { Link } from "../redis/link.ts";
import { entries } from "../redis/shapes.ts";
import type { DeadLetter, DeadLetterFilter } from "../views.ts";
import type { FailureIndex } from "./failure-index.ts";
import { KindCursor, type Span } from "./kind-cursor.ts";
import { letterOf, matches } from "./letter.ts";

export interface Walk {
  readonly reverse?: boolean;
  /** Exclusive. */
  readonly after?: string | undefined;
  /** Inclusive; forwards only. */
  readonly until?: string | undefined;
  readonly page?: number;
}

export class Finder {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #index: FailureIndex;

  constructor(link: Link, keys: Keys, index: FailureIndex) {
    this.#link = link;
    this.#keys = keys;
    this.#index = index;
  }

  /** The newest letter's id: what dies later is not part of what began now. */
  async newest(): Promise<string> {
    const [last] = entries(await this.#link.ask(["XREVRANGE", this.#keys.deadLetters(), "+", "-", "COUNT", "1"]));
    return last?.id ?? "0-0";
  }

  /** Pages of at most `page` letters, often fewer and even none where each is looked at. Adopt foreign letters first. */
  async *pages(filter: DeadLetterFilter, walk: Walk = {}): AsyncGenerator<DeadLetter[]> {
    const { reverse = false, after, until, page = PAGE } = walk;
    if (after !== undefined) checkId(after);
    const span: Span = { reverse, after, until, from: filter.from, to: filter.to, page };
    const found =
      filter.ids !== undefined ? this.#named(filter.ids, span) : isIndexed(filter) ? this.#indexed(filter, span) : this.#along(span);
    for await (const letters of found) yield letters.filter((letter) => matches(letter, filter));
  }

  // Private

  async *#named(ids: readonly string[], { reverse, after, until, page }: Span): AsyncGenerator<DeadLetter[]> {
    const sorted = [...new Set(ids.map(checkId))].toSorted((a, b) => (reverse ? compareIds(b, a) : compareIds(a, b)));
    const rest = sorted.filter((id) => {
      if (until !== undefined && compareIds(id, until) > 0) return false;
      return after === undefined || (reverse ? compareIds(id, after) < 0 : compareIds(id, after) > 0);
    });
    for (let at = 0; at < rest.length; at += page) yield (await this.#read(rest.slice(at, at + page))).filter((letter) => letter !== null);
  }

  /** Merges the kinds that fit: the smallest next id of all comes first. */
  async *#indexed(filter: DeadLetterFilter, span: Span): AsyncGenerator<DeadLetter[]> {
    const kinds = await this.#index.kinds(filter);
    const cursors = kinds.map(({ signature }) => new KindCursor(this.#link, this.#keys.deadLetterKind(signature), signature, span));
    for (;;) {
      const batch: { id: string; signature: string }[] = [];
      while (batch.length < span.page) {
        const next = await nearest(cursors, span.reverse);
        if (next === null) break;
        batch.push(next);
      }
      if (batch.length === 0) return;
      const letters = await this.#read(batch.map(({ id }) => id));
      const vanished = batch.filter((_, at) => letters[at] === null);
      for (const { id, signature } of vanished) await this.#index.discard({ signature, topic: "", group: "" }, [id]);
      yield letters.filter((letter) => letter !== null);
    }
  }

  async *#along({ reverse, after, until, from, to, page }: Span): AsyncGenerator<DeadLetter[]> {
    const [command, far] = reverse
      ? ["XREVRANGE", from === undefined ? "-" : String(from)]
      : ["XRANGE", until ?? (to === undefined ? "+" : String(to))];
    const near = reverse ? (to === undefined ? "+" : String(to)) : from === undefined ? "-" : String(from);
    for (let start = after === undefined ? near : `(${after}`; ;) {
      const found = entries(await this.#link.ask([command, this.#keys.deadLetters(), start, far, "COUNT", String(page)]));
      yield found.map((entry) => letterOf(entry, this.#keys)).filter((letter) => letter !== null);
      const last = found.at(-1);
      if (last === undefined || found.length < page) return;
      start = `(${last.id}`;
    }
  }

  async #read(ids: readonly string[]): Promise<(DeadLetter | null)[]> {
    const replies = await Promise.all(ids.map((id) => this.#link.ask(["XRANGE", this.#keys.deadLetters(), id, id])));
    return replies.map((reply) => {
      const [found] = entries(reply);
      return found === undefined ? null : letterOf(found, this.#keys);
    });
  }
}

/** Letters read at once. */
const PAGE = 100;

/** Whether the index knows more than the stream does. */
function isIndexed({ topic, group, eventType, errorCode, signature }: DeadLetterFilter): boolean {
  return [topic, group, eventType, errorCode, signature].some((field) => field !== undefined);
}

async function nearest(cursors: readonly KindCursor[], reverse: boolean): Promise<{ id: string; signature: string } | null> {
  const heads = await Promise.all(cursors.map((cursor) => cursor.peek()));
  let best = -1;
  heads.forEach((id, at) => {
    const leader = heads[best];
    if (id === null) return;
    if (leader === undefined || leader === null || (reverse ? compareIds(id, leader) > 0 : compareIds(id, leader) < 0)) best = at;
  });
  const [cursor, id] = [cursors[best], heads[best]];
  if (cursor === undefined || id === undefined || id === null) return null;
  cursor.take();
  return { id, signature: cursor.signature };
}

export function checkId(id: string): string {
  if (/^\d{1,20}-\d{1,20}$/.test(id)) return id;
  throw new TidegateError("UNKNOWN_DEAD_LETTER", `${JSON.stringify(id)} is not the id of a dead letter.`, {
    hint: "See them: tidegate dlq ls",
  });
}
