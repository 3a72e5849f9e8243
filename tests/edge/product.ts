/** `tidegate up` with its edge on free ports, targets made over REST, and its processes by id; for tests, long runs and benchmarks of the edge. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { atExit } from "../faults/leftovers.ts";

const BIN = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));
const ADMIN = "tg_edge-of-the-test-suite";
const START_LIMIT = 60_000;

export interface ProductOptions {
  readonly workers?: number;
  /** Default: one of its own. */
  readonly redisUrl?: string;
  readonly docker?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Instance {
  readonly state: string;
  readonly consoleUrl: string;
  readonly ports: { readonly http: number; readonly https: number };
  readonly children: Readonly<Record<string, number>>;
}

export class Product implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "tidegate-edge-"));
  readonly #child: ChildProcess;
  readonly #leftover: Disposable;
  #ports: Instance["ports"] = { http: 0, https: 0 };
  #output = "";

  private constructor({ workers = 1, redisUrl, docker, environment }: ProductOptions) {
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const env = {
      PATH,
      HOME,
      NODE_COMPILE_CACHE,
      TIDEGATE_DATA: this.folder,
      ADMIN_TOKEN: ADMIN,
      HTTP_PORT: "0",
      HTTPS_PORT: "0",
      EDGE_WORKERS: String(workers),
      ...(redisUrl === undefined ? { REDIS_PORT: "0" } : { REDIS_STREAMS_URL: redisUrl }),
      ...(docker === undefined ? {} : { DOCKER_HOST: docker }),
      ...environment,
    };
    this.#child = spawn(process.execPath, [BIN, "up", "--no-demo", "--no-open", "--port", "0"], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#leftover = atExit(() => {
      this.#child.kill("SIGTERM");
      rmSync(this.folder, { recursive: true, force: true });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on("data", (chunk) => (this.#output += String(chunk)));
  }

  static async up(options: ProductOptions = {}): Promise<Product> {
    const product = new Product(options);
    const limit = performance.now() + START_LIMIT;
    while (product.#instance()?.state !== "running") {
      if (product.#child.exitCode !== null || performance.now() > limit) {
        await product[Symbol.asyncDispose]();
        throw new Error(`tidegate up did not start:\n${product.#output}`);
      }
      await pause(20);
    }
    product.#ports = product.#instance()!.ports;
    return product;
  }

  get port(): number {
    return this.#ports.http;
  }

  get securePort(): number {
    return this.#ports.https;
  }

  /** Resolves when every worker serves it. `more`: fields of a target, as REST takes them. */
  async target(hostname: string, targetUrl: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const body = { hostname, target_url: targetUrl, http: "serve", ...more };
    const made = await this.ask("POST", "/api/v1/proxy/targets", body);
    if (made.status >= 300 || made.body["served"] !== true)
      throw new Error(`The target was not made: ${made.status} ${JSON.stringify(made.body)}`);
  }

  async ask(method: string, path: string, body?: unknown): Promise<Told> {
    const answer = await fetch(new URL(path, this.#instance()?.consoleUrl), {
      method,
      headers: { authorization: `Bearer ${ADMIN}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(240_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith("{") ? (JSON.parse(text) as Told["body"]) : { text } };
  }

  /** Processes by what they are: `control`, `edge-1`, `redis`. */
  pids(name: string): readonly number[] {
    const children = Object.entries(this.#instance()?.children ?? {});
    return children.filter(([child, pid]) => child.startsWith(name) && typeof pid === "number").map(([, pid]) => pid);
  }

  /** What it wrote to its log so far. */
  log(): string {
    try {
      return readFileSync(join(this.folder, "tidegate.log"), "utf8");
    } catch {
      return "";
    }
  }

  /** Ends it, but leaves its folder. */
  async down(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    this.#leftover[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  // Private

  #instance(): Instance | null {
    try {
      return JSON.parse(readFileSync(join(this.folder, "instance.json"), "utf8")) as Instance;
    } catch {
      return null;
    }
  }
}
