/** Reads entities. What is asked for by name in the same moment travels in one command per kind. */
import type { Reply, Store } from "@tidegate/streams";
import type { GatewayKeys } from "../keys.ts";
import type { ChangesWanted } from "./entities.ts";
import type { Entity, EntityKind, Revision } from "./entity.ts";

/** Entities of one page; a longer one would hold up everybody else at Redis. */
const PAGE_SIZE = 500;
/** Names that share a command. */
const SHARED = 16;

/** Gives the data that stand for an entity whose text is no JSON. Without it a reading that meets one fails. */
export type Unreadable = (why: string) => object;

const REVISIONS_SHOWN = "49";

interface Wanted {
  readonly name: string;
  readonly resolve: (text: Reply) => void;
  readonly reject: (error: unknown) => void;
}

export class Reads {
  readonly #store: () => Store;
  readonly #keys: GatewayKeys;
  readonly #unreadable: Unreadable | null;
  #wanted = new Map<EntityKind, Wanted[]>();

  constructor(store: () => Store, keys: GatewayKeys, unreadable: Unreadable | null = null) {
    this.#store = store;
    this.#keys = keys;
    this.#unreadable = unreadable;
  }

  async get<T>(kind: EntityKind, name: string): Promise<Entity<T> | null> {
    const text = await this.#text(kind, name);
    return text === null ? null : this.#entity<T>(kind, name, String(text));
  }

  async list<T>(kind: EntityKind, after = "", limit = Infinity): Promise<Entity<T>[]> {
    const found: Entity<T>[] = [];
    for (let last = after; found.length < limit;) {
      const size = Math.min(PAGE_SIZE, limit - found.length);
      const { names, page } = await this.#page<T>(kind, last, size);
      found.push(...page);
      last = names.at(-1) ?? last;
      if (names.length < size) break;
    }
    return found;
  }

  /** Newest first. */
  async revisions<T>(kind: EntityKind, name: string): Promise<Revision<T>[]> {
    const texts = await this.#store().ask(["LRANGE", this.#keys.entityRevisions(kind, name), "0", REVISIONS_SHOWN]);
    return (texts as string[]).map((text) => ({ kind, name, ...(JSON.parse(text) as Omit<Revision<T>, "kind" | "name">) }));
  }

  async changes({ limit, cursor, kind, notes = false }: ChangesWanted): Promise<{ items: Revision[]; next: string | null }> {
    const items: Revision[] = [];
    const size = notes && kind === undefined ? limit : PAGE_SIZE;
    for (let before = cursor === undefined ? "+" : `(${cursor}`; ;) {
      const entries = await this.#entries(before, size);
      for (const [id, [called, text = "{}"]] of entries) {
        const change = JSON.parse(text) as Revision;
        if ((notes || called !== "note") && (kind === undefined || change.kind === kind)) items.push(change);
        if (items.length === limit) return { items, next: id };
      }
      if (entries.length < size) return { items, next: null };
      before = `(${entries.at(-1)?.[0]}`;
    }
  }

  // Private

  async #entries(before: string, count: number): Promise<[id: string, fields: string[]][]> {
    const range = [this.#keys.entityChanges(), before, "-", "COUNT", String(count)];
    return (await this.#store().ask(["XREVRANGE", ...range])) as [string, string[]][];
  }

  #text(kind: EntityKind, name: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#wanted.size === 0) queueMicrotask(() => process.nextTick(() => this.#flush()));
      const wanted = this.#wanted.get(kind);
      if (wanted === undefined) this.#wanted.set(kind, [{ name, resolve, reject }]);
      else wanted.push({ name, resolve, reject });
    });
  }

  #flush(): void {
    const all = this.#wanted;
    this.#wanted = new Map();
    for (const [kind, wanted] of all)
      for (let at = 0; at < wanted.length; at += SHARED) void this.#fetch(kind, wanted.slice(at, at + SHARED));
  }

  async #fetch(kind: EntityKind, wanted: readonly Wanted[]): Promise<void> {
    try {
      const texts = (await this.#store().ask(["HMGET", this.#keys.entities(kind), ...wanted.map(({ name }) => name)])) as Reply[];
      for (const [index, { resolve }] of wanted.entries()) resolve(texts[index] ?? null);
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }

  /** What is removed between the two commands is left out, and makes the page shorter than asked: whether there is more, the names say. */
  async #page<T>(kind: EntityKind, after: string, size: number): Promise<{ names: string[]; page: Entity<T>[] }> {
    const range = [after === "" ? "-" : `(${after}`, "+", "LIMIT", "0", String(size)];
    const names = (await this.#store().ask(["ZRANGEBYLEX", this.#keys.entityIndex(kind), ...range])) as string[];
    if (names.length === 0) return { names, page: [] };
    const texts = (await this.#store().ask(["HMGET", this.#keys.entities(kind), ...names])) as (string | null)[];
    const page: Entity<T>[] = [];
    for (const [at, name] of names.entries()) {
      const text = texts[at];
      if (typeof text === "string") page.push(this.#entity<T>(kind, name, text));
    }
    return { names, page };
  }

  #entity<T>(kind: EntityKind, name: string, text: string): Entity<T> {
    try {
      return entityOf<T>(kind, name, text);
    } catch (error) {
      if (this.#unreadable === null) throw error;
      const data = this.#unreadable(error instanceof Error ? error.message : String(error)) as T;
      return { kind, name, version: 0, created_at: 0, updated_at: 0, by: "", data };
    }
  }
}

// Private

function entityOf<T>(kind: EntityKind, name: string, text: string): Entity<T> {
  return { kind, name, ...(JSON.parse(text) as Omit<Entity<T>, "kind" | "name">) };
}
