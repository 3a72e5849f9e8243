/** The keys of the server in memory: values by type, expiry, and which keys a blocked reader should look at again. */
import { ErrorReply } from "./answers.ts";
import { SortedSet } from "./sorted-set.ts";
import { Stream } from "./stream.ts";

export type Hash = Map<string, string>;
export type Members = Set<string>;
export type Value = string | Hash | Members | SortedSet | Stream;

/** Where Valkey 8 and Redis 7.0 differ, the double follows the one it was made for. */
export type Dialect = "redis" | "valkey";

export class Database {
  readonly dialect: Dialect;
  readonly #now: () => number;
  readonly #values = new Map<string, Value>();
  readonly #expiries = new Map<string, number>();
  readonly #changed = new Set<string>();

  constructor(dialect: Dialect, now: () => number) {
    this.dialect = dialect;
    this.#now = now;
  }

  /** Unix milliseconds, whole. */
  get now(): number {
    return Math.floor(this.#now());
  }

  get(key: string): Value | undefined {
    const expires = this.#expiries.get(key);
    if (expires !== undefined && expires <= this.now) this.delete(key);
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    this.#expiries.delete(key);
    if (this.#values.get(key) instanceof Stream) this.changed(key);
    return this.#values.delete(key);
  }

  keys(): string[] {
    return [...this.#values.keys()].filter((key) => this.get(key) !== undefined);
  }

  flush(): void {
    for (const key of this.#values.keys()) this.delete(key);
  }

  /** Unix milliseconds, or undefined for a key that stays. */
  expiry(key: string): number | undefined {
    return this.#expiries.get(key);
  }

  expire(key: string, at: number | undefined): void {
    if (at === undefined) this.#expiries.delete(key);
    else this.#expiries.set(key, at);
  }

  stream(key: string): Stream | undefined {
    return this.#of(key, Stream);
  }

  hash(key: string): Hash | undefined {
    return this.#of<Hash>(key, Map);
  }

  members(key: string): Members | undefined {
    return this.#of<Members>(key, Set);
  }

  sortedSet(key: string): SortedSet | undefined {
    return this.#of(key, SortedSet);
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "string") return value;
    throw wrongType();
  }

  /** Redis has no empty hashes, sets and sorted sets. */
  dropEmpty(key: string, value: { readonly size: number }): void {
    if (value.size === 0) this.delete(key);
  }

  /** Blocked readers of the key look again after this command. */
  changed(key: string): void {
    this.#changed.add(key);
  }

  takeChanged(): Set<string> {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    return changed;
  }

  #of<T extends Value & object>(key: string, type: new () => T): T | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (value instanceof type) return value;
    throw wrongType();
  }
}

export function typeName(value: Value | undefined): string {
  if (value === undefined) return "none";
  if (typeof value === "string") return "string";
  if (value instanceof Stream) return "stream";
  if (value instanceof SortedSet) return "zset";
  return value instanceof Map ? "hash" : "set";
}

function wrongType(): ErrorReply {
  return new ErrorReply("WRONGTYPE Operation against a key holding the wrong kind of value");
}
