/**
 * Follows the stream of all changes on a connection of its own. What it missed, because Redis was away, forgot the stream or trimmed it
 * faster than it could read, it tells as null: whoever follows then looks at everything anew.
 * States: joining → reading → joining (after each error) …; over with the signal, for good.
 */
import { setTimeout as pause } from "node:timers/promises";
import { TidegateError, type Store } from "@tidegate/streams";
import type { EntityKind, Revision } from "./entity.ts";

export interface FollowerOptions {
  /** Closed with the signal. */
  readonly store: Store;
  readonly stream: string;
  readonly kinds: readonly EntityKind[];
  readonly onChange: (change: Revision | null) => void;
  /** After everything up to this entry was told, whatever its kind. */
  readonly onPosition?: (id: string) => void;
  readonly signal: AbortSignal;
}

/** Milliseconds; below the time after which a silent connection counts as lost. */
const BLOCK = "1500";
const BATCH = "256";
/** Milliseconds between two tries. */
const REST = 200;

type Entry = readonly [id: string, fields: readonly string[]];

export class Follower {
  readonly #options: FollowerOptions;
  /** Null: where it stood is not known any more. */
  #last: string | null = null;
  readonly #joined = Promise.withResolvers<void>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Resolves when it listens, or with the signal. */
  async start(): Promise<void> {
    const { signal, store } = this.#options;
    signal.addEventListener("abort", () => (store.close(), this.#joined.resolve()), { once: true });
    if (signal.aborted) return store.close();
    void this.#run();
    await this.#joined.promise;
  }

  // Private

  async #run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        if (error instanceof TidegateError && error.code === "CLOSED") return this.#joined.resolve();
        this.#last = null;
        await pause(REST, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #step(): Promise<void> {
    if (this.#last === null) return await this.#join();
    const { store, stream } = this.#options;
    const reply = await store.call(["XREAD", "COUNT", BATCH, "BLOCK", BLOCK, "STREAMS", stream, this.#last]);
    const entries = (reply as [string, Entry[]][] | null)?.[0]?.[1] ?? [];
    if (entries.length === 0) return await this.#look();
    // Looked at after the read: as long as what was read last is still there, nothing behind it is missing.
    const first = (await store.call(["XRANGE", stream, "-", "+", "COUNT", "1"])) as unknown as Entry[];
    if (!this.#reaches(first[0]?.[0])) this.#last = null;
    else for (const entry of entries) this.#tell(entry);
    if (this.#last !== null) this.#options.onPosition?.(this.#last);
  }

  /** A stream that ends before where we stand is another one: it was emptied, or brought from elsewhere, and would never be read again. */
  async #look(): Promise<void> {
    const newest = await this.#newest();
    if (isLater(this.#last ?? "0-0", newest)) this.#last = null;
  }

  async #newest(): Promise<string> {
    const { store, stream } = this.#options;
    const newest = (await store.call(["XREVRANGE", stream, "+", "-", "COUNT", "1"])) as unknown as Entry[];
    return newest[0]?.[0] ?? "0-0";
  }

  async #join(): Promise<void> {
    await this.#options.store.whenUp(REST * 10);
    this.#last = await this.#newest();
    this.#call(null);
    this.#options.onPosition?.(this.#last);
    this.#joined.resolve();
  }

  /** Whether nothing between the last one and those behind it can be missing. */
  #reaches(first: string | undefined): boolean {
    if (this.#last === "0-0") return true;
    return first !== undefined && !isLater(first, this.#last ?? "");
  }

  #tell([id, fields]: Entry): void {
    this.#last = id;
    const change = JSON.parse(fields[1] ?? "{}") as Revision;
    if (this.#options.kinds.includes(change.kind)) this.#call(change);
  }

  #call(change: Revision | null): void {
    if (!this.#options.signal.aborted) this.#options.onChange(change);
  }
}

// Private

function isLater(one: string, other: string): boolean {
  const [a = 0, b = 0] = one.split("-").map(Number);
  const [c = 0, d = 0] = other.split("-").map(Number);
  return a > c || (a === c && b > d);
}
