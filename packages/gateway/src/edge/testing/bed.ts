/** What the edge's tests stand on: a Redis, a data folder, services that say their name, and clients. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as dial, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { GatewayKeys } from "../../keys.ts";
import type { EdgePort, Endpoint } from "../switch.ts";
import { EdgeTable } from "../table.ts";
import { EdgeWorker } from "../worker.ts";
import type { GateOptions } from "../tcp/gate.ts";

export class EdgeBed implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly folder: string;
  readonly tide: Tide;
  readonly edge: EdgeTable;
  readonly #workers: EdgeWorker[] = [];
  readonly #services: Backend[] = [];
  readonly #processes: ChildProcess[] = [];

  static async open(options: { readonly patience?: number } = {}): Promise<EdgeBed> {
    const redis = await startRedis();
    const folder = await mkdtemp(join(tmpdir(), "tidegate-edge-"));
    return new EdgeBed(redis, folder, await connect({ url: redis.url, namespace: "edge" }), options);
  }

  private constructor(redis: RedisServer, folder: string, tide: Tide, options: { readonly patience?: number }) {
    this.redis = redis;
    this.folder = folder;
    this.tide = tide;
    this.edge = new EdgeTable({ tide: () => tide, keys: new GatewayKeys("edge", ""), ...options });
  }

  async worker(id: string, options: { readonly folder?: string; readonly gate?: GateOptions } = {}): Promise<EdgeWorker> {
    const { folder: dataFolder = this.folder, ...more } = options;
    const connection = { url: this.redis.url, namespace: "edge", service: "tidegate-edge", connectTimeout: 2_000 };
    const worker = new EdgeWorker({ connection, namespace: "edge", prefix: "", id, dataFolder, ...more });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  /** Ended with the bed. */
  process(id: string): ChildProcess {
    const script = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
    const args = ["--conditions=@tidegate/source", script, this.redis.url, this.folder, id];
    const child = spawn(process.execPath, args, { stdio: "inherit" });
    this.#processes.push(child);
    return child;
  }

  async backend(name: string): Promise<Backend> {
    const backend = await Backend.open(name);
    this.#services.push(backend);
    return backend;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes) child.kill("SIGKILL");
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    for (const backend of this.#services) backend.close();
    await this.tide.close({ deadline: 500 });
    await this.redis.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A service: says its name, then what it hears, and ends when the other side does. */
export class Backend {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async open(name: string): Promise<Backend> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Backend(name, server);
  }

  private constructor(name: string, server: Server) {
    this.name = name;
    this.#server = server;
    this.endpoint = { id: name, host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}).once("close", () => this.#sockets.delete(socket));
      socket.write(`${name}:`);
      socket.pipe(socket);
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** As a container that is killed. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Sends, ends, and answers all that came back; rejects when the connection breaks. */
export function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dial({ port, host: "127.0.0.1", allowHalfOpen: true });
    let heard = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => (heard += chunk)).on("error", reject);
    socket.on("end", () => resolve(heard));
    socket.on("close", () => reject(new Error(`closed after ${JSON.stringify(heard)}`)));
    socket.end(text);
  });
}

/** `once` would reject with the error that comes before. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** A connection that stays; resolves when it has heard something. */
export async function stay(port: number): Promise<Socket> {
  const socket = dial({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "data");
  return socket;
}

export function portOf(port: number, endpoints: readonly Endpoint[], more: Partial<EdgePort> = {}): EdgePort {
  return { service: "web", name: "http", bind: "127.0.0.1", port, endpoints, mode: "open", hold: 5, access: null, ...more };
}
