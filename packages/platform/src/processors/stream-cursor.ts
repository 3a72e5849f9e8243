/** How far one group of ours has got in one stream, and what comes next. Only the guard moves it. */
import type { Reply, Store } from "@tidegate/streams";
import type { ProcessorStatus } from "../contract.ts";
import { messageOf } from "../errors.ts";
import type { PlatformKeys } from "../redis/keys.ts";
import { entryOf, type Pages, type StreamEntry } from "./pages.ts";

export class StreamCursor {
  readonly #store: Store;
  readonly #key: string;
  readonly #group: string;
  readonly #stream: string;
  readonly #pages: Pages;

  constructor(store: Store, keys: PlatformKeys, group: string, stream: string, pages: Pages) {
    this.#store = store;
    this.#pages = pages;
    this.#key = keys.cursor(group, stream);
    this.#group = group;
    this.#stream = stream;
  }

  async id(): Promise<string> {
    const id = await this.#store.ask(["HGET", this.#key, "id"]);
    return typeof id === "string" ? id : "0-0";
  }

  after(id: string, count: number): Promise<{ entries: readonly StreamEntry[]; end: boolean }> {
    return this.#pages.after(this.#store, this.#stream, id, count);
  }

  /** From now on the group holds back retention, also before the first entry. */
  async join(): Promise<void> {
    const from = await this.id();
    await this.#store.ask(["XGROUP", "CREATE", this.#stream, this.#group, from, "MKSTREAM"]).catch((error: unknown) => {
      if (!messageOf(error).includes("BUSYGROUP")) throw error;
    });
  }

  async standing(): Promise<Pick<ProcessorStatus, "lag" | "lag_seconds" | "processed" | "lost">> {
    const reply = await this.#store.ask(["HMGET", this.#key, "id", "read", "lost", "done"]);
    const [id, read, lost, done] = Array.isArray(reply) ? reply : [];
    const [info, next] = await Promise.all([
      this.#store.ask(["XINFO", "STREAM", this.#stream]).catch(() => null),
      this.#store.ask(["XRANGE", this.#stream, `(${typeof id === "string" ? id : "0-0"}`, "+", "COUNT", "1"]),
    ]);
    const [added, length] = [numberOf(info, "entries-added"), numberOf(info, "length")];
    const [first] = Array.isArray(next) ? next.flatMap(entryOf) : [];
    const counts = { processed: Number(done ?? 0), lost: Number(lost ?? 0) };
    if (first === undefined) return { lag: 0, lag_seconds: 0, ...counts };
    // What was trimmed unread is no lag any more; it will be counted as lost.
    const lag = Math.max(1, Math.min(length, added - Number(read ?? 0)));
    return { lag, lag_seconds: Math.max(0, (Date.now() - Number.parseInt(first.id, 10)) / 1000), ...counts };
  }
}

// Private

function numberOf(reply: Reply, name: string): number {
  const at = Array.isArray(reply) ? reply.indexOf(name) : -1;
  return at === -1 || !Array.isArray(reply) ? 0 : Number(reply[at + 1]);
}
