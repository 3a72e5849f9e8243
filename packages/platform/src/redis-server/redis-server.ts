/**
 * The embedded Redis as files and a program: password, configuration, how it is started and when it is ready.
 * Who keeps it running is the supervisor; who speaks to it is the streams library.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { PlatformError } from "../errors.ts";
import { choosePort, findRedisProgram } from "./find.ts";
import { ping } from "./ping.ts";
import { memoryLimit, redisConf } from "./settings.ts";

/** In the data folder; named in `instance.json` so that other programs of this user find it. */
export const PASSWORD_FILE = "redis-password";

/** Replaying a large append-only file takes this long on a slow disk. */
const READY_LIMIT = 120_000;

export interface RedisServerOptions {
  readonly dataFolder: string;
  readonly port: number;
  readonly portChosen: boolean;
  /** The PATH variable. */
  readonly searchPath: string;
}

export class RedisServer {
  readonly port: number;
  readonly password: string;
  readonly #program: string;
  readonly #conf: string;
  readonly #log: string;

  private constructor(port: number, password: string, program: string, folder: string) {
    this.port = port;
    this.password = password;
    this.#program = program;
    this.#conf = confIn(folder);
    this.#log = join(folder, "redis", "redis.log");
  }

  /** Chooses the port and writes password and configuration; starts nothing. */
  static async prepare(options: RedisServerOptions): Promise<RedisServer> {
    const program = findRedisProgram(options.searchPath);
    const folder = join(options.dataFolder, "redis");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const password = await keepPassword(join(options.dataFolder, PASSWORD_FILE));
    const port = await choosePort(options.port, options.portChosen);
    const maxMemory = memoryLimit(totalmem(), process.constrainedMemory());
    await writePrivate(confIn(options.dataFolder), redisConf({ port, password, folder, maxMemory }));
    return new RedisServer(port, password, program, options.dataFolder);
  }

  /** Stands in its command line; recognises a server that was left behind. */
  static mark(dataFolder: string): string {
    return confIn(dataFolder);
  }

  /** Without password. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** In a process group of its own, so that a Ctrl-C does not reach it. */
  spawn(): ChildProcess {
    return spawn(this.#program, [this.#conf], { detached: true, stdio: "ignore" });
  }

  /** Resolves once it has loaded its data; rejects when `gone` fires first (the process ended) or after two minutes. */
  async ready(gone: AbortSignal): Promise<void> {
    const until = performance.now() + READY_LIMIT;
    while (!gone.aborted && performance.now() < until) {
      if ((await ping(this.port, this.password)) === "ready" && !gone.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw await this.#failed();
  }

  async #failed(): Promise<PlatformError> {
    const log = await readFile(this.#log, "utf8").catch(() => "");
    const last = log.trimEnd().split("\n").slice(-3).join("\n    ");
    return new PlatformError("REDIS_SERVER_FAILED", `The embedded Redis does not start. Its last words:\n    ${last}`, {
      hint: `Read all of it: less ${this.#log}`,
    });
  }
}

// Private

function confIn(dataFolder: string): string {
  return join(dataFolder, "redis", "redis.conf");
}

/** Made once and kept: replaying its data needs no password, but programs in other terminals hold on to it. */
async function keepPassword(path: string): Promise<string> {
  const kept = await readFile(path, "utf8").catch(() => "");
  const password = kept.trim() === "" ? randomBytes(32).toString("base64url") : kept.trim();
  await writePrivate(path, `${password}\n`);
  return password;
}

async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}
