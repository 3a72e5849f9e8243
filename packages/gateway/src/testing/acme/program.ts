/**
 * A server that tests start as a program of its own. Its output goes to a file beside its settings, and it never outlives the test: neither
 * `end()` nor the end of this process leaves it running.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePorts } from "./free-ports.ts";

export interface ProgramOptions {
  /** It runs there; `<name>.log` is its output. */
  readonly folder: string;
  /** What brings it, for the message when it is missing. */
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #options: ProgramOptions;
  #missing: unknown = null;
  readonly #endWithUs = (): void => {
    this.#child.kill("SIGKILL");
  };

  constructor(command: string, args: readonly string[], options: ProgramOptions) {
    this.#options = options;
    const log = openSync(this.#logFile, "a");
    this.#child = spawn(command, args, { cwd: options.folder, stdio: ["ignore", log, log], env: { ...process.env, ...options.env } });
    closeSync(log);
    this.#child.once("error", (cause) => (this.#missing = cause));
    process.once("exit", this.#endWithUs);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get log(): string {
    return readFileSync(this.#logFile, "utf8");
  }

  /** Resolves once `answers` does so with yes; what it throws counts as not yet. Rejects with the end of the log when the program ended. */
  async ready(answers: () => Promise<boolean>, limit = 20_000): Promise<void> {
    const end = performance.now() + limit;
    while (!(await answers().catch(() => false))) {
      if (this.#missing !== null) throw this.#notInstalled();
      if (!this.#runs) throw new ProgramEnded(this.#options.name, this.log);
      if (performance.now() > end) throw new Error(`${this.#options.name} does not answer after ${limit} ms:\n${this.log}`);
      await pause(10);
    }
  }

  async end(): Promise<void> {
    process.off("exit", this.#endWithUs);
    if (!this.#runs || this.#child.pid === undefined) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  // Private

  get #runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get #logFile(): string {
    return join(this.#options.folder, `${this.#options.name}.log`);
  }

  #notInstalled(): Error {
    return new Error(`${this.#options.name} cannot be started; install it with: npm run setup:test`, { cause: this.#missing });
  }
}

/** Starts something on so many free ports; on others when somebody was quicker to take one of them. */
export async function onFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      if (attempt === 5 || !(error instanceof ProgramEnded) || !error.portTaken) throw error;
    }
  }
}

// Private

class ProgramEnded extends Error {
  readonly portTaken: boolean;

  constructor(name: string, log: string) {
    super(`${name} ended before it was ready:\n${log.split("\n").slice(-15).join("\n")}`);
    this.portTaken = /address (?:already )?in use/i.test(log);
  }
}
