/** What a worker knows of the store: the entities it serves by. Immutable; entities that did not change are the same objects in the next one. */
import type { Entity, EntityKind } from "../../store/entity.ts";

/** What the edge serves by. */
export const MIRRORED = ["target", "route", "certificate", "service", "external_service", "token"] as const satisfies readonly EntityKind[];
export type MirroredKind = (typeof MIRRORED)[number];

/** The parts of an entity that matter here. */
export type Mirrored = Pick<Entity<object>, "name" | "version" | "data">;

export interface Known {
  /** Entry of the stream of changes up to which everything is in. */
  readonly position: string;
  readonly entities: Readonly<Record<MirroredKind, ReadonlyMap<string, Mirrored>>>;
}

export const NOTHING: Known = {
  position: "0-0",
  entities: {
    target: new Map(),
    route: new Map(),
    certificate: new Map(),
    service: new Map(),
    external_service: new Map(),
    token: new Map(),
  },
};

/** `data` of all of a kind; which shape that kind has, the caller says. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
export function dataOf<T>(known: Known, kind: MirroredKind): { readonly name: string; readonly data: T }[] {
  return [...known.entities[kind].values()].map(({ name, data }) => ({ name, data: data as T }));
}

export function isLater(one: string, other: string): boolean {
  const [a = 0, b = 0] = one.split("-").map(Number);
  const [c = 0, d = 0] = other.split("-").map(Number);
  return a > c || (a === c && b > d);
}
