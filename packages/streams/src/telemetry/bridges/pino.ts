/**
 * Where pino writes to, so that a program which logs with pino has its entries on the streams: `pino(options, pinoDestination(tide))`.
 * It reads the lines that pino has made; pino itself is not needed here. https://github.com/pinojs/pino/blob/main/docs/api.md#destination
 */
import { asError } from "../../errors.ts";
import { own, RANK } from "../gate.ts";
import { ComponentLogger } from "../logger.ts";
import { LEVELS, type Fields, type Level, type Logger } from "../telemetry.ts";

/** Only what it needs of a `Tide`. */
export interface PinoTarget {
  logger(component: string): Logger;
  flush(): Promise<void>;
}

export interface PinoDestinationOptions {
  /** For entries of a logger without a `name`. Default `pino`. */
  readonly component?: string;
  /** As pino's options of the same names. Default `msg` and `err`. */
  readonly messageKey?: string;
  readonly errorKey?: string;
}

export interface PinoDestination {
  write(line: string): void;
  /** pino's `logger.flush(callback)`. */
  flush(callback?: (error?: Error) => void): void;
}

export function pinoDestination(tide: PinoTarget, options: PinoDestinationOptions = {}): PinoDestination {
  return new Destination(tide, options);
}

// Private

/** Different names beyond which nothing is remembered: a program that makes them up must not fill the memory. */
const LOGGERS = 1_000;
const ALIASES: Readonly<Record<string, Level>> = { fatal: "critical", warning: "warn" };

class Destination implements PinoDestination {
  readonly #tide: PinoTarget;
  readonly #component: string;
  readonly #messageKey: string;
  readonly #errorKey: string;
  readonly #loggers = new Map<string, Logger>();

  constructor(tide: PinoTarget, { component = "pino", messageKey = "msg", errorKey = "err" }: PinoDestinationOptions) {
    this.#tide = tide;
    this.#component = component;
    this.#messageKey = messageKey;
    this.#errorKey = errorKey;
  }

  write(line: string): void {
    for (const one of line.split("\n")) if (one !== "") this.#write(one);
  }

  flush(callback: (error?: Error) => void = () => {}): void {
    void this.#flush(callback);
  }

  async #flush(callback: (error?: Error) => void): Promise<void> {
    const failure = await this.#tide.flush().catch(asError);
    callback(failure ?? undefined);
  }

  #write(line: string): void {
    const entry = parsed(line);
    if (entry === null) return this.#logger(this.#component).info(line);
    const [messageKey, errorKey] = [this.#messageKey, this.#errorKey];
    const { level, time, name, [messageKey]: message, [errorKey]: failure, ...rest } = entry;
    const fields = failure === undefined ? rest : { ...rest, error: errorFields(failure) };
    const text = typeof message === "string" ? message : message === undefined ? messageOf(failure) : JSON.stringify(message);
    const logger = this.#logger(typeof name === "string" && name !== "" ? name : this.#component);
    const rank = rankOf(level);
    if (logger instanceof ComponentLogger) logger.log(rank, text, fields, moment(time));
    else logger[LEVELS[rank] ?? "info"](text, fields);
  }

  #logger(component: string): Logger {
    let logger = this.#loggers.get(component);
    if (logger !== undefined) return logger;
    logger = this.#tide.logger(component);
    if (this.#loggers.size < LOGGERS) this.#loggers.set(component, logger);
    return logger;
  }
}

function parsed(line: string): Fields | null {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null && !Array.isArray(entry) ? (entry as Fields) : null;
  } catch {
    return null;
  }
}

/** 10 to 60 are trace to fatal; one's own levels between them count as the next lower. A program may write names instead. */
function rankOf(level: unknown): number {
  if (typeof level === "number") return Math.min(Math.max(Math.floor(level / 10) - 1, 0), LEVELS.length - 1);
  const word = String(level).toLowerCase();
  return own(RANK, own(ALIASES, word) ?? word) ?? RANK.info;
}

/** Unix milliseconds, or ISO 8601, as pino's `timestamp` was set; else now. */
function moment(time: unknown): number | undefined {
  const at = typeof time === "string" ? Date.parse(time) : Number(time);
  return Number.isFinite(at) && at > 0 ? Math.round(at) : undefined;
}

/** pino calls an error's name its type. */
function errorFields(failure: unknown): unknown {
  if (typeof failure !== "object" || failure === null) return failure;
  const { type, ...rest } = failure as Fields;
  return type === undefined ? failure : { name: type, ...rest };
}

function messageOf(failure: unknown): string {
  const message = (failure as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : "";
}
