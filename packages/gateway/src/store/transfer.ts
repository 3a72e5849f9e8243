/**
 * Everything as one file, and back. An import is planned first: what it would create, change and remove, over the versions there are; then done in steps,
 * each of which happens whole or not at all. One that was interrupted is simply done again. Services go through whoever runs them.
 */
import { GatewayError } from "../errors.ts";
import type { PortClaim } from "../ports/ports.ts";
import type { ServiceData, ServiceSpec } from "../services/spec.ts";
import type { Entities } from "./entities.ts";
import { KINDS, type Change, type Entity, type EntityEvent, type EntityKind } from "./entity.ts";
import { readExport, type ExportedEntity, type ExportFile } from "./export-file.ts";
import { NO_HOOKS, type KindHooks } from "./kind-hooks.ts";
import { dataFrom, isSame, portableOf, type Portable } from "./portable.ts";
import { told } from "./revisions.ts";
import type { ServiceHooks } from "./service-hooks.ts";

export interface TransferDeps {
  readonly entities: Entities;
  readonly vault: { readonly fingerprint: string };
  readonly services: ServiceHooks;
  readonly namespace: string;
  /** Default: nobody knows more than the store. */
  readonly hooks?: KindHooks;
}

export interface ImportOptions {
  /** Only says what it would do. */
  readonly dryRun: boolean;
  /** What the file does not have is removed. */
  readonly replace: boolean;
}

/** Names by what happens to them. */
export interface ImportedKind {
  created: string[];
  changed: string[];
  same: string[];
  removed: string[];
}

export interface ImportAnswer {
  readonly dry_run: boolean;
  readonly kinds: Readonly<Partial<Record<EntityKind, ImportedKind>>>;
  /** Services that could not be begun, and why; everything else was done. */
  readonly problems: readonly { readonly name: string; readonly code: string; readonly message: string }[];
  /** Sentences: what is brought in, but hardly as somebody wanted it. */
  readonly warnings: readonly string[];
}

interface Step {
  readonly act: "created" | "changed" | "removed";
  readonly change: Change;
}

/** Changes of one step of the store. */
const STEP = 256;

export class Transfer {
  readonly #deps: TransferDeps;
  readonly #hooks: KindHooks;

  constructor(deps: TransferDeps) {
    this.#deps = deps;
    this.#hooks = deps.hooks ?? NO_HOOKS;
  }

