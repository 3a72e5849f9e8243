/**
 * What the loggers of one process share: settings, redaction, the way of an entry to the sink and to standard output. Nothing is awaited,
 * and nothing an application hands in can throw out of here. No closures and no copies on an entry's way: it is the hot path.
 */
import type { Clock } from "../clock.ts";
import { currentContext, type FlowContext } from "./context.ts";
import { isError } from "./failure.ts";
import { FieldWriter } from "./fields.ts";
import { Gate, own, RANK, Rules } from "./gate.ts";
import { ComponentLogger, type LoggerCore } from "./logger.ts";
import { NO_SETTINGS } from "./log-settings.ts";
import { Printer, type Output } from "./print.ts";
import { quote } from "./quote.ts";
import { Redactor } from "./redact.ts";
import type { LogType } from "./record.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import { SinkEntry } from "./sink.ts";
import { LEVELS, type Fields, type LazyFields, type Logger, type LogSettings, type SpanIds } from "./telemetry.ts";
import { parseTraceparent } from "./traceparent.ts";

/** Where entries go; the `Sink`. */
export interface EntrySink {
  write(entry: SinkEntry): boolean;
}

type LogPart = "request" | "error" | "audit" | "system";

export interface LoggingDeps {
  readonly sink: EntrySink;
  readonly settings: ResolvedTelemetry;
  readonly service: string;
  readonly clock: Clock;
  /** Called for each new logger: from then on the settings in Redis matter. */
  readonly follow: () => void;
  /** Default: standard output. */
  readonly out?: Output;
}

/** Characters of one entry. */
const ROOM = 32_768;
const MESSAGE_ROOM = 8_192;
/** Of the fields of a child and those above it. */
const CHILD_ROOM = 16_384;
/** Milliseconds between two words about what a limit left out. */
const TOLD = 1_000;

/** What all loggers of a process share. */
export class Logging implements LoggerCore {
  readonly #deps: LoggingDeps;
  readonly #redactor: Redactor;
  readonly #writer: FieldWriter;
  readonly #printer: Printer | null;
  readonly #gates = new Map<string, Gate>();
  /** `,"service":"…"` */
  readonly #service: string;
  #settings: LogSettings = NO_SETTINGS;
  #cancelTell: (() => void) | undefined;
  #writing = false;
  /** Whose ids the two below are. */
  #of: SpanIds | FlowContext | undefined;
  #traceId = "";
  #span = "";
  /** Entries left out on purpose. */
  suppressed = 0;

  constructor(deps: LoggingDeps) {
    this.#deps = deps;
    this.#redactor = new Redactor(deps.settings.redact);
    this.#writer = new FieldWriter(this.#redactor);
    this.#printer = deps.settings.enabled ? Printer.of(deps.settings, deps.out ?? process.stdout) : null;
    this.#service = `,"service":${quote(deps.service)}`;
  }

