/** Requests are logged while the processes that count them are killed: afterwards every figure must be what was sent, exactly. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createClient, type RedisClientType } from "@redis/client";
import { until } from "../../packages/streams/src/testing/events.ts";
import { Seed } from "./seed.ts";
import { Server } from "./server.ts";
import { checkFigures } from "./telemetry-figures.ts";
import type { TelemetryOrder } from "./telemetry-child.ts";
import { sendRequests } from "./telemetry-requests.ts";

export interface KillsPlan {
  readonly seed: number;
  readonly requests: number;
  readonly kills: number;
  /** Control processes at a time. */
  readonly processes: 1 | 2;
  readonly whole: boolean;
  readonly report: (line: string) => void;
}

/** How many kills hit a process that was reading, and what is wrong with the figures. */
export interface KillsResult {
  readonly hits: number;
  readonly problems: readonly string[];
}

export async function killWhileCounting(plan: KillsPlan): Promise<KillsResult> {
  const seed = new Seed(plan.seed);
  await using server = await Server.start();
  await using staff = new Staff({ url: server.url, whole: plan.whole, ttl: 400, batch: 100 });
  const client: RedisClientType = createClient({ url: server.url });
  await client.connect();
  try {
    for (let count = 0; count < plan.processes; count++) await staff.hire();
    const kills = new Kills(plan, client, staff);
    const [sent] = await Promise.all([
      sendRequests(client, new Seed(plan.seed + 1), plan.requests, (count) => kills.keepPace(count)),
      kills.run(seed),
    ]);
    await until("all was counted", async () => (await doneOf(client)) >= plan.requests, LIMIT);
    return { hits: kills.hits, problems: await checkFigures(client, server.url, sent) };
  } finally {
    client.destroy();
  }
}

// Private

/** Milliseconds for any of the steps. */
const LIMIT = 120_000;

/** Spread over the whole run: no request beyond the next kill is sent before it has happened. */
class Kills {
  hits = 0;
  readonly #plan: KillsPlan;
  readonly #client: RedisClientType;
  readonly #staff: Staff;
  readonly #stride: number;
  #killed = 0;

  constructor(plan: KillsPlan, client: RedisClientType, staff: Staff) {
    this.#plan = plan;
    this.#client = client;
    this.#staff = staff;
    this.#stride = Math.floor(plan.requests / (plan.kills + 1));
  }

  async keepPace(sent: number): Promise<void> {
    const all = this.#plan.kills;
    const there = (): Promise<boolean> => Promise.resolve(this.#killed >= all || sent < (this.#killed + 1.5) * this.#stride);
    await until(`kill ${this.#killed + 1} of ${all}`, there, LIMIT);
  }

  async run(seed: Seed): Promise<void> {
    for (; this.#killed < this.#plan.kills; this.#killed++) {
      const at = (this.#killed + 1) * this.#stride - seed.below(Math.floor(this.#stride / 2));
      await until("the processors go on", async () => (await doneOf(this.#client)) >= at, LIMIT);
      await this.#one(seed);
    }
  }

  async #one(seed: Seed): Promise<void> {
    const names = this.#staff.names;
    const holder = (await this.#client.hGet("tidegate:lease:metrics-group:logs:request:stream", "holder")) ?? "";
    // Mostly the one that reads.
    const victim = names.includes(holder) && seed.below(4) > 0 ? holder : seed.pick(names);
    if (victim === holder) this.hits++;
    await this.#staff.kill(victim);
    this.#plan.report(`${victim} killed at ${await doneOf(this.#client)} of ${this.#plan.requests}`);
    await this.#staff.hire();
  }
}

async function doneOf(client: RedisClientType): Promise<number> {
  return Number(await client.sendCommand(["HGET", "tidegate:cursor:metrics-group:logs:request:stream", "done"]));
}

class Staff implements AsyncDisposable {
  readonly #order: Omit<TelemetryOrder, "instance">;
  readonly #children = new Map<string, ChildProcess>();
  #hired = 0;

  constructor(order: Omit<TelemetryOrder, "instance">) {
    this.#order = order;
  }

  get names(): string[] {
    return [...this.#children.keys()];
  }

  async hire(): Promise<void> {
    const instance = `control-${++this.#hired}`;
    const order = JSON.stringify({ ...this.#order, instance });
    const child = fork(new URL("./telemetry-child.ts", import.meta.url), [order], { execArgv: ["--conditions=@tidegate/source"] });
    this.#children.set(instance, child);
    const died = once(child, "exit").then(() => Promise.reject(new Error(`${instance} ended before it was ready; its error is above.`)));
    await Promise.race([once(child, "message"), died]);
    died.catch(() => {});
  }

  async kill(name: string): Promise<void> {
    const child = this.#children.get(name)!;
    this.#children.delete(name);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.names.map((name) => this.kill(name)));
  }
}
