/** A primary, one replica and three sentinels that fail over within a second or two, for tests. Nothing is left behind. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { until } from "./events.ts";
import type { CertificateFiles } from "./certificates.ts";
import { freePort, ready, serverProgram, startRedis, type RedisServer } from "./redis-server.ts";

/** As the sentinels call it. */
const PRIMARY = "main";

export interface SentinelSetOptions {
  /** Of the servers. */
  readonly password?: string;
  /** Of the sentinels. */
  readonly sentinelPassword?: string;
  /** TLS everywhere, with client certificates. */
  readonly tls?: CertificateFiles;
}

export class SentinelSet implements AsyncDisposable {
  /** Without passwords. */
  readonly url: string;
  readonly ports: readonly number[];
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly #stack: AsyncDisposableStack;
  readonly #options: SentinelSetOptions;

  /** Resolves when every sentinel knows the others and the replica, so that a failover can succeed. */
  static async start(options: SentinelSetOptions = {}): Promise<SentinelSet> {
    await using stack = new AsyncDisposableStack();
    const access = options.password === undefined ? [] : ["--requirepass", options.password, "--masterauth", options.password];
    const tls = options.tls === undefined ? {} : { tls: options.tls };
    if (options.tls !== undefined) access.push("--tls-replication", "yes");
    const primary = stack.use(await startRedis({ ...tls, args: [...access, "--repl-diskless-sync-delay", "0"] }));
    const replica = stack.use(await startRedis({ ...tls, args: [...access, "--replicaof", `127.0.0.1 ${primary.port}`] }));
    const ports: number[] = [];
    for (let index = 0; index < 3; index++) ports.push(await startSentinel(primary.port, options, stack));
    const set = new SentinelSet(primary, replica, ports, options, stack.move());
    await set.#settled();
    return set;
  }

  private constructor(
    primary: RedisServer,
    replica: RedisServer,
    ports: readonly number[],
    options: SentinelSetOptions,
    stack: AsyncDisposableStack,
  ) {
    this.primary = primary;
    this.replica = replica;
    this.ports = ports;
    this.url = `${options.tls === undefined ? "redis" : "rediss"}+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${PRIMARY}`;
    this.#options = options;
    this.#stack = stack;
  }

  /** Asks the first sentinel. */
  async ask(...args: string[]): Promise<unknown> {
    const { sentinelPassword, tls } = this.#options;
    const socket = { host: "127.0.0.1", port: this.ports[0] ?? 0, ...(tls === undefined ? {} : clientTls(tls)) };
    const client = createClient({ socket, RESP: 2, ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }) });
    client.on("error", () => {});
    try {
      await client.connect();
      return await client.sendCommand(["SENTINEL", ...args]);
    } finally {
      client.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** CKQUORUM alone is not enough: a replica that was not seen yet cannot be promoted. */
  async #settled(): Promise<void> {
    await until(
      "the sentinels know each other and the replica",
      async () => {
        const flat = (await this.ask("MASTER", PRIMARY)) as string[];
        const field = (name: string): string | undefined => flat[flat.indexOf(name) + 1];
        const replicas = (await this.ask("REPLICAS", PRIMARY)) as string[][];
        const linked = replicas.some((one) => one[one.indexOf("master-link-status") + 1] === "ok");
        return field("num-other-sentinels") === "2" && linked;
      },
      30_000,
    );
  }
}

// Private

async function startSentinel(primary: number, options: SentinelSetOptions, stack: AsyncDisposableStack): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-sentinel-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const file = join(folder, "sentinel.conf");
  await writeFile(file, configuration(port, folder, primary, options));
  const program = serverProgram();
  const child = spawn(program, [file, "--sentinel"], { stdio: ["ignore", "pipe", "pipe"] });
  stack.defer(() => end(child));
  await ready(child, program, "Sentinel ID is");
  return port;
}

function configuration(port: number, folder: string, primary: number, { password, sentinelPassword, tls }: SentinelSetOptions): string {
  const lines = [
    ...(tls === undefined ? [`port ${port}`] : tlsLines(port, tls)),
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor ${PRIMARY} 127.0.0.1 ${primary} 2`,
    `sentinel down-after-milliseconds ${PRIMARY} 600`,
    `sentinel failover-timeout ${PRIMARY} 5000`,
  ];
  if (password !== undefined) lines.push(`sentinel auth-pass ${PRIMARY} ${password}`);
  if (sentinelPassword !== undefined) lines.push(`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`);
  return `${lines.join("\n")}\n`;
}

/** The server's certificate serves between servers and for the test's own questions as well. */
function tlsLines(port: number, { ca, cert, key }: CertificateFiles): string[] {
  const files = [`tls-ca-cert-file ${ca}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`];
  return ["port 0", `tls-port ${port}`, "tls-replication yes", "tls-auth-clients yes", ...files];
}

function clientTls({ ca, cert, key }: CertificateFiles): { tls: true; ca: string; cert: string; key: string } {
  const [caText, certText, keyText] = [ca, cert, key].map((path) => readFileSync(path, "utf8"));
  return { tls: true, ca: caText ?? "", cert: certText ?? "", key: keyText ?? "" };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
