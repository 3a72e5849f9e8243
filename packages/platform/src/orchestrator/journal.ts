/** What the control process has to say, one JSON object per line on its stdout, which the supervisor keeps as `tidegate.log`. */
import { LOG_LEVELS, type LogLevel } from "../config.ts";

export class Journal {
  readonly #least: number;
  readonly #write: (line: string) => void;

  constructor(level: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)) {
    this.#least = LOG_LEVELS.indexOf(level);
    this.#write = write;
  }

  write(level: LogLevel, component: string, message: string, detail?: Readonly<Record<string, unknown>>): void {
    if (LOG_LEVELS.indexOf(level) < this.#least) return;
    this.#write(
      `${JSON.stringify({ at: new Date().toISOString(), level, component, message, ...(detail === undefined ? {} : { detail }) })}\n`,
    );
  }
}
