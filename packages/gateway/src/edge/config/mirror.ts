/**
 * Keeps a worker's copy of the store's entities up to date: read whole when it joins and after a gap, then one by one as they change. What came
 * together is taken over together. Without Redis the last copy stays.
 */
import type { Store, Tide } from "@tidegate/streams";
import type { GatewayKeys } from "../../keys.ts";
import type { Revision } from "../../store/entity.ts";
import { Follower } from "../../store/follower.ts";
import { Reads } from "../../store/reads.ts";
import { MIRRORED, type Known, type Mirrored, type MirroredKind } from "./known.ts";

export interface MirrorOptions {
  readonly tide: Tide;
  readonly keys: GatewayKeys;
  /** Where it begins: the snapshot. */
  readonly known: Known;
  readonly onKnown: (known: Known) => void;
  readonly onTrouble: (reason: string) => void;
}

/** Milliseconds until a reading that failed is tried again. */
const REST = 250;

export class Mirror {
  readonly #options: MirrorOptions;
  readonly #reads: Reads;
  readonly #store: Store;
  readonly #end = new AbortController();
  #known: Known;
  /** What changed since the last reading; null: everything may have. */
  #changed: Map<string, { readonly kind: MirroredKind; readonly name: string }> | null = new Map();
  #position: string;
  #working: Promise<void> | null = null;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#known = options.known;
    this.#position = options.known.position;
    this.#store = options.tide.store("edge-entities");
    this.#reads = new Reads(() => this.#store, options.keys);
  }

  start(): void {
    const { tide, keys } = this.#options;
    const follower = new Follower({
      store: tide.store("edge-follow"),
      stream: keys.entityChanges(),
      kinds: MIRRORED,
      onChange: (change) => this.#note(change),
      onPosition: (id) => this.#reached(id),
      signal: this.#end.signal,
    });
    void follower.start();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    this.#store.close();
    await this.#working;
  }

  // Private

  #note(change: Revision | null): void {
    if (change === null) this.#changed = null;
    else this.#changed?.set(`${change.kind} ${change.name}`, { kind: change.kind as MirroredKind, name: change.name });
  }

  #reached(id: string): void {
    this.#position = id;
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  async #work(): Promise<void> {
    while (!this.#end.signal.aborted && this.#known.position !== this.#position) {
      const [changed, position] = [this.#changed, this.#position];
      this.#changed = new Map();
      try {
        const entities = changed === null ? await this.#all() : await this.#some([...changed.values()]);
        this.#known = { position, entities };
        this.#options.onKnown(this.#known);
      } catch (error) {
        if (this.#end.signal.aborted) return;
        this.#changed = null;
        this.#options.onTrouble(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) => setTimeout(resolve, REST));
      }
    }
  }

  async #all(): Promise<Known["entities"]> {
    const tables = await Promise.all(MIRRORED.map(async (kind) => [kind, await this.#table(kind)] as const));
    return Object.fromEntries(tables) as unknown as Known["entities"];
  }

  async #table(kind: MirroredKind): Promise<ReadonlyMap<string, Mirrored>> {
    const before = this.#known.entities[kind];
    const list = await this.#reads.list<object>(kind);
    return new Map(list.map((entity) => [entity.name, kept(before.get(entity.name), entity)]));
  }

  async #some(changed: readonly { kind: MirroredKind; name: string }[]): Promise<Known["entities"]> {
    if (changed.length === 0) return this.#known.entities;
    const entities: Record<MirroredKind, ReadonlyMap<string, Mirrored>> = { ...this.#known.entities };
    const read = await Promise.all(
      changed.map(async ({ kind, name }) => ({ kind, name, entity: await this.#reads.get<object>(kind, name) })),
    );
    for (const kind of new Set(changed.map((one) => one.kind))) {
      const table = new Map(entities[kind]);
      for (const { name, entity } of read.filter((one) => one.kind === kind)) {
        if (entity === null) table.delete(name);
        else table.set(name, kept(table.get(name), entity));
      }
      entities[kind] = table;
    }
    return entities;
  }
}

// Private

/** The object that was there, where it is the same version: what was made of it stays good. */
function kept(before: Mirrored | undefined, { name, version, data }: Mirrored): Mirrored {
  return before?.version === version && JSON.stringify(before.data) === JSON.stringify(data) ? before : { name, version, data };
}
