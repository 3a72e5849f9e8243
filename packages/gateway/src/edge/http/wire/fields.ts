/**
 * The field lines of one message, kept as positions in the decoded head: a value becomes a string only when asked for, and forwarding copies runs
 * of untouched lines with one slice.
 * Invariant: every line obeys RFC 9112 5 (token, colon, value, CRLF; no folding, no space before the colon).
 */
import { HttpError } from "./http-error.ts";
import { NAME, VALUE } from "./octets.ts";
import { HOP, hashOf, nextHash, OTHER, roleOf, spells } from "./roles.ts";

export {
  ALIAS,
  AUTHORIZATION,
  bit,
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  EVERYTHING_SPECIAL,
  EXPECT,
  FORWARDED,
  FORWARDED_FOR,
  HOP,
  HOP_BY_HOP,
  HOST,
  IDENTITY,
  MANAGED,
  NEVER_FROM_CLIENT,
  OTHER,
  REQUEST_ID,
  TRACE,
  TRANSFER_ENCODING,
  UNDERSCORE,
  UPGRADE,
} from "./roles.ts";

const HASH = 0;
const ROLE = 1;
const NAME_START = 2;
const NAME_END = 3;
const VALUE_START = 4;
const VALUE_END = 5;
const STRIDE = 6;
const NONE: readonly string[] = [];

export class Fields {
  readonly text: string;
  readonly count: number;
  readonly #marks: number[];
  #roles = 0;

  /** Only for `parseFields`. `marks`: STRIDE numbers for each line. */
  constructor(text: string, marks: number[]) {
    this.text = text;
    this.count = marks.length / STRIDE;
    this.#marks = marks;
    for (let m = ROLE; m < marks.length; m += STRIDE) this.#roles |= 1 << (marks[m] ?? OTHER);
  }

  role(index: number): number {
    return this.#at(index, ROLE);
  }

  /** Lower case. */
  name(index: number): string {
    return this.text.slice(this.#at(index, NAME_START), this.#at(index, NAME_END)).toLowerCase();
  }

  /** Without the white space around it; latin1. */
  value(index: number): string {
    return this.text.slice(this.#at(index, VALUE_START), this.#at(index, VALUE_END));
  }

  /** Whether any line has one of the roles of `mask` (a sum of `bit`s). */
  has(mask: number): boolean {
    return (this.#roles & mask) !== 0;
  }

  /** First value of a field by its lower-case name. Other spellings (`_`) are other fields. */
  get(name: string): string | undefined {
    const hash = hashOf(name);
    for (let i = 0; i < this.count; i++) if (this.#is(i, hash, name)) return this.value(i);
    return undefined;
  }

  all(name: string): string[] {
    const hash = hashOf(name);
    const values: string[] = [];
    for (let i = 0; i < this.count; i++) if (this.#is(i, hash, name)) values.push(this.value(i));
    return values;
  }

  /** Makes a field that a Connection names hop-by-hop too (RFC 9110 7.6.1). Fields with a role cannot be named away. */
  nominate(name: string): void {
    const hash = hashOf(name);
    for (let i = 0; i < this.count; i++) {
      if (this.role(i) !== OTHER || !this.#is(i, hash, name)) continue;
      this.#marks[i * STRIDE + ROLE] = HOP;
      this.#roles |= 1 << HOP;
    }
  }

  /** The lines, each with its CRLF, that have no role of `drop` (a sum of `bit`s) and no name of `hide` (lower case) in any spelling. */
  without(drop: number, hide: readonly string[] = NONE): string {
    if ((this.#roles & drop) === 0 && hide.length === 0) return this.#from(this.count === 0 ? -1 : this.#at(0, NAME_START));
    const marks = this.#marks;
    let out = "";
    let run = -1;
    for (let m = 0; m < marks.length; m += STRIDE) {
      const start = marks[m + NAME_START] ?? 0;
      const dropped = ((drop >> (marks[m + ROLE] ?? OTHER)) & 1) === 1 || (hide.length > 0 && this.#hidden(m, hide));
      if (!dropped && run < 0) run = start;
      else if (dropped && run >= 0) {
        out += this.text.slice(run, start);
        run = -1;
      }
    }
    return out + this.#from(run);
  }

  // Private

  #at(index: number, mark: number): number {
    return this.#marks[index * STRIDE + mark] ?? 0;
  }

  #from(run: number): string {
    return run < 0 ? "" : this.text.slice(run);
  }

  #is(index: number, hash: number, name: string): boolean {
    return this.#at(index, HASH) === hash && this.name(index) === name;
  }

  #hidden(m: number, hide: readonly string[]): boolean {
    const start = this.#marks[m + NAME_START] ?? 0;
    const length = (this.#marks[m + NAME_END] ?? 0) - start;
    for (const name of hide) if (name.length === length && spells(this.text, start, name)) return true;
    return false;
  }
}

/** Parses `text` from `at` to its end, which is the CRLF of its last line; the empty line is not part of it. */
export function parseFields(text: string, at: number, maxFields: number): Fields {
  const marks: number[] = [];
  while (at < text.length) {
    const nameStart = at;
    let hash = 0;
    let seen = 0;
    let code = 0;
    while ((code = NAME[text.charCodeAt(at)] ?? 0) !== 0) {
      hash = nextHash(hash, code);
      seen |= code;
      at++;
    }
    const nameEnd = at;
    if (nameEnd === nameStart || text.charCodeAt(at) !== COLON) throw badField("a field name is a token followed directly by a colon");
    do at++;
    while (isBlank(text.charCodeAt(at)));
    const valueStart = at;
    while (VALUE[text.charCodeAt(at)] === 1) at++;
    if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF) throw badField("a field value holds a control character");
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;
    at += 2;
    marks.push(hash, roleOf(text, nameStart, nameEnd, hash, seen), nameStart, nameEnd, valueStart, valueEnd);
    if (marks.length > maxFields * STRIDE)
      throw new HttpError(431, "too-many-fields", `the message has more than ${maxFields} field lines`);
  }
  return new Fields(text, marks);
}

const CR = 13;
const LF = 10;
const COLON = 0x3a;

function isBlank(code: number): boolean {
  return code === 0x20 || code === 9;
}

function badField(why: string): HttpError {
  return new HttpError(400, "bad-field", why);
}
