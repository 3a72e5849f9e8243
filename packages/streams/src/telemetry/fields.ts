/**
 * Whatever an application logs, as JSON: redacted, bounded, and never an exception. Cycles, BigInt, getters that throw, a million
 * properties and classes of all sorts come in through here, so nothing about a value is believed before it was looked at.
 * One pass over the values, no copies and no closures: this is the hot path of the logger. Not reentrant: a getter that logs needs another.
 */
import { describeError, isError } from "./failure.ts";
import { plainOf } from "./plain.ts";
import { quote } from "./quote.ts";
import { REDACTED, type Redactor, type Secrecy } from "./redact.ts";
import type { Fields } from "./telemetry.ts";

export class FieldWriter {
  readonly #redactor: Redactor;
  readonly #names = new Map<string, Name>();
  readonly #topNames = new Map<string, Name>();
  readonly #texts = new Map<string, string>();
  /** Objects that the present value stands in, outermost first. */
  readonly #above: object[] = [];
  /** Characters left. */
  #room = 0;
  #cut = false;
  /** Once something threw: each property is read by itself, and those that throw are marked. */
  #careful = false;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** `,"name":value` for each field, about `room` characters at most; `,"truncated":true` says that some did not fit. */
  fields(fields: Fields, room: number): string {
    this.#begin(room, false);
    let written: string;
    try {
      written = this.#members(fields, this.#topNames, 0);
    } catch {
      written = this.#carefully(fields, room);
    }
    return this.#cut ? `${written},"truncated":true` : written;
  }

  /** One text as JSON; a message, which seldom comes again. */
  text(text: string, room: number): string {
    this.#begin(room, false);
    return text.length > room ? this.#shortened(text) : quote(this.#redactor.text(text));
  }

  // Private

