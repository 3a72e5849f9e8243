/**
 * Levels, samples and limits that may be changed while programs run: kept in Redis, followed by every process that logs.
 * While Redis is away the last ones known stay in force.
 */
import { Loop } from "../duties/loop.ts";
import type { Clock } from "../clock.ts";
import type { TelemetryKeys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Scripts } from "../redis/scripts.ts";
import { record } from "../redis/shapes.ts";
import type { Reply } from "../store.ts";
import type { Notice } from "../tide.ts";
import { fieldsOf, NO_SETTINGS, settingsOf, type LogChange } from "./log-settings.ts";
import type { LogControl, LogSettings } from "./telemetry.ts";

export interface LogControlDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: TelemetryKeys;
  readonly clock: Clock;
  readonly notice: (notice: Notice) => void;
  /** Puts settings into force in this process. */
  readonly apply: (settings: LogSettings) => void;
}

/** Milliseconds between two looks at the version. */
const EVERY = 2_000;
/** Milliseconds until asking again what this user was not allowed to read. */
const DENIED = 60_000;

export class StoredLogControl implements LogControl {
  readonly #deps: LogControlDeps;
  readonly #loop: Loop;
  /** What is in force here; null: nothing stored. */
  #version: string | null = null;
  #following = false;
  #stopped = false;
  #told = false;

  constructor(deps: LogControlDeps) {
    this.#deps = deps;
    this.#loop = new Loop("log settings", () => this.#look(), deps);
  }

  async settings(): Promise<LogSettings> {
    return settingsOf(record(await this.#deps.link.ask(["HGETALL", this.#deps.keys.logControl()])));
  }

  async set(change: LogChange): Promise<LogSettings> {
    const fields = fieldsOf(change);
    if (fields.length === 0) return await this.settings();
    const { link, scripts, keys } = this.#deps;
    const asking = { call: (args: string[]): Promise<Reply> => link.ask(args) };
    return this.#learn(record(await scripts.run(asking, "log-control", [keys.logControl()], fields)));
  }

  /** From now on what is stored is in force here within seconds. Called for each logger: programs that have none ask nothing. */
  follow(): void {
    if (this.#following || this.#stopped) return;
    this.#following = true;
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
  }

  // Private

  async #look(): Promise<number> {
    try {
      await this.#refresh();
    } catch (error) {
      if (!(error instanceof RedisFault) || error.code !== "ACCESS_DENIED") throw error;
      if (!this.#told) this.#deps.notice({ level: "warning", code: "log_settings_denied", message: error.message });
      this.#told = true;
      return DENIED;
    }
    return EVERY;
  }

  async #refresh(): Promise<void> {
    const { link, keys } = this.#deps;
    const version = (await link.call(["HGET", keys.logControl(), "version"])) as string | null;
    if (version === this.#version) return;
    this.#learn(record(await link.call(["HGETALL", keys.logControl()])));
  }

  #learn(hash: Readonly<Record<string, string>>): LogSettings {
    const settings = Object.keys(hash).length === 0 ? NO_SETTINGS : settingsOf(hash);
    this.#version = hash["version"] ?? null;
    this.#deps.apply(settings);
    return settings;
  }
}
