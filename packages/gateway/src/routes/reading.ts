/** Reads the fields a person sends for a target or route: each of the right kind and within its bounds, or an error that says what it may be. */
import { GatewayError } from "../errors.ts";

export type Fields = Readonly<Record<string, unknown>>;

export class Reading {
  readonly #code: "INVALID_TARGET" | "INVALID_ROUTE";

  constructor(code: "INVALID_TARGET" | "INVALID_ROUTE") {
    this.#code = code;
  }

  wrong(field: string, allowed: string, found: unknown, hint?: string): GatewayError {
    return this.error(`${field} must be ${allowed}; found ${told(found)}.`, hint);
  }

  error(message: string, hint?: string): GatewayError {
    return new GatewayError(this.#code, message, { hint: hint ?? "All fields: docs/reference/proxy-fields.md" });
  }

  /** With no other fields than these. */
  object(value: unknown, field: string, allowed: readonly string[]): Fields {
    const fields = this.record(value, field === "" ? "The request" : field);
    for (const name of Object.keys(fields)) {
      if (allowed.includes(name)) continue;
      const where = `${field === "" ? "" : `${field}.`}${name.slice(0, 60)}`;
      throw this.error(`There is no field ${where}.`, `There are: ${allowed.join(", ")}.`);
    }
    return fields;
  }

  record(value: unknown, field: string): Fields {
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw this.wrong(field, "an object", value);
    return value as Fields;
  }

  text(value: unknown, field: string, most: number): string {
    if (typeof value !== "string") throw this.wrong(field, "text", value);
    if (value.length > most) throw this.wrong(field, `at most ${most} characters`, `${value.length} characters`);
    if (value.includes("\0")) throw this.wrong(field, "text without NUL", value);
    return value;
  }

  texts(value: unknown, field: string, most: number, length = 256): string[] {
    if (!Array.isArray(value)) throw this.wrong(field, "a list of texts", value);
    if (value.length > most) throw this.wrong(field, `a list of at most ${most}`, value.length);
    const read = value.map((one: unknown, at) => this.text(one, `${field}[${at}]`, length));
    const empty = read.indexOf("");
    if (empty !== -1) throw this.wrong(`${field}[${empty}]`, "a text that is not empty", "");
    return [...new Set(read)];
  }

  truth(value: unknown, field: string): boolean {
    if (typeof value !== "boolean") throw this.wrong(field, "true or false", value);
    return value;
  }

  choice<T extends string | number>(value: unknown, field: string, choices: readonly T[]): T {
    const found = choices.find((one) => one === value);
    if (found === undefined) throw this.wrong(field, `one of ${choices.join(", ")}`, value);
    return found;
  }

  whole(value: unknown, field: string, least: number, most: number): number {
    const found = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof found === "number" && Number.isInteger(found) && found >= least && found <= most) return found;
    throw this.wrong(field, `a whole number from ${least} to ${most}`, value);
  }

  /** What is left out stays `before`; null is `before` without anything. */
  given<T>(fields: Fields, name: string, before: T, read: (value: unknown) => T): T {
    return fields[name] === undefined ? before : read(fields[name]);
  }
}

// Private

/** Values may be secret: only a little is repeated. */
function told(found: unknown): string {
  if (typeof found === "string") return JSON.stringify(found.length > 80 ? `${found.slice(0, 80)}…` : found);
  if (typeof found === "number" || typeof found === "boolean" || found === null) return String(found);
  if (found === undefined) return "nothing";
  return Array.isArray(found) ? "a list" : "an object";
}
