/** What the store asks of those who know what its data means, where it does not come from them: an import, a way back to an earlier version. */
import type { EntityEvent, EntityKind } from "./entity.ts";
import type { Portable } from "./portable.ts";

export interface KindHooks {
  /** One line: what is wrong with data that somebody brings in. Null: nothing. */
  faultOf(kind: EntityKind, name: string, data: Portable): string | null;
  /** Events that tell of such a change. `data`: as it is then, or was. */
  told(kind: EntityKind, name: string, act: "created" | "changed" | "removed", data: object): EntityEvent[];
}

export const NO_HOOKS: KindHooks = { faultOf: () => null, told: () => [] };
