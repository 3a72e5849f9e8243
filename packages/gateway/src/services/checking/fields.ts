/** Reads single fields of a request: each of the right kind and within its bounds, or an error that names the field, the bounds and what was found. */
import { GatewayError, type GatewayErrorCode } from "../../errors.ts";
import { shown } from "./refused.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function wrong(field: string, expected: string, found: unknown, hint?: string): GatewayError {
  return wrongAs("INVALID_SPEC", field, expected, found, hint);
}

export function wrongAs(code: GatewayErrorCode, field: string, expected: string, found: unknown, hint?: string): GatewayError {
  return new GatewayError(code, `${field} must be ${expected}; found ${told(found)}.`, hint === undefined ? {} : { hint });
}

/** An object with no other fields than these. */
export function object(value: unknown, field: string, allowed: readonly string[]): Fields {
  const fields = record(value, field);
  for (const name of Object.keys(fields)) if (!allowed.includes(name)) throw unknownField(field, name, allowed);
  return fields;
}

export function record(value: unknown, field: string): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw wrong(field, "an object", value);
  return value as Fields;
}

export function list(value: unknown, field: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(field, "a list", value);
  if (value.length > most) throw wrong(field, `a list of at most ${most}`, value.length);
  return value as unknown[];
}

export function text(value: unknown, field: string, most: number): string {
  if (typeof value !== "string") throw wrong(field, "text", value);
  if (value.length > most) throw wrong(field, `at most ${most} characters`, `${value.length} characters`);
  if (value.includes("\0")) throw wrong(field, "text without NUL", value);
  return value;
}

export function matching(value: unknown, field: string, pattern: RegExp, expected: string, most = 256): string {
  const found = text(value, field, most);
  if (!pattern.test(found)) throw wrong(field, expected, found);
  return found;
}

export function choice<T extends string>(value: unknown, field: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === value);
  if (found === undefined) throw wrong(field, `one of ${choices.join(", ")}`, value);
  return found;
}

export function truth(value: unknown, field: string): boolean {
  if (typeof value !== "boolean") throw wrong(field, "true or false", value);
  return value;
}

/** Numbers may be written as text, as forms send them. */
export function number(value: unknown, field: string, least: number, most: number, whole = true): number {
  const found = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  const fits = typeof found === "number" && found >= least && found <= most && (!whole || Number.isInteger(found));
  if (!fits) throw wrong(field, `a ${whole ? "whole " : ""}number from ${least} to ${most}`, value);
  return found;
}

// Private

/** Values may be secret; only short words and numbers are repeated. */
function told(found: unknown): string {
  if (typeof found === "string") return JSON.stringify(found.length > 40 ? `${found.slice(0, 40)}…` : found);
  if (typeof found === "number" || typeof found === "boolean" || found === null) return String(found);
  if (found === undefined) return "nothing";
  return Array.isArray(found) ? "a list" : `an ${typeof found}`;
}

function unknownField(field: string, name: string, allowed: readonly string[]): GatewayError {
  const where = field === "" ? shown(name) : `${field}.${shown(name)}`;
  const near = nearest(name, allowed);
  const hint = near === null ? `There are: ${allowed.join(", ")}.` : `Did you mean ${near}?`;
  return new GatewayError("INVALID_SPEC", `There is no field ${where}.`, { hint });
}

function nearest(name: string, allowed: readonly string[]): string | null {
  const plain = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const [best] = allowed
    .map((word) => ({ word, distance: distance(plain(name).slice(0, 40), plain(word)) }))
    .sort((one, other) => one.distance - other.distance);
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : null;
}

/** Levenshtein's. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [at, letter] of one.split("").entries()) {
    const next = [at + 1];
    for (let to = 1; to <= other.length; to += 1) {
      const change = (row[to - 1] ?? 0) + (letter === other[to - 1] ? 0 : 1);
      next.push(Math.min(change, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
