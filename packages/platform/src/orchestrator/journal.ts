/**
 * What the control process has to say: one JSON object per line on its stdout, which the supervisor keeps as `tidegate.log`, and from the
 * moment the streams are connected the same to the telemetry. What was said before is told again then, so that nothing is lost.
 */
import type { Telemetry } from "@tidegate/streams";
import { LOG_LEVELS, type LogLevel } from "../config.ts";
import { toPlain } from "../errors.ts";

interface Line {
  readonly at: string;
  readonly level: LogLevel;
  readonly component: string;
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>> | undefined;
}

/** A process that cannot connect says the same again and again; the newest lines tell why. */
const MOST_KEPT = 500;

export class Journal {
  readonly #least: number;
  readonly #write: (line: string) => void;
  #telemetry: Pick<Telemetry, "logger"> | null = null;
  #kept: Line[] = [];

  constructor(level: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)) {
    this.#least = LOG_LEVELS.indexOf(level);
    this.#write = write;
  }

  write(level: LogLevel, component: string, message: string, detail?: Readonly<Record<string, unknown>>): void {
    const line: Line = { at: new Date().toISOString(), level, component, message, detail };
    if (LOG_LEVELS.indexOf(level) >= this.#least) this.#write(`${JSON.stringify(line, plainErrors)}\n`);
    if (this.#telemetry !== null) tell(this.#telemetry, line, false);
    else this.#kept = [...this.#kept, line].slice(-MOST_KEPT);
  }

  /** Everything goes to the telemetry as well, what was kept first. */
  attach(telemetry: Pick<Telemetry, "logger">): void {
    this.#telemetry = telemetry;
    for (const line of this.#kept.splice(0)) tell(telemetry, line, true);
  }

  /** Lines are kept again. */
  detach(): void {
    this.#telemetry = null;
  }
}

// Private

/** JSON has no errors. */
function plainErrors(_name: string, value: unknown): unknown {
  return value instanceof Error ? toPlain(value) : value;
}

function tell(telemetry: Pick<Telemetry, "logger">, { at, level, component, message, detail }: Line, late: boolean): void {
  telemetry.logger(component)[level](message, late ? { ...detail, at } : (detail ?? {}));
}
