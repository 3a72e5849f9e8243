/**
 * The typed entities of the gateway in Redis: a hash per kind, an index, revisions, and one stream of all changes. Every change compares the version
 * it was made for and writes everything that follows from it in one step; nothing is ever searched for with SCAN or KEYS.
 */
import { currentContext, type Store, type Tide } from "@tidegate/streams";
import type { GatewayKeys } from "../keys.ts";
import type { Changed } from "./change-call.ts";
import { Changes, MOST_CHANGES } from "./changes.ts";
import type { ChangesWanted, Entities, Table } from "./entities.ts";
import type { Change, EntityEvent, EntityKind, Guard, Revision } from "./entity.ts";
import { EntityTable } from "./entity-table.ts";
import { Follower } from "./follower.ts";
import { checkName } from "./names.ts";
import { Reads } from "./reads.ts";

export interface EntityStoreDeps {
  readonly tide: () => Tide;
  readonly keys: GatewayKeys;
  readonly vault: CheckedVault;
}

/** A vault that finds out whether it has the right key. */
export interface CheckedVault {
  /** Compares its key with the one that was used before; the first one is noted down. */
  check(store: Store): Promise<void>;
  /** One line: why secrets cannot be used. Null: they can. */
  readonly problem: string | null;
}

/** Milliseconds until the connection must stand. */
const START_LIMIT = 10_000;

export class EntityStore implements Entities {
  readonly name = "store";
  readonly #deps: EntityStoreDeps;
  readonly #changes: Changes;
  readonly #reads: Reads;
  #store: Store | null = null;

  constructor(deps: EntityStoreDeps) {
    this.#deps = deps;
    const open = (): Store => this.#opened();
    this.#changes = new Changes(open, deps.keys);
    this.#reads = new Reads(open, deps.keys);
  }

  async start(): Promise<void> {
    const store = this.#opened();
    await store.whenUp(START_LIMIT);
    await this.#deps.vault.check(store);
  }

  stop(): Promise<void> {
    this.#store?.close();
    this.#store = null;
    return Promise.resolve();
  }

  health(): { readonly healthy: boolean; readonly detail?: string } {
    const { problem } = this.#deps.vault;
    if (this.#store?.up !== true) return { healthy: false, detail: "Redis does not answer" };
    return problem === null ? { healthy: true } : { healthy: false, detail: problem };
  }

  table<T extends object>(kind: EntityKind): Table<T> {
    return new EntityTable<T>(kind, this.#reads, (changes, by) => this.#change(changes, by));
  }

  async change(changes: readonly Change[], by: string, guard?: Guard): Promise<number[]> {
    return [...(await this.#change(changes, by, guard ?? null)).versions];
  }

  async changes(options: ChangesWanted): Promise<{ items: Revision[]; next: string | null }> {
    return await this.#reads.changes(options);
  }

  async follow(kinds: readonly EntityKind[], onChange: (change: Revision | null) => void, signal: AbortSignal): Promise<void> {
    const { tide, keys } = this.#deps;
    await new Follower({ store: tide().store("entities.follow"), stream: keys.entityChanges(), kinds, onChange, signal }).start();
  }

  // Private

  /** Opened by whoever needs it first, so that a tool may use the store without starting it. */
  #opened(): Store {
    return (this.#store ??= this.#deps.tide().store("entities"));
  }

  async #change(changes: readonly Change[], by: string, guard: Guard | null = null): Promise<Changed> {
    if (changes.length === 0) return { at: Date.now(), versions: [] };
    if (changes.length > MOST_CHANGES) throw new RangeError(`at most ${MOST_CHANGES} changes happen together, not ${changes.length}`);
    checkOnce(changes);
    const texts = changes.map(({ data }) => (data === null ? "" : JSON.stringify(data)));
    const events = changes.map((change) => (change.events ?? []).map((event) => this.#entry(event)));
    return await this.#changes.send({ changes, texts, events, by, trace: traceId(), guard });
  }

  #entry({ type, data }: EntityEvent): ReturnType<Tide["eventEntry"]> {
    return this.#deps.tide().eventEntry(type, data);
  }
}

// Private

function checkOnce(changes: readonly Change[]): void {
  for (const { kind, name } of changes) checkName(kind, name);
  if (changes.length === 1) return;
  const names = new Set(changes.map(({ kind, name }) => `${kind} ${name}`));
  if (names.size < changes.length) throw new RangeError("of changes that happen together, each is of another entity");
}

function traceId(): string | null {
  return currentContext()?.traceparent?.split("-")[1] ?? null;
}
