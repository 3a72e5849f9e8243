/**
 * A Redis of a fault run: like `startRedis`, but in a given folder (a small disk), behind a given address (a network namespace)
 * and started through another program (strace). `wrap` must end by becoming the server, so that signals reach it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./leftovers.ts";

export interface ServerOrder {
  readonly args?: readonly string[];
  readonly wrap?: readonly string[];
  readonly host?: string;
  /** Default: one of its own, removed by `stop`. */
  readonly folder?: string;
  readonly fsync?: "everysec" | "always";
}

export class Server implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly #order: ServerOrder;
  #child: ChildProcess | undefined;
  #leftover: Disposable = atExit(() => {});

  private constructor(order: ServerOrder, folder: string, port: number) {
    this.#order = order;
    this.folder = folder;
    this.port = port;
    this.host = order.host ?? "127.0.0.1";
  }

  static async start(order: ServerOrder = {}): Promise<Server> {
    const folder = order.folder ?? (await mkdtemp(join(tmpdir(), "tidegate-fault-")));
    const server = new Server(order, folder, await freePort());
    try {
      await server.start();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** Also starts it again, on the same port and folder. */
  async start(): Promise<void> {
    const { args = [], wrap = [], fsync = "everysec" } = this.#order;
    const program = process.env["TIDEGATE_TEST_SERVER"] ?? "redis-server";
    const place = ["--port", String(this.port), "--bind", this.host, "--protected-mode", "no", "--dir", this.folder];
    const keep = ["--appendonly", "yes", "--appendfsync", fsync, "--save", "", "--maxmemory-policy", "noeviction"];
    const [first = program, ...rest] = [...wrap, program, ...place, ...keep, ...args];
    this.#leftover[Symbol.dispose]();
    const child = spawn(first, rest, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#leftover = atExit(() => {
      child.kill("SIGKILL");
      if (this.#order.folder === undefined) rmSync(this.folder, { recursive: true, force: true });
    });
    await ready(child);
  }

  /** SIGKILL waits until the process is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    if (signal === "SIGKILL") await gone;
  }

  async stop(): Promise<void> {
    await this.kill("SIGKILL");
    this.#leftover[Symbol.dispose]();
    if (this.#order.folder === undefined) await rm(this.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** A TCP port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** Resolves when the log says that it serves; its output is read on, or the server would block on a full pipe. */
export async function ready(child: ChildProcess, words: string = "Ready to accept connections"): Promise<ChildProcess> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let log = "";
  const read = (chunk: Buffer): void => {
    if (log.includes(words)) return;
    log += chunk.toString();
    if (log.includes(words)) resolve();
  };
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`The server ended with ${String(code)} before it was ready:\n${log}`)));
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  await promise;
  return child;
}