  async export(): Promise<ExportFile> {
    const entities: Partial<Record<EntityKind, Record<string, ExportedEntity>>> = {};
    for (const kind of KINDS) entities[kind] = Object.fromEntries((await this.#deps.entities.table(kind).list()).flatMap(exported));
    return { tidegate: "export", version: 1, namespace: this.#deps.namespace, made_at: Date.now(), key: this.#key(), entities };
  }

  /** INVALID_IMPORT, ENCRYPTION_KEY_WRONG, ROUTE_CONFLICT: nothing was done. VERSION_CONFLICT: somebody was faster; the steps before were done. */
  async import(file: unknown, by: string, { dryRun, replace }: ImportOptions): Promise<ImportAnswer> {
    const wanted = readExport(file, this.#key(), this.#hooks);
    const kinds: Partial<Record<EntityKind, ImportedKind>> = {};
    const steps: Step[] = [];
    const warnings: string[] = [];
    for (const kind of KINDS) {
      const names = wanted.get(kind) ?? new Map<string, Portable>();
      const plan = await this.#plan(kind, names, replace);
      if (names.size > 0 || plan.steps.length > 0) kinds[kind] = plan.summary;
      steps.push(...plan.steps);
      warnings.push(...plan.warnings);
    }
    return { dry_run: dryRun, kinds, problems: dryRun ? [] : await this.#do(steps, by), warnings };
  }

  // Private

  #key(): string | null {
    try {
      return this.#deps.vault.fingerprint;
    } catch {
      return null;
    }
  }

  async #plan(
    kind: EntityKind,
    wanted: ReadonlyMap<string, Portable>,
    replace: boolean,
  ): Promise<{ summary: ImportedKind; steps: Step[]; warnings: string[] }> {
    const present = new Map((await this.#deps.entities.table(kind).list()).map((entity) => [entity.name, entity]));
    const summary: ImportedKind = { created: [], changed: [], same: [], removed: [] };
    const steps: Step[] = [];
    for (const [name, data] of wanted) {
      const entity = present.get(name);
      const before = entity === undefined ? null : portableOf(kind, entity.data);
      if (before !== null && isSame(kind, before, data)) summary.same.push(name);
      else steps.push(this.#step(kind, name, before === null ? "created" : "changed", entity, data));
    }
    for (const [name, entity] of replace ? present : [])
      if (!wanted.has(name) && portableOf(kind, entity.data) !== null) steps.push(this.#step(kind, name, "removed", entity, null));
    for (const { act, change } of steps) summary[act].push(change.name);
    return { summary, steps, warnings: this.#together(kind, wanted, present, summary) };
  }

  #together(
    kind: EntityKind,
    wanted: ReadonlyMap<string, Portable>,
    present: ReadonlyMap<string, Entity<object>>,
    { created, changed, removed }: ImportedKind,
  ): string[] {
    const brought = new Set([...created, ...changed]);
    const staying = [...present.values()].filter(({ name }) => !brought.has(name) && !removed.includes(name));
    const coming = [...wanted].filter(([name]) => brought.has(name)).map(([name, data]) => ({ name, data }));
    return this.#hooks.refuseTogether(kind, { all: [...staying, ...coming], brought, file: new Set(wanted.keys()) });
  }

  #step(kind: EntityKind, name: string, act: Step["act"], entity: Entity<object> | undefined, wanted: Portable | null): Step {
    const data = dataFrom(kind, wanted, entity?.data ?? null);
    const portable = wanted ?? (entity === undefined ? null : portableOf(kind, entity.data));
    const events = [...eventsOf(kind, name, act, portable), ...this.#hooks.told(kind, name, act, portable ?? {})];
    return { act, change: { kind, name, expect: entity?.version ?? 0, data, events, ...(data === null ? {} : { as: "imported" }) } };
  }

  async #do(steps: readonly Step[], by: string): Promise<ImportAnswer["problems"]> {
    const plain = steps.filter(({ change }) => change.kind !== "service").map(({ change }) => change);
    for (let at = 0; at < plain.length; at += STEP) {
      await this.#deps.entities.change(plain.slice(at, at + STEP), by).catch((error: unknown) => {
        throw interrupted(error, at, plain.length);
      });
    }
    const problems = await Promise.all(steps.filter(({ change }) => change.kind === "service").map((one) => this.#service(one, by)));
    return problems.flatMap((problem) => problem ?? []);
  }

  /** One that cannot be begun, without Docker or because something else is done to it, keeps none of the others from it. */
  async #service({ act, change: { name, data } }: Step, by: string): Promise<ImportAnswer["problems"][number] | null> {
    const { services } = this.#deps;
    try {
      if (act === "removed") await services.delete(name, by, { force: true, wait: false });
      else await services.restore(name, ...wish(data as unknown as ServiceData, by));
      return null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { name, code: error.code, message: error.message };
    }
  }
}

// Private

function exported<T extends object>({ kind, name, updated_at, data }: Entity<T>): [string, ExportedEntity][] {
  const portable = portableOf(kind, data);
  return portable === null ? [] : [[name, { updated_at, data: portable }]];
}

/** Services tell of themselves, and targets and routes through the hooks; of certificates nothing has happened before somebody serves them. */
function eventsOf(kind: EntityKind, name: string, act: Step["act"], data: Portable | null): EntityEvent[] {
  if (kind === "token" && act !== "changed")
    return [{ type: act === "created" ? "token_created" : "token_revoked", data: { token: name, by: "import" } }];
  if (kind === "external_service" && act === "removed") return [{ type: "service_deleted", data: { service: name, kind: "external" } }];
  if (kind !== "port") return told(kind, name, act === "created", "imported");
  const type = act === "removed" ? "port_released" : "port_allocated";
  const claims = act === "changed" || data === null ? [] : (data["claims"] as readonly PortClaim[]);
  return claims.map(({ port, owner, bind, protocol }) => ({ type, data: { port, owner, bind, protocol } }));
}

function wish(
  { spec, owner, desired }: ServiceData,
  by: string,
): [ServiceSpec, string, { wait: false; owner: string; desired: ServiceData["desired"] }] {
  return [spec, by, { wait: false, owner, desired }];
}

function interrupted(error: unknown, done: number, all: number): unknown {
  if (!(error instanceof GatewayError) || error.status !== 409) return error;
  return new GatewayError("VERSION_CONFLICT", `Somebody changed something meanwhile, after ${done} of ${all} changes: ${error.message}`, {
    cause: error,
    hint: "Import the file again: what is there already is left as it is.",
  });
}
