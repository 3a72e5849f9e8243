/** What was changed when and by whom, and the way back: any revision of one entity can be made the present one again. */
import { GatewayError } from "../errors.ts";
import type { ServiceData } from "../services/spec.ts";
import type { ChangesWanted, Entities } from "./entities.ts";
import type { EntityEvent, EntityKind, Revision } from "./entity.ts";
import { NO_HOOKS, type KindHooks } from "./kind-hooks.ts";
import { checkKind } from "./names.ts";
import type { ServiceHooks } from "./service-hooks.ts";

export class Revisions {
  readonly #entities: Entities;
  readonly #services: ServiceHooks;
  readonly #hooks: KindHooks;

  constructor(entities: Entities, services: ServiceHooks, hooks: KindHooks = NO_HOOKS) {
    this.#entities = entities;
    this.#services = services;
    this.#hooks = hooks;
  }

  /** Of everything: what is kept, and what was made or removed; newest first, without what they changed. */
  async all(options: Omit<ChangesWanted, "notes">): Promise<{ items: Revision[]; next: string | null }> {
    return await this.#entities.changes(options);
  }

  /** Newest first. UNKNOWN_ENTITY where nothing is known of the name. */
  async of(kind: string, name: string): Promise<Revision[]> {
    const table = this.#entities.table(checkKind(kind));
    const kept = await table.revisions(name);
    if (kept.length > 0 || (await table.get(name)) !== null) return kept;
    throw new GatewayError("UNKNOWN_ENTITY", `Nothing is known of a ${kind.replace("_", " ")} ${JSON.stringify(name.slice(0, 255))}.`, {
      hint: "See what was changed: tidegate config history",
    });
  }

  /** As it was after that version, as a new version. Also brings back what was deleted. Answers the version it has then. */
  async rollback(kind: string, name: string, version: number, by: string): Promise<{ version: number }> {
    const known = checkKind(kind);
    const refusal = REFUSED[known];
    if (refusal !== undefined) throw new GatewayError("ROLLBACK_REFUSED", refusal.why, { hint: refusal.instead });
    const { data } = await this.#entities.table(known).revision(name, version);
    if (data === null || data === undefined) throw deletion(known, name, version);
    if (known === "service") await this.#services.restore(name, (data as ServiceData).spec, by);
    else return { version: await this.#put(known, name, data, by, version) };
    return { version: (await this.#entities.table(known).get(name))?.version ?? 0 };
  }

  // Private

  async #put(kind: EntityKind, name: string, data: object, by: string, version: number): Promise<number> {
    const present = await this.#entities.table(kind).list();
    const all = [...present.filter((entity) => entity.name !== name), { name, data }];
    this.#hooks.refuseTogether(kind, { all, brought: new Set([name]), file: null });
    const expect = present.find((entity) => entity.name === name)?.version ?? 0;
    const events = [
      ...told(kind, name, expect === 0, `rolled back to version ${version}`),
      ...this.#hooks.told(kind, name, expect === 0 ? "created" : "changed", data),
    ];
    const [made] = await this.#entities.change([{ kind, name, expect, data, as: "rolled_back", events }], by);
    return made ?? 0;
  }
}

/** Of those kinds that are nobody else's to tell of. */
export function told(kind: EntityKind, name: string, isNew: boolean, detail: string): EntityEvent[] {
  if (kind !== "external_service") return [];
  return [{ type: isNew ? "service_created" : "service_updated", data: { service: name, kind: "external", detail } }];
}

// Private

const REFUSED: Partial<Record<EntityKind, { readonly why: string; readonly instead: string }>> = {
  token: {
    why: "Tokens are not rolled back: a secret that was revoked or rotated must stay useless.",
    instead: "Make a new secret: tidegate token rotate <name>; change the rest: tidegate token set <name>",
  },
  port: {
    why: "Ports are not rolled back: who has one now may be using it.",
    instead: "Roll back the service that has it (tidegate config rollback service <name> <version>), or ask for it: tidegate port allocate",
  },
};

function deletion(kind: EntityKind, name: string, version: number): GatewayError {
  return new GatewayError("UNKNOWN_REVISION", `Version ${version} of ${kind.replace("_", " ")} ${name} is its deletion.`, {
    hint: "Take the version before it.",
  });
}
