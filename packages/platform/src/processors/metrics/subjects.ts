/** Which subjects have series of their own: a bounded number of each kind, so that nobody fills Redis by inventing hosts. */
import type { Store } from "@tidegate/streams";
import { KEPT, MOST, OTHER, type Kind, type SeriesKeys } from "./series-keys.ts";

const KINDS = Object.keys(MOST) as readonly Kind[];
/** What is longer gets no series: it is no name any of ours would have. */
const LONGEST = 255;

export class Subjects {
  readonly #store: Store;
  readonly #keys: SeriesKeys;
  readonly #known = new Map<Kind, Set<string>>(KINDS.map((kind) => [kind, new Set()]));

  constructor(store: Store, keys: SeriesKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /** What the other processes have admitted; who was not seen for two days makes room. */
  async load(): Promise<void> {
    const gone = Math.floor(Date.now() / 1000) - KEPT[60];
    for (const kind of KINDS) {
      await this.#store.ask(["ZREMRANGEBYSCORE", this.#keys.subjects(kind), "-inf", `(${gone}`]);
      this.#known.set(kind, new Set(await subjectsOf(this.#store, this.#keys, kind)));
    }
  }

  /** The name itself, or `_other` where there is no more room. */
  admit(kind: Kind, name: string): string {
    const known = this.#known.get(kind) ?? new Set();
    if (known.has(name)) return name;
    if (known.size >= MOST[kind] || name === "" || name.length > LONGEST || /[\s*\0]/.test(name)) return OTHER;
    known.add(name);
    return name;
  }
}

export async function subjectsOf(store: Store, keys: SeriesKeys, kind: Kind): Promise<string[]> {
  const reply = await store.ask(["ZRANGE", keys.subjects(kind), "0", "-1"]);
  return Array.isArray(reply) ? reply.map(String).toSorted() : [];
}
