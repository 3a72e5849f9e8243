/** A primary, its replica and three sentinels, each server on a machine of its own so that the cable between the two can be cut. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { now } from "./effects.ts";
import { atExit, removeAtExit } from "./leftovers.ts";
import { Network, type Machine } from "./namespaces.ts";
import { freePort, ready, Server } from "./server.ts";
import { withRedis } from "./stage.ts";

interface Node {
  readonly machine: Machine;
  readonly server: Server;
}

/** What the sentinels call the primary. */
const NAME = "tidegate";
const COUNT = 3;
const QUORUM = 2;
/** Milliseconds without an answer until a sentinel takes a server for dead. */
const DOWN_AFTER = 1_000;

export class SentinelSet implements AsyncDisposable {
  readonly #opened: AsyncDisposableStack;
  readonly #gateway: string;
  readonly #ports: readonly number[];
  #primary: Node;
  #replica: Node;

  private constructor(opened: AsyncDisposableStack, gateway: string, ports: readonly number[], primary: Node, replica: Node) {
    this.#opened = opened;
    this.#gateway = gateway;
    this.#ports = ports;
    this.#primary = primary;
    this.#replica = replica;
  }

  static async start(): Promise<SentinelSet> {
    await using opened = new AsyncDisposableStack();
    const network = opened.use(Network.open());
    const primary = await node(opened, network.join(), []);
    const replica = await node(opened, network.join(), ["--replicaof", primary.server.host, String(primary.server.port)]);
    const folder = await mkdtemp(join(tmpdir(), "tidegate-sentinel-"));
    opened.use(removeAtExit(folder));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const ports: number[] = [];
    for (let index = 0; index < COUNT; index++) ports.push(await sentinel(opened, folder, network.gateway, primary.server));
    const set = new SentinelSet(opened.move(), network.gateway, ports, primary, replica);
    await set.#ready().catch(async (error: unknown) => {
      await set[Symbol.asyncDispose]();
      throw error;
    });
    return set;
  }

  get url(): string {
    return `redis+sentinel://${this.#ports.map((port) => `${this.#gateway}:${port}`).join(",")}/${NAME}`;
  }

  get primary(): string {
    return this.#primary.server.url;
  }

  /** The replica receives nothing more from the primary; everybody else goes on talking to both. */
  cut(): void {
    this.#primary.machine.mute(this.#replica.server.host);
  }

  /** Kills the primary and heals the network; resolves when the sentinels have promoted the replica. */
  async failOver(): Promise<void> {
    await this.#primary.server.kill("SIGKILL");
    this.#primary.machine.unmute(this.#replica.server.host);
    await until("the sentinels promote the replica", async () => (await this.#addressOfPrimary()) === this.#replica.server.host);
    await until("the promoted replica takes writes", async () => String(await this.#role(this.#replica)) === "master");
    [this.#primary, this.#replica] = [this.#replica, this.#primary];
  }

  /** Brings the killed server back as the replica of the new primary, in step with it. */
  async restore(): Promise<void> {
    await this.#replica.server.start();
    const { host, port } = this.#primary.server;
    // The sentinels would say so themselves, many seconds later.
    await withRedis(this.#replica.server.url, (call) => call("REPLICAOF", host, String(port)));
    await this.#ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  // Private

  async #ready(): Promise<void> {
    await until("the replica is in step", () =>
      withRedis(this.#replica.server.url, async (call) => {
        const [role, host, , state] = (await call("ROLE")) as unknown[];
        return role === "slave" && host === this.#primary.server.host && state === "connected";
      }),
    );
    for (const port of this.#ports) await until("each sentinel knows the replica and the other sentinels", () => this.#complete(port));
  }

  async #complete(port: number): Promise<boolean> {
    const [replicas, others] = await withRedis(`redis://${this.#gateway}:${port}`, async (call) => [
      (await call("SENTINEL", "REPLICAS", NAME)) as string[][],
      (await call("SENTINEL", "SENTINELS", NAME)) as string[][],
    ]);
    const healthy = (replicas ?? []).filter(
      (replica) => fields(replica).get("flags") === "slave" && fields(replica).get("master-link-status") === "ok",
    );
    return healthy.length === 1 && others?.length === COUNT - 1;
  }

  async #addressOfPrimary(): Promise<string | undefined> {
    const reply = await withRedis(`redis://${this.#gateway}:${this.#ports[0]}`, (call) =>
      call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME),
    );
    return (reply as string[])[0];
  }

  async #role({ server }: Node): Promise<unknown> {
    return ((await withRedis(server.url, (call) => call("ROLE"))) as unknown[])[0];
  }
}

// Private

async function node(opened: AsyncDisposableStack, machine: Machine, args: readonly string[]): Promise<Node> {
  const server = opened.use(
    await Server.start({ host: machine.address, wrap: machine.wrap, args: [...args, "--repl-diskless-sync-delay", "0"] }),
  );
  return { machine, server };
}

async function sentinel(opened: AsyncDisposableStack, folder: string, host: string, primary: Server): Promise<number> {
  const port = await freePort();
  const file = join(folder, `sentinel-${port}.conf`);
  const rules = [
    `port ${port}`,
    `bind ${host}`,
    "protected-mode no",
    `dir ${folder}`,
    `sentinel monitor ${NAME} ${primary.host} ${primary.port} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER}`,
    `sentinel failover-timeout ${NAME} 5000`,
  ];
  await writeFile(file, `${rules.join("\n")}\n`);
  const program = process.env["TIDEGATE_TEST_SERVER"] ?? "redis-server";
  const child = spawn(program, [file, "--sentinel"], { stdio: ["ignore", "pipe", "pipe"] });
  opened.use(atExit(() => child.kill("SIGKILL")));
  opened.defer(() => gone(child));
  await ready(child, "+monitor");
  return port;
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function fields(flat: readonly string[]): Map<string, string> {
  return new Map(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""] as const] : [])));
}

/** Servers that are just coming up refuse connections; that is a no. */
async function until(what: string, check: () => Promise<boolean>, limit: number = 30_000): Promise<void> {
  for (const end = now() + limit; !(await check().catch(() => false));) {
    if (now() > end) throw new Error(`Not within ${limit / 1_000} s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
