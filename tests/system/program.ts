/** A Tidegate of its own for a test file: `tidegate up` on free ports in an own folder, and the commands that a person or a script runs beside it. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = join(ROOT, "packages/platform/bin/tidegate.js");
const JUST = join(ROOT, "node_modules/.bin/just");

export type Command = ChildProcessByStdio<null, Readable, Readable>;

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Instance {
  readonly redisUrl: string;
  readonly consoleUrl: string;
  readonly children: { readonly control: number };
}

type Environment = Readonly<Record<string, string>>;

export class Program implements AsyncDisposable {
  readonly #data: string;
  readonly #up: ChildProcess;

  private constructor(data: string, up: ChildProcess) {
    this.#data = data;
    this.#up = up;
  }

  /** Resolves when the console answers. */
  static async up(environment: Environment = {}): Promise<Program> {
    const data = await mkdtemp(join(tmpdir(), "tidegate-system-"));
    const args = ["up", "--no-demo", "--no-open", "--port", "0", "--redis-port", "0", "--data", data];
    const up = begin([process.execPath, PROGRAM, ...args], environment);
    const program = new Program(data, up);
    try {
      await says(up, /Console/);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
    return program;
  }

  /** `tidegate <args>`, as it runs. */
  start(args: readonly string[], environment: Environment = {}): Command {
    return begin([process.execPath, PROGRAM, ...args], { TIDEGATE_DATA: this.#data, ...environment });
  }

  tidegate(args: readonly string[], environment: Environment = {}): Promise<Result> {
    return ended(this.start(args, environment));
  }

  /** A recipe of the justfile. */
  just(...args: string[]): Promise<Result> {
    return ended(begin([JUST, ...args], { TIDEGATE_DATA: this.#data }));
  }

  /** A file of the data folder. */
  async read(file: string): Promise<string> {
    return (await readFile(join(this.#data, file), "utf8")).trim();
  }

  async instance(): Promise<Instance> {
    return JSON.parse(await this.read("instance.json")) as Instance;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#up.exitCode === null && this.#up.signalCode === null) {
      this.#up.kill("SIGTERM");
      await once(this.#up, "exit");
    }
    await rm(this.#data, { recursive: true, force: true });
  }
}

// Private

/** Nothing of the surrounding shell but where programs are, and what Node compiled of them. */
function begin([command = "", ...args]: readonly string[], environment: Environment): Command {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return spawn(command, args, { cwd: ROOT, env: { PATH, HOME, NODE_COMPILE_CACHE, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
}

async function ended(child: Command): Promise<Result> {
  const closed = once(child, "close") as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

async function says(child: Command, what: RegExp): Promise<void> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += String(chunk)) && child.emit("said"));
  while (!what.test(said)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said}`);
    await once(child, "said", { signal: AbortSignal.timeout(30_000) });
  }
}
