/**
 * The edge as `tidegate up` runs it: the product makes the targets and is ended, then its worker processes alone go on with the same folder and the
 * same Redis, so that the control process takes no core from a load that the peers do not share with theirs. Without telemetry: with a Redis that is
 * not there, so that they serve what they know and tell nobody.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startRedis } from "@tidegate/streams/testing";
import { parseConfig } from "../packages/platform/src/config.ts";
import { freePort } from "../packages/streams/src/testing/redis-server.ts";
import { spawnEdge } from "../packages/platform/src/supervisor/edge-child.ts";
import { Product } from "../tests/edge/product.ts";
import { HOST } from "./edge-work.ts";
import type { Measured } from "./peers/edge.ts";

export interface OursOrder {
  readonly name: string;
  readonly workers: number;
  readonly telemetry: boolean;
  /** Port on this machine. */
  readonly upstream: number;
}

/** Milliseconds until workers serve. */
const START_LIMIT = 15_000;

export async function startOurs({ name, workers, telemetry, upstream }: OursOrder): Promise<Measured> {
  const stack = new AsyncDisposableStack();
  try {
    const redis = stack.use(await startRedis());
    const product = stack.use(await Product.up({ redisUrl: redis.url, workers }));
    await product.target(HOST, `http://127.0.0.1:${upstream}`, { enable_https: true });
    await until("the snapshot", () => readFile(join(product.folder, "edge-snapshot.json"), "utf8").then((text) => text.includes(HOST)));
    await product.down();
    const { folder, port, securePort } = product;
    const environment = { TIDEGATE_DATA: folder, REDIS_STREAMS_URL: redis.url, HTTP_PORT: String(port), HTTPS_PORT: String(securePort) };
    const config = parseConfig({}, environment, folder);
    const url = telemetry ? redis.url : `redis://127.0.0.1:${await freePort()}`;
    const place = { url, password: null, embedded: false };
    const children = Array.from({ length: workers }, (_, at) =>
      spawnEdge({ type: "start", worker: at + 1, config: { ...config, edgeWorkers: workers }, redis: place }),
    );
    stack.defer(async () => void (await Promise.all(children.map(ended))));
    await serves(port);
    const pids = children.map((child) => child.pid!);
    return { name, version: "", port, securePort, pids, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

// Private

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}

async function serves(port: number): Promise<void> {
  await until("an answer of the edge", async () => (await fetch(`http://${HOST}:${port}/`)).status === 200);
}

/** A check that throws has not come true yet. */
async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + START_LIMIT;
  while (!(await check().catch(() => false))) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${START_LIMIT / 1_000} s.`);
    await pause(20);
  }
}