  #begin(room: number, careful: boolean): void {
    this.#room = room;
    this.#careful = careful;
    this.#cut = false;
  }

  #carefully(fields: Fields, room: number): string {
    this.#begin(room, true);
    try {
      return this.#members(fields, this.#topNames, 0);
    } catch {
      return `,"unreadable":true`;
    }
  }

  /** `,"name":value` of all own properties. */
  #members(source: Fields, names: Map<string, Name>, depth: number): string {
    this.#above[depth] = source;
    let json = "";
    for (const key in source) {
      if (!Object.hasOwn(source, key)) continue;
      const name = names.get(key) ?? this.#learn(key, names);
      this.#room -= name.json.length;
      if (this.#room < LEAST) {
        this.#cut = true;
        break;
      }
      const piece = this.#member(source, key, name.secrecy, depth);
      if (piece !== undefined) json += name.json + piece;
    }
    return json;
  }

  #member(source: Fields, key: string, secrecy: Secrecy, depth: number): string | undefined {
    const value = this.#careful ? read(source, key) : source[key];
    if (secrecy !== "open" && hides(secrecy, value)) return HIDDEN;
    // A header or cookie as a pair: { name: "authorization", value: … }.
    if (key === "value" && typeof value === "string" && this.#labelled(source)) return HIDDEN;
    return this.#value(value, depth);
  }

  #value(value: unknown, depth: number): string | undefined {
    if (typeof value === "string") return this.#spend(this.#text(value));
    if (typeof value === "number") return this.#spend(Number.isFinite(value) ? String(value) : `"${value}"`);
    if (typeof value === "boolean") return this.#spend(value ? "true" : "false");
    if (typeof value === "bigint") return this.#spend(this.#text(String(value)));
    if (typeof value !== "object") return undefined;
    return value === null ? this.#spend("null") : this.#object(value, depth + 1);
  }

  #spend(piece: string): string {
    this.#room -= piece.length;
    return piece;
  }

  #object(value: object, depth: number): string {
    if (depth > DEEPEST) return Array.isArray(value) ? `"[array]"` : `"[object]"`;
    for (let index = 0; index < depth; index++) if (this.#above[index] === value) return `"[circular]"`;
    if (!this.#careful) return this.#structure(value, depth);
    try {
      return this.#structure(value, depth);
    } catch {
      return `"[unreadable]"`;
    }
  }

  #structure(value: object, depth: number): string {
    if (Array.isArray(value)) return this.#array(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    const plain = (prototype === Object.prototype || prototype === null) && typeof (value as Fields)["toJSON"] !== "function";
    if (plain) return this.#braces(value as Fields, depth);
    this.#above[depth] = value;
    if (isError(value)) return this.#braces(describeError(value, this.#redactor), depth + 1);
    const said = plainOf(value);
    return said === value ? this.#braces(value as Fields, depth) : (this.#value(said, depth) ?? "null");
  }

  #braces(value: Fields, depth: number): string {
    return `{${this.#members(value, this.#names, depth).slice(1)}}`;
  }

  #array(value: readonly unknown[], depth: number): string {
    this.#above[depth] = value;
    let json = "";
    for (let index = 0; index < value.length; index++) {
      this.#room -= 1;
      if (this.#room < LEAST) {
        this.#cut = true;
        json += `,"[${value.length - index} more]"`;
        break;
      }
      json += `,${this.#element(value, index, depth)}`;
    }
    return `[${json.slice(1)}]`;
  }

  /** Raw headers are a list of names and values in turn. */
  #element(value: readonly unknown[], index: number, depth: number): string {
    const item = value[index];
    if (typeof item === "string" && index > 0) {
      const before = value[index - 1];
      if (typeof before === "string" && this.#redactor.secrecy(before) === "secret") return HIDDEN;
    }
    return this.#value(item, depth) ?? this.#spend("null");
  }

  #text(text: string): string {
    if (text.length > this.#room) return this.#shortened(text);
    const json = text.length <= RECURRING ? this.#recurring(text) : quote(this.#redactor.text(text));
    return json.length <= this.#room + ESCAPES ? json : this.#shortened(text);
  }

  /** Hosts, routes, programs: most short texts come again and again, and two looks by patterns cost more than all else here. */
  #recurring(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const json = quote(this.#redactor.text(text));
    if (this.#texts.size >= REMEMBERED) this.#texts.clear();
    this.#texts.set(text, json);
    return json;
  }

  /** Redacted before it is cut: half a secret is one too. Escaped, a character may take six. */
  #shortened(text: string): string {
    this.#cut = true;
    const safe = this.#redactor.text(text.slice(0, this.#room + BEYOND));
    const room = Math.max(0, this.#room - LEAST);
    const json = quote(`${safe.slice(0, room)}… [of ${text.length} characters]`);
    return json.length <= this.#room + ESCAPES ? json : quote(`${safe.slice(0, Math.floor(room / 6))}… [of ${text.length} characters]`);
  }

  #labelled(source: Fields): boolean {
    const label = source["name"] ?? source["key"];
    return typeof label === "string" && this.#redactor.secrecy(label) === "secret";
  }

  #learn(key: string, names: Map<string, Name>): Name {
    const top = names === this.#topNames;
    const written = quote(this.#redactor.text(key.slice(0, LONGEST_NAME)));
    const name = { json: `,${top && RESERVED.has(key) ? `${written.slice(0, -1)}_"` : written}:`, secrecy: this.#redactor.secrecy(key) };
    if (names.size < KNOWN) names.set(key, name);
    return name;
  }
}

// Private

interface Name {
  /** `,"name":` */
  readonly json: string;
  readonly secrecy: Secrecy;
}

const HIDDEN = `"${REDACTED}"`;
const DEEPEST = 8;
/** Room for a mark. */
const LEAST = 48;
const ESCAPES = 64;
/** Read beyond the cut to see a secret that ends behind it. */
const BEYOND = 4_096;
const LONGEST_NAME = 256;
/** Characters of a text worth remembering, and how many of them are. */
const RECURRING = 128;
const REMEMBERED = 1_000;
const KNOWN = 2_000;
/** They have their place in an entry already; a field of the same name gets a `_` behind. */
const RESERVED = new Set(["log_type", "message", "service", "span_id"]);

function hides(secrecy: Secrecy, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === "boolean" || typeof value === "function") return false;
  return secrecy === "secret" || (typeof value !== "number" && typeof value !== "bigint");
}

function read(source: Fields, key: string): unknown {
  try {
    return source[key];
  } catch {
    return "[unreadable]";
  }
}
