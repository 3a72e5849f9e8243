/** What the store promises its users. `EntityStore` keeps it. */
import type { Change, Entity, EntityEvent, EntityKind, Guard, Revision } from "./entity.ts";

export interface Entities {
  table<T extends object>(kind: EntityKind): Table<T>;
  /**
   * All of them in one step, or VERSION_CONFLICT / NAME_TAKEN / UNKNOWN_ENTITY and none. At most 256. Answers the new versions in order.
   * `guard`: or LEASE_LOST and none.
   */
  change(changes: readonly Change[], by: string, guard?: Guard): Promise<number[]>;
  /** Changes, newest first, without what they changed. */
  changes(options: ChangesWanted): Promise<{ items: Revision[]; next: string | null }>;
  /** Calls back soon after each change of these kinds, by whichever process; and once at the beginning and after each gap with null. */
  follow(kinds: readonly EntityKind[], onChange: (change: Revision | null) => void, signal: AbortSignal): Promise<void>;
}

export interface ChangesWanted {
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
  /** Only of this kind. */
  readonly kind?: EntityKind;
  /** Also updates that are not kept as a revision: only a program noted them down. Default false. */
  readonly notes?: boolean;
}

export interface Table<T extends object> {
  get(name: string): Promise<Entity<T> | null>;
  /** In order of names. Default limit: all there are. */
  list(options?: { readonly after?: string; readonly limit?: number }): Promise<Entity<T>[]>;
  /** NAME_TAKEN. */
  create(name: string, data: T, by: string, ...events: EntityEvent[]): Promise<Entity<T>>;
  /** Only over the version it was read at: VERSION_CONFLICT. */
  put(before: Entity<T>, data: T, by: string, ...events: EntityEvent[]): Promise<Entity<T>>;
  /** Reads, changes and puts, again while others are faster. Null from `change` leaves it as it is. UNKNOWN_ENTITY. */
  update(name: string, by: string, change: (data: T, entity: Entity<T>) => Edit<T> | null): Promise<Entity<T>>;
  remove(before: Entity<T>, by: string, ...events: EntityEvent[]): Promise<void>;
  /** Newest first, also of what was deleted. */
  revisions(name: string): Promise<Revision<T>[]>;
  /** UNKNOWN_REVISION. */
  revision(name: string, version: number): Promise<Revision<T>>;
}

export interface Edit<T> {
  readonly data: T;
  readonly events?: readonly EntityEvent[];
  /** Default true; false for what only a program notes down. */
  readonly revision?: boolean;
}
