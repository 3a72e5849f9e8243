/** Entries on standard output: JSON lines for programs, one coloured line each for people. Whatever they hold stays in its line. */
import { quote, visible } from "./quote.ts";
import type { Fields, Level } from "./telemetry.ts";

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
  on?(event: "error", listener: () => void): unknown;
}

/** One entry as it is stored: `data` is JSON, already redacted. */
export interface Printed {
  readonly level: Level;
  readonly component: string;
  readonly traceId: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly data: string;
}

export interface PrintSettings {
  readonly print: "auto" | "pretty" | "json" | false;
  /** Whether a terminal may be sent colours. */
  readonly colors: boolean;
}

export class Printer {
  readonly #out: Output;
  readonly #line: (entry: Printed) => string;
  readonly #reader: Reader;

  private constructor(out: Output, line: (entry: Printed) => string) {
    this.#out = out;
    this.#line = line;
    this.#reader = readerOf(out);
  }

  static of({ print, colors }: PrintSettings, out: Output): Printer | null {
    if (print === false) return null;
    const terminal = out.isTTY === true;
    if (print === "json" || (print === "auto" && !terminal)) return new Printer(out, jsonLine);
    const paint = terminal && colors ? painted : unpainted;
    return new Printer(out, (entry) => prettyLine(entry, paint));
  }

  print(entry: Printed): void {
    if (!this.#reader.gone) this.#out.write(this.#line(entry));
  }
}

// Private

interface Reader {
  gone: boolean;
}

/** One listener for each output, however many connections print to it. */
const readers = new WeakMap<Output, Reader>();

/** When whoever read it has gone, the program has better things to do than to die of it. */
function readerOf(out: Output): Reader {
  let reader = readers.get(out);
  if (reader !== undefined) return reader;
  readers.set(out, (reader = { gone: false }));
  const known = reader;
  out.on?.("error", () => (known.gone = true));
  return reader;
}

type Paint = (text: string, color: number) => string;

const GREY = 90;
const COLORS: Readonly<Record<Level, number>> = { trace: 90, debug: 36, info: 32, warn: 33, error: 31, critical: 35 };

function painted(text: string, color: number): string {
  return `\u001b[${color}m${text}\u001b[39m`;
}

function unpainted(text: string): string {
  return text;
}

function jsonLine({ level, component, traceId, at, data }: Printed): string {
  const trace = traceId === "" ? "" : `,"trace_id":${quote(traceId)}`;
  return `{"time":"${new Date(at).toISOString()}","level":"${level}","component":${quote(component)}${trace},${data.slice(1)}\n`;
}

function prettyLine({ level, component, traceId, at, data }: Printed, paint: Paint): string {
  const { message, service: _service, log_type: _type, span_id: _span, ...fields } = JSON.parse(data) as Fields;
  const rest = Object.entries({ ...fields, ...(traceId === "" ? {} : { trace: traceId.slice(0, 8) }) });
  const shown = rest.map(([name, value]) => ` ${paint(`${visible(name)}=`, GREY)}${shownValue(value)}`).join("");
  const head = `${paint(clockTime(at), GREY)} ${paint(level.toUpperCase().padEnd(8), COLORS[level])} ${visible(component)}: `;
  return `${head}${visible(String(message))}${shown}\n`;
}

function clockTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function shownValue(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? visible(value) : visible(JSON.stringify(value));
  if (isFailure(value)) return visible(failureText(value));
  return visible(JSON.stringify(value));
}

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: unknown;
}

function isFailure(value: unknown): value is Failure {
  const failure = value as Partial<Failure> | null;
  return typeof failure === "object" && typeof failure?.name === "string" && typeof failure.message === "string";
}

/** With the place it came from; the whole stack is in what is stored. */
function failureText({ name, message, code, stack }: Failure): string {
  const place = typeof stack === "string" ? /\n\s+(at .*)/.exec(stack)?.[1] : undefined;
  return `${name}${code === undefined ? "" : ` ${JSON.stringify(code)}`}: ${message}${place === undefined ? "" : ` (${place})`}`;
}
