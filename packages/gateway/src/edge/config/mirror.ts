/**
 * Keeps a worker's copy of the store's entities up to date: read whole when it joins and after a gap, then one by one as they change. What came
 * together is taken over together.
 *
 * Without Redis the last copy stays. It stays as well when Redis has come back without its data: a store whose stream of changes does not go on
 * from where we stand, and which has no target while we know some, is none to serve by. The first target in it is the new state.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Store, Tide } from "@tidegate/streams";
import type { GatewayKeys } from "../../keys.ts";
import { CHANGES_KEPT } from "../../store/change-call.ts";
import type { Revision } from "../../store/entity.ts";
import { Follower } from "../../store/follower.ts";
import { Reads } from "../../store/reads.ts";
import { MIRRORED, type Known, type Mirrored, type MirroredKind } from "./known.ts";

export interface MirrorOptions {
  readonly tide: Tide;
  readonly keys: GatewayKeys;
  /** Where it begins: the snapshot. */
  readonly known: Known;
  /** `anew`: of another store than what was known before; its positions say nothing about earlier or later. What it throws is tried again. */
  readonly onKnown: (known: Known, anew: boolean) => void;
  /** Told once for each reason in a row. */
  readonly onTrouble: (reason: string) => void;
  /** Redis has lost the store, and what was known stays; or there is a new one. */
  readonly onLost: (lost: boolean) => void;
}

/** Milliseconds until what failed is tried again, at first and at most; a change in the store shortens the wait to the first. */
const REST = 250;
const LONGEST_REST = 5_000;
const NOWHERE = "0-0";

type Changed = ReadonlyMap<string, { readonly kind: MirroredKind; readonly name: string }>;

export class Mirror {
  readonly #options: MirrorOptions;
  readonly #reads: Reads;
  readonly #store: Store;
  readonly #end = new AbortController();
  #known: Known;
  /** What changed since the last reading; null: everything may have. */
  #changed: Map<string, { readonly kind: MirroredKind; readonly name: string }> | null = new Map();
  /** Up to which the follower has told, and up to which that was dealt with. */
  #position: string;
  #done: string;
  #lost = false;
  #trouble = "";
  #working: Promise<void> | null = null;
  #wake: () => void = () => {};

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#known = options.known;
    this.#position = this.#done = options.known.position;
    this.#store = options.tide.store("edge-entities");
    this.#reads = new Reads(
      () => this.#store,
      options.keys,
      (why) => ({ unreadable: why }),
    );
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
    this.#wake();
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
    this.#wake();
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  async #work(): Promise<void> {
    for (let failures = 0; this.#isBehind();) {
      const [changed, position] = [this.#changed, this.#position];
      this.#changed = new Map();
      try {
        await this.#take(changed, position);
        [this.#trouble, failures] = ["", 0];
      } catch (error) {
        this.#changed = null;
        this.#tell(error);
        await this.#rest(failures++);
      }
    }
  }

  #isBehind(): boolean {
    return !this.#end.signal.aborted && (this.#changed === null || this.#done !== this.#position);
  }

  /** What was known, where we stand and what waits to be read only change together, and only when it is in force. */
  async #take(changed: Changed | null, position: string): Promise<void> {
    const whole = changed === null || this.#lost;
    const entities = whole ? await this.#all() : await this.#some([...changed.values()]);
    if (position !== NOWHERE && !(await this.#has(position))) throw new Error("the store was emptied while it was read");
    const anew = whole && !(await this.#goesOn());
    const lost = (anew || position === NOWHERE) && entities.target.size === 0 && this.#known.entities.target.size > 0;
    if (!lost) {
      const known: Known = { position, entities };
      this.#options.onKnown(known, anew);
      this.#known = known;
    }
    this.#done = position;
    if (lost !== this.#lost) this.#options.onLost(lost);
    this.#lost = lost;
  }

  /** Whether the store's changes go on from where we stand; also where so many came after it that it need not be there any more. */
  async #goesOn(): Promise<boolean> {
    const { position } = this.#known;
    if (position === NOWHERE || (await this.#has(position))) return true;
    return Number(await this.#store.ask(["XLEN", this.#options.keys.entityChanges()])) >= Number(CHANGES_KEPT);
  }

  async #has(position: string): Promise<boolean> {
    const found = await this.#store.ask(["XRANGE", this.#options.keys.entityChanges(), position, position]);
    return Array.isArray(found) && found.length > 0;
  }

  #tell(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === this.#trouble || this.#end.signal.aborted) return;
    this.#trouble = reason;
    this.#options.onTrouble(reason);
  }

  async #rest(failures: number): Promise<void> {
    const { signal } = this.#end;
    await pause(REST, undefined, { signal }).catch(() => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(LONGEST_REST, REST * 2 ** failures) - REST);
    this.#wake = resolve;
    if (signal.aborted) resolve();
    await promise;
    clearTimeout(timer);
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
