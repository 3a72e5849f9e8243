/**
 * The life of an edge worker: told over its channel what to serve, it serves until SIGTERM, or until the supervisor vanishes. It asks nothing of
 * the control process.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { EdgeWorker } from "@tidegate/gateway/edge";
import type { ConnectOptions } from "@tidegate/streams";
import { Journal } from "../orchestrator/journal.ts";
import type { EdgeOrder } from "./channel.ts";
import { edgeTokens } from "./edge-tokens.ts";

export async function runEdgeProcess(): Promise<void> {
  const life = new EdgeProcessLife();
  process.on("message", (order: EdgeOrder) => void life.start(order));
  process.on("disconnect", () => void life.end("the supervisor vanished"));
  process.on("SIGTERM", () => void life.end("stop"));
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("unhandledRejection", (reason) => life.note("unhandledRejection", reason));
  await life.ended;
}

class EdgeProcessLife {
  readonly #ended = Promise.withResolvers<void>();
  #journal = new Journal("info");
  #worker: EdgeWorker | null = null;
  #ending = false;

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** A promise nobody awaited failed: worth a line, not worth the connections. */
  note(what: string, reason: unknown): void {
    this.#journal.write("error", "edge", what, { error: reason instanceof Error ? reason : new Error(String(reason)) });
  }

  async start({ worker, config, redis }: EdgeOrder): Promise<void> {
    this.#journal = new Journal(config.logLevel);
    this.#worker = new EdgeWorker({
      connection: connectionOptions({ config, redis }, this.#journal),
      namespace: config.namespace,
      prefix: config.telemetryPrefix,
      id: workerId(config.dataFolder, worker),
      dataFolder: config.dataFolder,
      encryptionKey: config.encryptionKey,
      http: {
        ports: { host: config.edgeHost, http: config.httpPort, https: config.httpsPort },
        trusted: config.trustedProxies,
        tokens: edgeTokens,
        limits: { connectionsPerClient: config.edgeConnectionsPerClient },
      },
      onConnected: (tide) => this.#journal.attach(tide),
      onNote: (level, message, fields) => this.#journal.write(level, "edge", message, { worker, ...fields }),
    });
    await this.#worker.start();
  }

  async end(why: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#journal.write("info", "edge", "stopping", { why });
    await this.#worker?.stop();
    this.#ended.resolve();
    process.exit(0);
  }
}

// Private

function connectionOptions({ config, redis }: Pick<EdgeOrder, "config" | "redis">, journal: Journal): ConnectOptions {
  return {
    url: redis.url,
    ...(redis.password === null ? {} : { password: redis.password }),
    namespace: config.namespace,
    service: "tidegate",
    retention: false,
    telemetry: { level: config.logLevel, prefix: config.telemetryPrefix },
    onNotice: ({ level, code, message, detail }) =>
      journal.write(level === "warning" ? "warn" : level, "edge", message, { code, ...detail }),
  };
}

/** The same after a restart, another one for every data folder and machine. */
function workerId(dataFolder: string, worker: number): string {
  const folder = createHash("sha256").update(dataFolder).digest("hex").slice(0, 8);
  return `${hostname()}/${folder}/${worker}`;
}
