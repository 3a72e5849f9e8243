/** One kind of entities, as `Table` promises. */
import { setTimeout as pause } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { Changed } from "./change-call.ts";
import type { Edit, Table } from "./entities.ts";
import type { Change, Entity, EntityEvent, EntityKind, Revision } from "./entity.ts";
import { checkName } from "./names.ts";
import type { Reads } from "./reads.ts";

/** Times an update is tried while others are faster. */
const TRIES = 32;

export class EntityTable<T extends object> implements Table<T> {
  readonly #kind: EntityKind;
  readonly #reads: Reads;
  readonly #change: (changes: readonly Change[], by: string) => Promise<Changed>;

  constructor(kind: EntityKind, reads: Reads, change: (changes: readonly Change[], by: string) => Promise<Changed>) {
    this.#kind = kind;
    this.#reads = reads;
    this.#change = change;
  }

  async get(name: string): Promise<Entity<T> | null> {
    return await this.#reads.get<T>(this.#kind, name);
  }

  async list(options: { readonly after?: string; readonly limit?: number } = {}): Promise<Entity<T>[]> {
    return await this.#reads.list<T>(this.#kind, options.after, options.limit);
  }

  async create(name: string, data: T, by: string, ...events: EntityEvent[]): Promise<Entity<T>> {
    checkName(this.#kind, name);
    return await this.#write({ kind: this.#kind, name, expect: 0, data, events }, null, data, by);
  }

  async put(before: Entity<T>, data: T, by: string, ...events: EntityEvent[]): Promise<Entity<T>> {
    return await this.#write(this.#over(before, data, events), before, data, by);
  }

  async update(name: string, by: string, change: (data: T, entity: Entity<T>) => Edit<T> | null): Promise<Entity<T>> {
    for (let tries = 1; ; tries++) {
      const before = await this.get(name);
      if (before === null) throw new GatewayError("UNKNOWN_ENTITY", `There is no ${this.#kind} ${JSON.stringify(name)}.`);
      const edit = change(before.data, before);
      if (edit === null) return before;
      const asked = {
        ...this.#over(before, edit.data, edit.events ?? []),
        ...(edit.revision === undefined ? {} : { revision: edit.revision }),
      };
      try {
        return await this.#write(asked, before, edit.data, by);
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== "VERSION_CONFLICT" || tries === TRIES) throw error;
        await pause(Math.random() * Math.min(50, 2 * tries));
      }
    }
  }

  async remove(before: Entity<T>, by: string, ...events: EntityEvent[]): Promise<void> {
    await this.#change([this.#over(before, null, events)], by);
  }

  async revisions(name: string): Promise<Revision<T>[]> {
    return await this.#reads.revisions<T>(this.#kind, name);
  }

  async revision(name: string, version: number): Promise<Revision<T>> {
    const found = (await this.revisions(name)).find((revision) => revision.version === version);
    if (found !== undefined) return found;
    throw new GatewayError("UNKNOWN_REVISION", `Version ${version} of ${this.#kind} ${JSON.stringify(name.slice(0, 255))} is not kept.`, {
      hint: `The last 50 are, those of something deleted for 30 days: tidegate config history ${this.#kind} ${name.slice(0, 255)}`,
    });
  }

  // Private

  #over(before: Entity<T>, data: T | null, events: readonly EntityEvent[]): Change {
    return { kind: this.#kind, name: before.name, expect: before.version, data, events };
  }

  async #write(change: Change, before: Entity<T> | null, data: T, by: string): Promise<Entity<T>> {
    const { at, versions } = await this.#change([change], by);
    return {
      kind: this.#kind,
      name: change.name,
      version: versions[0] ?? 0,
      created_at: before?.created_at ?? at,
      updated_at: at,
      by,
      data,
    };
  }
}
