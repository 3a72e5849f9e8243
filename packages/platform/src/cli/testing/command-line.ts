/** For tests of commands that ask an instance: the real program in a process of its own, and a real control server in this one, on a real Redis. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ADMIN_TOKEN, NAMESPACE, TokenBed, type Instance } from "../../rest/testing/token-bed.ts";

const PROGRAM = fileURLToPath(new URL("../../../bin/tidegate.js", import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class CommandLine implements AsyncDisposable {
  readonly instance: Instance;
  /** The data folder, with the admin's token; files of tests can lie there too. */
  readonly folder: string;
  readonly #stack: AsyncDisposableStack;

  static async open(): Promise<CommandLine> {
    await using stack = new AsyncDisposableStack();
    const bed = stack.use(await TokenBed.open());
    const instance = await bed.instance("cli");
    const folder = await mkdtemp(join(tmpdir(), "tidegate-cli-"));
    stack.defer(() => rm(folder, { recursive: true }));
    const place = { redisUrl: bed.redis.url, redisPasswordFile: null, consoleUrl: instance.url, ports: {} };
    await writeFile(join(folder, "instance.json"), JSON.stringify({ pid: process.pid, startedAt: 0, namespace: NAMESPACE, ...place }));
    await writeFile(join(folder, "admin-token"), `${ADMIN_TOKEN}\n`);
    return new CommandLine(instance, folder, stack.move());
  }

  private constructor(instance: Instance, folder: string, stack: AsyncDisposableStack) {
    this.instance = instance;
    this.folder = folder;
    this.#stack = stack;
  }

  /** As the admin, with nobody there to ask. */
  readonly run = (...args: string[]): Promise<Ended> => this.runWith({}, ...args);

  /** `env`: on top; `TIDEGATE_TOKEN` for somebody else than the admin. */
  readonly runWith = async (env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> => {
    const { TIDEGATE_TOKEN: _, ADMIN_TOKEN: __, ...rest } = process.env;
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...rest, ...env, TIDEGATE_DATA: this.folder, NO_COLOR: "1" },
    });
    const ended = once(child, "close") as Promise<[number]>;
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
