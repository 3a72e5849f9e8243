/**
 * Starts a real Redis (or Valkey: `TIDEGATE_TEST_SERVER=valkey-server`) on a free port and a folder of its own, for tests.
 * AOF everysec and noeviction, as in production. `stop()` leaves neither process nor file behind.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: number;
  /** Sends a signal; resolves when the process is gone for SIGKILL and SIGTERM, at once otherwise. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and folder. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** More command line, for example `["--maxmemory", "10mb"]`. */
  readonly args?: readonly string[];
  readonly program?: string;
  /** TLS only, for clients with a certificate of the same authority. */
  readonly tls?: CertificateFiles;
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-redis-"));
  const server = new LaunchedRedis(serverProgram(options.program), folder, await freePort(), options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export function serverProgram(chosen?: string): string {
  return chosen ?? process.env["TIDEGATE_TEST_SERVER"] ?? "redis-server";
}

/** A TCP port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

// Private

class LaunchedRedis implements RedisServer {
  readonly folder: string;
  readonly port: number;
  readonly #program: string;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;

  constructor(program: string, folder: string, port: number, options: RedisServerOptions) {
    this.#program = program;
    this.folder = folder;
    this.port = port;
    this.#options = options;
  }

  get url(): string {
    return `${this.#options.tls === undefined ? "redis" : "rediss"}://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const fixed = [...this.#listen(), "--bind", "127.0.0.1", "--dir", this.folder, "--appendonly", "yes", "--appendfsync", "everysec"];
    const child = spawn(this.#program, [...fixed, "--save", "", "--maxmemory-policy", "noeviction", ...(this.#options.args ?? [])], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    await ready(child, this.#program, "Ready to accept connections");
  }

  #listen(): string[] {
    const { tls } = this.#options;
    if (tls === undefined) return ["--port", String(this.port)];
    const files = ["--tls-ca-cert-file", tls.ca, "--tls-cert-file", tls.cert, "--tls-key-file", tls.key];
    return ["--port", "0", "--tls-port", String(this.port), "--tls-auth-clients", "yes", ...files];
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = signal === "SIGKILL" || signal === "SIGTERM" ? once(child, "exit") : null;
    child.kill(signal);
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Resolves when the log says `sign`; a server logs "Ready to accept connections" after loading its data. */
export async function ready(child: ChildProcess, program: string, sign: string): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new Error(`${program} could not be started; install it with: apt-get install ${program}`, { cause })),
    );
    child.once("exit", (code) => reject(new Error(`${program} ended with ${String(code)} before it was ready:\n${log}`)));
    const read = (chunk: Buffer): void => {
      log += chunk.toString();
      if (log.includes(sign)) resolve();
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
  });
  child.removeAllListeners("exit");
  child.stdout?.removeAllListeners("data").resume();
  child.stderr?.removeAllListeners("data").resume();
}
