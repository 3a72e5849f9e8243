/** What a group has in hand, and what of it waits for its next attempt. Changes nothing. */
import type { Keys } from "../keys.ts";
import { decodeAttempts } from "../message/decode.ts";
import type { Priority } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer, list } from "../redis/shapes.ts";
import type { PendingEntry, PendingInfo, WaitingRetry } from "../views.ts";
import { askOrNull } from "./absent.ts";

/** Of each stream, and of the waiting retries; the counts tell of the rest. */
const SHOWN = 100;

export interface PendingViewDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
}

export class PendingView {
  readonly #link: Link;
  readonly #scripts: Scripts;
  readonly #keys: Keys;

  constructor({ link, scripts, keys }: PendingViewDeps) {
    this.#link = link;
    this.#scripts = scripts;
    this.#keys = keys;
  }

  async of(topic: string, group: string, lanes: readonly Priority[]): Promise<PendingInfo> {
    const sources = [
      ...lanes.map((lane) => [lane, this.#keys.lane(topic, lane)] as const),
      ["retry", this.#keys.retryEvents(topic, group)] as const,
    ];
    const rows = await Promise.all(sources.map(([source, key]) => this.#on(key, group, source)));
    const retries = await this.#waiting(topic, group);
    return {
      topic,
      group,
      count: rows.reduce((sum, { count }) => sum + count, 0),
      entries: rows.flatMap(({ entries }) => entries),
      retries: retries.first,
      retryCount: retries.count,
    };
  }

  // Private

  async #on(key: string, group: string, source: Priority | "retry"): Promise<{ count: number; entries: PendingEntry[] }> {
    const [count] = list(await askOrNull(this.#link, ["XPENDING", key, group]));
    const rows = list(await askOrNull(this.#link, ["XPENDING", key, group, "-", "+", String(SHOWN)]));
    const entries = rows.map((row) => {
      const [id, consumer, idle, deliveries] = list(row);
      return { entryId: String(id), stream: key, consumer: String(consumer), idle: integer(idle), deliveries: integer(deliveries), source };
    });
    return { count: integer(count), entries };
  }

  async #waiting(topic: string, group: string): Promise<{ count: number; first: WaitingRetry[] }> {
    const keys = [this.#keys.retries(topic, group), this.#keys.held(topic, group)];
    const count = integer(await this.#link.ask(["ZCARD", keys[0] ?? ""]));
    const rows = list(await this.#scripts.run(this.#link, "waiting", keys, [String(SHOWN)]));
    return { count, first: rows.map(waitingOf) };
  }
}

function waitingOf(row: Reply): WaitingRetry {
  const [token, dueAt, attempts] = list(row);
  const entry = String(token);
  const last = decodeAttempts(String(attempts)).at(-1);
  return {
    entryId: entry.slice(entry.lastIndexOf("/") + 1),
    dueAt: integer(dueAt),
    failures: last?.attempt ?? 0,
    lastError: last?.error ?? null,
  };
}
