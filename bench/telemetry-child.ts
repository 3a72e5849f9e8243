/**
 * One part of the telemetry benchmark in a process of its own: `call` times single logging calls at a steady rate, `log` logs as fast as Redis
 * takes, `serve` is a fastify app for wrk. Answers over IPC; `serve` answers its port and lives until it is ended.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as tick, setTimeout as pause } from "node:timers/promises";
import fastify from "fastify";
import pino from "pino";
import { createClient } from "@redis/client";
import { z } from "zod";
import { connect, type ResponseRecord, type Tide } from "@tidegate/streams";
import { tidegate } from "@tidegate/streams/fastify";

export interface TelemetryOrder {
  readonly work: "call" | "log" | "serve";
  readonly peer: "tidegate" | "pino" | "raw" | "plain";
  readonly url: string;
  readonly count: number;
}

export interface TelemetryAnswer {
  readonly seconds: number;
  /** Microseconds. */
  readonly p50?: number;
  readonly p99?: number;
  readonly port?: number;
}

const order = JSON.parse(process.argv[2] ?? "null") as TelemetryOrder;
// Private

function perform(): Promise<TelemetryAnswer> {
  if (order.work === "serve") return serve();
  if (order.work === "call") return order.peer === "pino" ? pinoCalls() : tidegateCalls();
  return order.peer === "raw" ? rawLog() : tidegateLog();
}

/** Calls a second, and how many are made in one go. */
const RATE = 20_000;
const BURST = 100;

type Log = (fields: Readonly<Record<string, unknown>>) => void;

async function tidegateCalls(): Promise<TelemetryAnswer> {
  await using tide = await connect({ url: order.url, service: "bench" });
  const logger = tide.logger("orders");
  const times = await timedCalls((fields) => logger.info("order placed", fields));
  await tide.flush();
  nothingDropped(tide);
  return times;
}

/** Asynchronous, as its documentation advises for speed: https://github.com/pinojs/pino/blob/main/docs/asynchronous.md */
async function pinoCalls(): Promise<TelemetryAnswer> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const destination = pino.destination({ dest: join(folder, "log"), sync: false, minLength: 4096 });
  const logger = pino({ name: "orders" }, destination);
  try {
    return await timedCalls((fields) => logger.info(fields, "order placed"));
  } finally {
    destination.flushSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timedCalls(log: Log): Promise<TelemetryAnswer> {
  await paced(log, order.count / 4, null);
  const times = new Float64Array(order.count);
  const began = performance.now();
  await paced(log, order.count, times);
  const seconds = (performance.now() - began) / 1_000;
  times.sort();
  return { seconds, p50: 1_000 * times[times.length >> 1]!, p99: 1_000 * times[Math.floor(times.length * 0.99)]! };
}

async function paced(log: Log, count: number, times: Float64Array | null): Promise<void> {
  const began = performance.now();
  for (let done = 0; done < count;) {
    for (let one = 0; one < BURST && done < count; one++, done++) {
      const fields = { order: done, customer: "c-4711", total: 129.9, items: [1, 2, 3], express: true };
      const start = performance.now();
      log(fields);
      if (times !== null) times[done] = performance.now() - start;
    }
    const early = began + (1_000 * done) / RATE - performance.now();
    if (early > 0) await pause(early);
    else await tick();
  }
}

/** Entries that may be under way. */
const AHEAD = 5_000;

async function tidegateLog(): Promise<TelemetryAnswer> {
  await using tide = await connect({ url: order.url, service: "bench" });
  const logger = tide.logger("edge");
  const began = performance.now();
  for (let done = 0; done < order.count; done++) {
    logger.response(record(done));
    if (done % 500 === 499) while (tide.telemetry().buffered > AHEAD) await pause(1);
  }
  await tide.flush();
  nothingDropped(tide);
  return { seconds: (performance.now() - began) / 1_000 };
}

/** The same entries in the same two streams, one command each, with as many under way; nothing else is done. */
async function rawLog(): Promise<TelemetryAnswer> {
  const client = createClient({ url: order.url, RESP: 2, commandOptions: { timeout: 0 } });
  await client.connect();
  const began = performance.now();
  for (let done = 0; done < order.count;) {
    const calls: Promise<unknown>[] = [];
    for (; calls.length < 1_000 && done < order.count; done++) {
      const fields = rawFields(done);
      for (const stream of ["logs:request:stream", "logs:all:stream"]) calls.push(client.sendCommand(["XADD", stream, "*", ...fields]));
    }
    await Promise.all(calls);
  }
  const seconds = (performance.now() - began) / 1_000;
  client.destroy();
  return { seconds };
}

function rawFields(done: number): string[] {
  const { method, path, status, duration, host, ip, bytesOut } = record(done);
  const data = { log_type: "http_response", message: `${method} ${path} ${status}`, service: "bench", method, path, status, host, ip };
  const text = JSON.stringify({ ...data, duration_ms: duration, bytes_out: bytesOut });
  return ["level", "info", "component", "edge", "timestamp", String(Date.now()), "data", text];
}

function record(done: number): ResponseRecord {
  return {
    method: "GET",
    path: `/orders/${done % 100}`,
    status: done % 50 === 0 ? 500 : 200,
    duration: (done % 97) / 3,
    host: "shop.example.com",
    ip: `10.0.${(done >> 8) & 255}.${done & 255}`,
    bytesOut: 512,
  };
}

const line = z.object({
  article: z.string(),
  name: z.string(),
  price: z.number().positive(),
  count: z.int().positive(),
  tags: z.array(z.string()),
});
const placed = z.object({ customer: z.string().min(1), currency: z.enum(["EUR", "USD"]), lines: z.array(line).min(1) });

/** `POST /orders` as a small shop has it: checked, looked up, stored, answered. `/bare` does nothing at all. */
async function serve(): Promise<TelemetryAnswer> {
  const app = fastify();
  if (order.peer === "tidegate") await app.register(tidegate(await connect({ url: order.url, service: "bench" })));
  const database = createClient({ url: order.url, RESP: 2 });
  await database.connect();
  await database.set(
    "customers/c-4711",
    JSON.stringify({ name: "Ada", discount: 0.1, address: { street: "1 Long Lane", city: "London" } }),
  );
  app.get("/bare", () => ({ state: "paid", total: 129.9 }));
  let last = 0;
  app.post("/orders", async (request, reply) => {
    const { customer, lines } = placed.parse(request.body);
    const known = JSON.parse((await database.get(`customers/${customer}`)) ?? "null") as { discount: number } | null;
    if (known === null) return reply.code(404).send({ error: "unknown customer" });
    const total = lines.reduce((sum, { price, count }) => sum + price * count, 0) * (1 - known.discount);
    const id = String(last++ % 1_000);
    await database.set(`orders/${id}`, JSON.stringify({ id, customer, lines, total, state: "placed" }));
    return reply.code(201).send({ id, total, state: "placed" });
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return { seconds: 0, port: app.addresses()[0]!.port };
}

function nothingDropped(tide: Tide): void {
  const { dropped } = tide.telemetry();
  if (Object.keys(dropped).length > 0) throw new Error(`Entries were dropped, so the figure would not count: ${JSON.stringify(dropped)}`);
}

// Last, when everything above exists.
const answer = await perform();
process.send?.(answer);
if (order.work !== "serve") process.disconnect();
