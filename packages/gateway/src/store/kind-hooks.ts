/** What the store asks of those who know what its data means, where it does not come from them: an import, a way back to an earlier version. */
import type { EntityEvent, EntityKind } from "./entity.ts";
import type { Portable } from "./portable.ts";

export interface KindHooks {
  /** One line: what is wrong with data that somebody brings in. Null: nothing. */
  faultOf(kind: EntityKind, name: string, data: Portable): string | null;
  /** Throws where something brought in cannot be beside what else there is then; answers what is worth a warning. */
  refuseTogether(kind: EntityKind, situation: Situation): string[];
  /** Events that tell of such a change. `data`: as it is then, or was. */
  told(kind: EntityKind, name: string, act: "created" | "changed" | "removed", data: object): EntityEvent[];
}

/** Everything of a kind as it is going to be. */
export interface Situation {
  readonly all: readonly { readonly name: string; readonly data: object }[];
  /** Names of what is new or different. */
  readonly brought: ReadonlySet<string>;
  /** Names of what the file has, also where it changes nothing; null: it is no import, but an earlier version of one thing. */
  readonly file: ReadonlySet<string> | null;
}

export const NO_HOOKS: KindHooks = { faultOf: () => null, refuseTogether: () => [], told: () => [] };