  logger(component: string, fields: Fields = {}): Logger {
    const name = typeof component === "string" ? component : "unknown";
    const logger = new ComponentLogger(this, name, this.#gate(name), "");
    if (this.#deps.settings.enabled) this.#deps.follow();
    return logger.child(fields);
  }

  get enabled(): boolean {
    return this.#deps.settings.enabled;
  }

  /** In force at once for every logger there is. */
  apply(settings: LogSettings): void {
    this.#tell();
    this.#settings = settings;
    for (const [component, gate] of this.#gates) this.#set(gate, component);
  }

  /** Says what limits have left out since they last did. */
  stop(): void {
    this.#tell();
  }

  admits(rules: Rules, rank: number): boolean {
    const verdict = rules.admits(rank);
    if (verdict === "yes") return true;
    this.suppressed += 1;
    if (verdict === "limited") this.#cancelTell ??= this.#deps.clock.after(TOLD, () => this.#tell());
    return false;
  }

  childFields(above: string, fields: Fields): string {
    const writer = this.#freeWriter();
    const nested = this.#writing;
    this.#writing = true;
    try {
      return above + writer.fields(fieldsOf(fields) ?? {}, Math.max(64, CHILD_ROOM - above.length));
    } catch {
      return above;
    } finally {
      this.#writing = nested;
    }
  }

  write(
    logger: ComponentLogger,
    type: LogType,
    rank: number,
    message: string,
    fields: LazyFields | undefined,
    at?: number,
    span?: SpanIds,
  ): void {
    const nested = this.#writing;
    try {
      this.#learnTrace(span ?? currentContext());
      this.#write(logger, type, rank, message, fields, at ?? this.#deps.clock.wall());
    } catch {
      // Nothing that is logged may break what logs it; what could not even be marked as unreadable is gone.
    } finally {
      this.#writing = nested;
    }
  }

  // Private

  #write(logger: ComponentLogger, type: LogType, rank: number, message: string, given: LazyFields | undefined, at: number): void {
    const span = this.#span;
    const traceId = this.#traceId;
    // What is made only now may itself log, of another trace.
    const fields = fieldsOf(given);
    const writer = this.#freeWriter();
    this.#writing = true;
    const text = writer.text(typeof message === "string" ? message : textOf(message), MESSAGE_ROOM);
    let data = `{"log_type":"${type}","message":${text}${this.#service}${span}${logger.above}`;
    if (fields !== undefined) data += writer.fields(fields, ROOM - data.length);
    data += "}";
    const level = LEVELS[rank] ?? "info";
    this.#deps.sink.write(new SinkEntry("logs", partOf(type, rank), level, logger.component, traceId, at, data));
    if (this.#printer !== null && rank >= logger.least) this.#printer.print({ level, component: logger.component, traceId, at, data });
  }

  /** A getter or `toJSON` that logs meets a writer at work. */
  #freeWriter(): FieldWriter {
    return this.#writing ? new FieldWriter(this.#redactor) : this.#writer;
  }

  /** Neighbouring calls mostly belong to the same. */
  #learnTrace(of: SpanIds | FlowContext | undefined): void {
    if (of === this.#of) return;
    const trace = of === undefined ? null : "spanId" in of ? of : (of.span ?? parseTraceparent(of.traceparent));
    this.#of = of;
    this.#traceId = trace?.traceId ?? "";
    this.#span = trace === null ? "" : `,"span_id":"${trace.spanId}"`;
  }

  #gate(component: string): Gate {
    let gate = this.#gates.get(component);
    if (gate === undefined) {
      gate = new Gate();
      this.#gates.set(component, gate);
      this.#set(gate, component);
    }
    return gate;
  }

  #set(gate: Gate, component: string): void {
    if (!this.enabled) return;
    const { levels, level } = this.#settings;
    gate.least = RANK[own(levels, component) ?? level ?? this.#deps.settings.level];
    gate.rules = Rules.of(component, this.#settings, this.#deps.clock);
  }

  #tell(): void {
    this.#cancelTell?.();
    this.#cancelTell = undefined;
    for (const [component, gate] of this.#gates) {
      const count = gate.rules?.leftOut ?? 0;
      if (gate.rules === null || count === 0) continue;
      gate.rules.leftOut = 0;
      const message = `${count} ${count === 1 ? "entry was" : "entries were"} left out by the rate limit`;
      this.write(new ComponentLogger(this, component, gate, ""), "log", RANK.warn, message, { left_out: count });
    }
  }
}

// Private

function partOf(type: LogType, rank: number): LogPart {
  if (type === "audit") return "audit";
  if (type !== "log") return "request";
  return rank >= RANK.error ? "error" : "system";
}

/** What callers without types hand in is kept as well. */
function fieldsOf(given: unknown): Fields | undefined {
  try {
    return shaped(given);
  } catch {
    return { unreadable: true };
  }
}

function shaped(given: unknown): Fields | undefined {
  if (typeof given === "function") return lazy(given as () => unknown);
  if (typeof given !== "object") return given === undefined ? undefined : { value: given };
  if (given === null) return undefined;
  if (Object.getPrototypeOf(given) === Object.prototype) return given as Fields;
  if (isError(given)) return { error: given };
  return Array.isArray(given) || given instanceof Map ? { value: given } : (given as Fields);
}

function lazy(make: () => unknown): Fields | undefined {
  try {
    const made = make();
    return typeof made === "function" ? undefined : fieldsOf(made);
  } catch (error) {
    return { fields_error: error };
  }
}

function textOf(message: unknown): string {
  return isError(message) ? `${message.name}: ${message.message}` : String(message);
}
