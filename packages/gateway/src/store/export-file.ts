/** The file of an export: its form, and the check of one before anything of it is used. */
import { GatewayError } from "../errors.ts";
import { KINDS, type EntityKind } from "./entity.ts";
import { isSealed } from "./keyed-vault.ts";
import { NO_HOOKS, type KindHooks } from "./kind-hooks.ts";
import { checkName } from "./names.ts";
import { faultOf, isRecord, type Portable } from "./portable.ts";

export interface ExportFile {
  readonly tidegate: "export";
  readonly version: 1;
  readonly namespace: string;
  /** Unix ms. */
  readonly made_at: number;
  /** Fingerprint of the key its secrets are sealed with; null: that of nobody. */
  readonly key: string | null;
  /** By kind and name. */
  readonly entities: Readonly<Partial<Record<EntityKind, Readonly<Record<string, ExportedEntity>>>>>;
}

export interface ExportedEntity {
  /** Unix ms. */
  readonly updated_at: number;
  readonly data: Portable;
}

/** Wanted data by kind and name. INVALID_IMPORT; ENCRYPTION_KEY_WRONG when a secret in it is sealed with another key than `key`. */
export function readExport(
  file: unknown,
  key: string | null,
  hooks: KindHooks = NO_HOOKS,
): ReadonlyMap<EntityKind, ReadonlyMap<string, Portable>> {
  if (!isRecord(file) || file["tidegate"] !== "export") throw invalid("It is no export of Tidegate.");
  if (file["version"] !== 1)
    throw invalid(`It has the version ${JSON.stringify(file["version"])?.slice(0, 20) ?? "none"}; this Tidegate reads version 1.`);
  const { entities } = file;
  if (!isRecord(entities)) throw invalid('It has no "entities".');
  const wanted = new Map<EntityKind, Map<string, Portable>>();
  for (const [kind, named] of Object.entries(entities)) {
    if (!KINDS.includes(kind as EntityKind) || !isRecord(named))
      throw invalid(`Of the kind ${JSON.stringify(kind.slice(0, 40))} nothing is known here.`);
    wanted.set(kind as EntityKind, readKind(kind as EntityKind, named, key, hooks));
  }
  return wanted;
}

// Private

function readKind(kind: EntityKind, named: Readonly<Record<string, unknown>>, key: string | null, hooks: KindHooks): Map<string, Portable> {
  const found = new Map<string, Portable>();
  for (const [name, entity] of Object.entries(named)) {
    checkName(kind, name);
    const data = isRecord(entity) ? entity["data"] : undefined;
    const fault = isRecord(data) ? (faultOf(kind, name, data) ?? hooks.faultOf(kind, name, data)) : "it has no data";
    if (fault !== null || !isRecord(data))
      throw invalid(`The ${kind.replace("_", " ")} ${JSON.stringify(name)} cannot be used: ${fault ?? ""}.`);
    checkSecrets(data, `${kind.replace("_", " ")} ${name}`, key);
    found.set(name, data);
  }
  return found;
}

function checkSecrets(value: unknown, whose: string, key: string | null): void {
  if (isSealed(value)) {
    const by = value.$sealed.split(".")[1];
    if (by === key) return;
    throw new GatewayError("ENCRYPTION_KEY_WRONG", `The secrets of ${whose} were sealed with another key than this instance has.`, {
      hint: "Start this instance with the TIDEGATE_ENCRYPTION_KEY of the one that made the file. Nothing was changed.",
    });
  }
  if (typeof value === "object" && value !== null) for (const part of Object.values(value)) checkSecrets(part, whose, key);
}

function invalid(message: string): GatewayError {
  return new GatewayError("INVALID_IMPORT", message, { hint: "Make one with: tidegate config export <file>. Nothing was changed." });
}
