/** One component's view of logging. A call never throws and never waits; of an entry that is not written it costs one comparison. */
import { RANK, type Gate, type Rules } from "./gate.ts";
import type { LogType } from "./record.ts";
import { auditShape, requestShape, responseShape, type Shape } from "./shapes.ts";
import type { AuditRecord, Fields, LazyFields, Level, Logger, RequestRecord, ResponseRecord, SpanIds } from "./telemetry.ts";

/** What the loggers of a process share; `Logging` is the real one. */
export interface LoggerCore {
  readonly enabled: boolean;
  /** Whether samples and limits let an entry of this level through; only for a gate that has rules. */
  admits(rules: Rules, rank: number): boolean;
  /** The fields of a child, as JSON, after those above it. */
  childFields(above: string, fields: Fields): string;
  /** Stores and prints. Never throws. `at`: unix milliseconds, default now. */
  write(
    logger: ComponentLogger,
    type: LogType,
    rank: number,
    message: string,
    fields: LazyFields | undefined,
    at?: number,
    span?: SpanIds,
  ): void;
}

/** One component's view. Not made by hand: `tide.logger()`. */
export class ComponentLogger implements Logger {
  readonly component: string;
  /** Fields of each entry, as JSON: `,"name":value…`. */
  readonly above: string;
  readonly #logging: LoggerCore;
  readonly #gate: Gate;

  constructor(logging: LoggerCore, component: string, gate: Gate, above: string) {
    this.#logging = logging;
    this.component = component;
    this.above = above;
    this.#gate = gate;
  }

  get least(): number {
    return this.#gate.least;
  }

  enabled(level: Level): boolean {
    return RANK[level] >= this.#gate.least;
  }

  trace(message: string, fields?: LazyFields): void {
    this.log(RANK.trace, message, fields);
  }

  debug(message: string, fields?: LazyFields): void {
    this.log(RANK.debug, message, fields);
  }

  info(message: string, fields?: LazyFields): void {
    this.log(RANK.info, message, fields);
  }

  warn(message: string, fields?: LazyFields): void {
    this.log(RANK.warn, message, fields);
  }

  error(message: string, fields?: LazyFields | Error): void {
    this.log(RANK.error, message, fields as LazyFields);
  }

  critical(message: string, fields?: LazyFields | Error): void {
    this.log(RANK.critical, message, fields as LazyFields);
  }

  request(record: RequestRecord): void {
    if (RANK.info < this.#gate.least || !this.#admits(RANK.info)) return;
    this.#shape("http_request", requestShape, record);
  }

  /** Stored whatever the level: metrics and alerts count it. The level decides only whether it is printed. */
  response(record: ResponseRecord): void {
    this.#shape("http_response", responseShape, record);
  }

  audit(record: AuditRecord): void {
    this.#shape("audit", auditShape, record);
  }

  child(fields: Fields): Logger {
    return new ComponentLogger(this.#logging, this.component, this.#gate, this.#logging.childFields(this.above, fields));
  }

  /** Of a level given as its place in `LEVELS`, and of another moment than now: for what other loggers hand on. */
  log(rank: number, message: string, fields?: LazyFields, at?: number): void {
    if (rank < this.#gate.least || !this.#admits(rank)) return;
    this.#logging.write(this, "log", rank, message, fields, at);
  }

  // Private

  #admits(rank: number): boolean {
    const rules = this.#gate.rules;
    return rules === null || this.#logging.admits(rules, rank);
  }

  #shape<R extends { readonly span?: SpanIds | undefined }>(type: LogType, make: (record: R) => Shape, record: R): void {
    if (!this.#logging.enabled) return;
    try {
      const { level, message, fields } = make(record);
      this.#logging.write(this, type, RANK[level], message, fields, undefined, record.span);
    } catch (error) {
      this.log(RANK.warn, `an entry of type ${type} could not be read`, { error });
    }
  }
}
