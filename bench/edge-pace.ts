/**
 * The paced client of the edge benchmark, in a process of its own: GET at a steady rate over kept connections, by raw sockets, so that the client
 * costs little beside what it measures. Each request has a due time; where all connections are busy it waits, and its latency counts that.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { now, percentiles } from "./pace.ts";

export interface PaceOrder {
  readonly port: number;
  readonly host: string;
  readonly rate: number;
  /** Seconds that count, after one that does not. */
  readonly seconds: number;
}

/** Milliseconds. */
export interface PaceAnswer {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const CONNECTIONS = 64;
const WARM_UP = 1;
const order = JSON.parse(process.argv[2] ?? "null") as PaceOrder;
const request = Buffer.from(`GET /paced HTTP/1.1\r\nHost: ${order.host}\r\n\r\n`);

const idle: Line[] = [];
/** Due times of those that found no connection free. */
const waiting: number[] = [];
const latencies: number[] = [];
let countFrom = Infinity;

/** One kept connection with at most one request on it. */
class Line {
  readonly #socket: Socket;
  #due = 0;
  #left = -1;
  #held = "";

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("close", () => fail("a connection was closed"));
  }

  ask(due: number): void {
    this.#due = due;
    this.#socket.write(request);
  }

  #read(chunk: Buffer): void {
    if (this.#left < 0) {
      this.#held += chunk.toString("latin1");
      const stop = this.#held.indexOf("\r\n\r\n");
      if (stop < 0) return;
      if (!this.#held.startsWith("HTTP/1.1 200")) fail(this.#held.slice(0, 200));
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#held)?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) fail("an answer without Content-Length");
      this.#left = length - (this.#held.length - stop - 4);
    } else this.#left -= chunk.length;
    if (this.#left === 0) this.#answered();
  }

  #answered(): void {
    this.#left = -1;
    this.#held = "";
    if (this.#due >= countFrom) latencies.push(now() - this.#due);
    const next = waiting.shift();
    if (next === undefined) idle.push(this);
    else this.ask(next);
  }
}

// Private

async function run(): Promise<PaceAnswer> {
  for (let made = 0; made < CONNECTIONS; made++) {
    const socket = connect(order.port, "127.0.0.1");
    await once(socket, "connect");
    idle.push(new Line(socket));
  }
  const begin = now() + 20;
  countFrom = begin + 1_000 * WARM_UP;
  const count = Math.round(order.rate * (order.seconds + WARM_UP));
  for (let sent = 0; sent < count;) {
    for (; sent < count && begin + (1_000 * sent) / order.rate <= now(); sent++) send(begin + (1_000 * sent) / order.rate);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const wanted = Math.floor(order.rate * order.seconds * 0.999);
  while (latencies.length < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
  return percentiles(Float64Array.from(latencies));
}

function send(due: number): void {
  const line = idle.pop();
  if (line === undefined) waiting.push(due);
  else line.ask(due);
}

function fail(why: string): never {
  process.stderr.write(`The paced client: ${why}\n`);
  process.exit(1);
}

const answer = await run();
process.send!(answer, () => process.exit(0));
