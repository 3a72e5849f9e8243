/**
 * The live channel: one loop for all sockets. While somebody listens it looks once a second and sends what changed, and an
 * update at least every `refreshInterval` seconds; while nobody does, it rests and Redis is not asked.
 */
import type { Tide } from "@tidegate/streams";
import { TidegateError } from "@tidegate/streams";
import type { WebSocket } from "ws";
import type { Identity } from "../auth/auth.ts";
import { Refusal } from "../auth/refusal.ts";
import { demand } from "../auth/scopes.ts";
import type { Alert, LiveRequest, LiveUpdate } from "../contract.ts";
import type { Logs } from "../processors/logs/logs.ts";
import { LiveSocket } from "./live-socket.ts";
import { parseLiveRequest } from "./live-request.ts";
import { signature } from "./sampler.ts";
import type { Sampler } from "./sampler.ts";
import { AlertWatch } from "./alert-watch.ts";
import { LogWatch } from "./log-watch.ts";
import { Tails } from "./tails.ts";

export interface HubOptions {
  readonly tide: Tide;
  readonly sampler: Sampler;
  readonly logs: () => Logs;
  /** Pending and firing. */
  readonly alerts: () => Promise<readonly Alert[]>;
  /** Seconds. */
  readonly refreshInterval: number;
  readonly stillGood: (identity: Identity) => boolean;
}

const LOOK_EVERY = 1000;
const PING_EVERY = 30_000;
const MOST_TOPICS = 16;

export class Hub {
  readonly #options: HubOptions;
  readonly #tails: Tails;
  readonly #logs: LogWatch;
  readonly #alerts: AlertWatch;
  readonly #sockets = new Set<LiveSocket>();
  #timer: NodeJS.Timeout | null = null;
  #pings: NodeJS.Timeout | null = null;
  #sentAt = 0;
  #sentSignature = "";
  #closed = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#tails = new Tails(options.tide);
    this.#logs = new LogWatch(options.logs);
    this.#alerts = new AlertWatch(options.alerts);
  }

  get size(): number {
    return this.#sockets.size;
  }

  add(websocket: WebSocket, identity: Identity): void {
    const socket = new LiveSocket(websocket, identity);
    this.#sockets.add(socket);
    websocket.on("message", (data, binary) => void this.#asked(socket, binary ? "" : (data as Buffer).toString()));
    websocket.on("close", () => this.#gone(socket));
    this.#run();
    void this.#greet(socket);
  }

  /** Closes the lines of sessions and tokens that have ended, or may less than when they came. */
  sweep(): void {
    for (const socket of this.#sockets) if (!this.#options.stillGood(socket.identity)) socket.close(4401, "the session has ended");
  }

  /** Says goodbye to everybody; who does not answer in time is cut off. */
  close(): void {
    this.#closed = true;
    this.#rest();
    const left = [...this.#sockets];
    for (const socket of left) socket.close(1001, "the server is stopping");
    setTimeout(() => left.forEach((socket) => socket.terminate()), 200).unref();
  }

  #run(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.#look(), LOOK_EVERY);
    this.#pings ??= setInterval(() => this.#ping(), PING_EVERY);
  }

  #rest(): void {
    clearTimeout(this.#timer ?? undefined);
    clearInterval(this.#pings ?? undefined);
    this.#timer = this.#pings = null;
  }

  async #look(): Promise<void> {
    const [began, mine] = [Date.now(), this.#timer];
    await this.#lookOnce().catch((error: unknown) => this.#failed(error));
    // Everybody left meanwhile; whoever came after has started a loop of their own.
    if (this.#timer !== mine) return;
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, LOOK_EVERY - (Date.now() - began)));
  }

  async #lookOnce(): Promise<void> {
    const update = await this.#options.sampler.sample();
    if (this.#isDue(update)) this.#broadcast(update);
    await Promise.all([this.#tails.flush(update), this.#logs.flush(), this.#alerts.flush(this.#sockets)]);
  }

  #isDue(update: LiveUpdate): boolean {
    // Half a look early rather than half a look late.
    const late = update.at - this.#sentAt >= this.#options.refreshInterval * 1000 - LOOK_EVERY / 2;
    return late || signature(update) !== this.#sentSignature;
  }

  #broadcast(update: LiveUpdate): void {
    const frame = JSON.stringify(update);
    for (const socket of this.#sockets) if (mayWatch(socket)) socket.send(frame);
    this.#sentAt = update.at;
    this.#sentSignature = signature(update);
  }

  /** Told as often as an update would be due, not every second. */
  #failed(error: unknown): void {
    if (Date.now() - this.#sentAt < this.#options.refreshInterval * 1000) return;
    this.#sentAt = Date.now();
    this.#sentSignature = "";
    for (const socket of this.#sockets) socket.sendProblem(codeOf(error), asText(error));
  }

  async #greet(socket: LiveSocket): Promise<void> {
    try {
      if (mayWatch(socket)) socket.send(JSON.stringify(await this.#recent()));
      await this.#alerts.greet(socket);
    } catch (error) {
      socket.sendProblem(codeOf(error), asText(error));
    }
  }

  async #recent(): Promise<LiveUpdate> {
    const { last } = this.#options.sampler;
    return last !== null && Date.now() - last.at < LOOK_EVERY ? last : await this.#options.sampler.sample();
  }

  async #asked(socket: LiveSocket, text: string): Promise<void> {
    const request = parseLiveRequest(text);
    if ("problem" in request) return socket.sendProblem(request.code, request.problem);
    try {
      await this.#serve(socket, request);
    } catch (error) {
      socket.sendProblem(codeOf(error), asText(error));
    }
  }

  async #serve(socket: LiveSocket, request: LiveRequest): Promise<void> {
    demand(socket.identity, { resource: "feed" in request ? "logs" : "messages", level: "read" });
    if ("feed" in request) return request.type === "subscribe" ? this.#logs.watch(socket, request.query ?? {}) : this.#logs.leave(socket);
    if (request.type === "unsubscribe") return this.#tails.unwatch(request.topic, socket);
    if (socket.topics.length >= MOST_TOPICS && !socket.follows(request.topic)) {
      return socket.sendProblem("TOO_MANY_TOPICS", `One connection follows at most ${MOST_TOPICS} topics; unsubscribe from one first.`);
    }
    await this.#tails.watch(request.topic, socket);
  }

  #gone(socket: LiveSocket): void {
    this.#sockets.delete(socket);
    this.#tails.leave(socket);
    this.#logs.leave(socket);
    if (this.#sockets.size === 0) this.#rest();
  }

  #ping(): void {
    this.sweep();
    for (const socket of this.#sockets) socket.ping();
  }
}

// Private

/** What everybody gets unasked shows the topics and the state of the system. */
function mayWatch({ may }: LiveSocket): boolean {
  return may("messages") && may("system");
}

function codeOf(error: unknown): string {
  return error instanceof TidegateError || error instanceof Refusal ? error.code : "INTERNAL";
}

function asText(error: unknown): string {
  if (error instanceof TidegateError || error instanceof Refusal)
    return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  return "Something went wrong while reading from Redis; the next update may work.";
}
