/** What may be changed about logging at run time: as fields of a hash and back, checked on the way in, forgiving on the way out. */
import { TidegateError } from "../errors.ts";
import { RANK } from "./gate.ts";
import { LEVELS, type Level, type LogControl, type LogSettings } from "./telemetry.ts";

export type LogChange = Parameters<LogControl["set"]>[0];

export const NO_SETTINGS: LogSettings = { level: null, levels: {}, samples: {}, limits: {} };

/** What another version or a person wrote and this one does not understand is as good as not there. */
export function settingsOf(hash: Readonly<Record<string, string>>): LogSettings {
  const levels: Record<string, Level> = {};
  const samples: Record<string, number> = {};
  const limits: Record<string, number> = {};
  for (const [field, value] of Object.entries(hash)) {
    const [kind, name] = parted(field);
    if (kind === "level" && name !== "" && isLevel(value)) levels[name] = value;
    if (kind === "sample" && isShare(Number(value))) samples[name] = Number(value);
    if (kind === "limit" && isLimit(Number(value))) limits[name] = Number(value);
  }
  const level = hash["level"];
  return { level: isLevel(level) ? level : null, levels, samples, limits };
}

/** Field, value, …; an empty value removes the field. Throws INVALID_CONFIG. */
export function fieldsOf(change: LogChange): string[] {
  const fields: string[] = [];
  if (change.level !== undefined) fields.push("level", textOf("level", change.level, isLevel, ALLOWED.levels));
  for (const [kind, prefix, fits] of KINDS) {
    for (const [name, value] of Object.entries(change[kind] ?? {})) {
      if (name === "" || name.length > LONGEST_NAME) throw badName(kind, name);
      fields.push(`${prefix}:${name}`, textOf(`${kind}[${JSON.stringify(name)}]`, value, fits, ALLOWED[kind]));
    }
  }
  return fields;
}

// Private

const LONGEST_NAME = 200;
const ALLOWED = {
  levels: `one of ${LEVELS.join(", ")}`,
  samples: "a share from 0 to 1",
  limits: "a whole number of entries a second, 0 or more",
} as const;
const KINDS = [
  ["levels", "level", isLevel],
  ["samples", "sample", isShare],
  ["limits", "limit", isLimit],
] as const;

function isLevel(value: unknown): value is Level {
  return typeof value === "string" && Object.hasOwn(RANK, value);
}

function isShare(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function isLimit(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parted(field: string): [kind: string, name: string] {
  const colon = field.indexOf(":");
  return colon === -1 ? [field, ""] : [field.slice(0, colon), field.slice(colon + 1)];
}

function textOf(where: string, value: unknown, fits: (value: unknown) => boolean, allowed: string): string {
  if (value === null) return "";
  if (fits(value)) return `${value as string | number}`;
  throw new TidegateError(
    "INVALID_CONFIG",
    `${where} of the log settings must be ${allowed}, or null to remove it; found ${JSON.stringify(value)}.`,
  );
}

function badName(kind: string, name: string): TidegateError {
  return new TidegateError("INVALID_CONFIG", `A name in ${kind} of the log settings has ${name.length} characters.`, {
    hint: `Name a component with 1 to ${LONGEST_NAME} characters, for samples and limits optionally followed by ":" and a level.`,
  });
}
