/**
 * What logging and tracing cost: a logging call beside pino's, sustained logging beside raw XADD of the same entries while the control process
 * counts and watches them, and a fastify app with the middleware beside the same app without.
 */
import { execFile, fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@redis/client";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { describeMachine, median, type Report, type Row } from "./report.ts";
import { progress } from "./server.ts";
import type { TelemetryAnswer, TelemetryOrder } from "./telemetry-child.ts";

const CALLS = 100_000;
const ENTRIES = 300_000;
/** Seconds of load on the app, after one of warm-up. */
const SECONDS = 4;
/** Milliseconds after which a part has hung. */
const LIMIT = 90_000;
const GROUPS = ["metrics-group", "alert-group"];

interface Measurement {
  readonly work: string;
  readonly peer: string;
  readonly value: number;
  readonly unit: Row["unit"];
}

export async function measureTelemetry(rounds: number): Promise<Report> {
  const measured: Measurement[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const part of [calls, logging, serving]) {
      const results = await part(round);
      for (const one of results)
        progress(`round ${round}/${rounds}  ${one.work.padEnd(32)} ${one.peer.padEnd(9)} ${one.value.toFixed(1)} ${one.unit}`);
      measured.push(...results);
    }
  }
  await rm(join(tmpdir(), `tidegate-bench-${process.pid}.lua`), { force: true });
  const results = summarise(measured);
  return { name: "telemetry", machine: describeMachine(), results, ratios: ratios(results) };
}

// Private

const CALL = "logging call, p99 at 20,000/s";
const LOGGED = "log entries stored";
const PROCESSED = "log entries stored and processed";
const SERVED = "fastify app that takes orders";
const BARE = "fastify app that does nothing";

async function calls(round: number): Promise<Measurement[]> {
  return await inTurn(round, ["tidegate", "pino"], async (peer) => {
    await using redis = await startRedis();
    const { p99 = Number.NaN } = await answerOf({ work: "call", peer, url: redis.url, count: CALLS });
    return [{ work: CALL, peer, value: p99, unit: "µs" }];
  });
}

async function logging(round: number): Promise<Measurement[]> {
  return await inTurn(round, ["tidegate", "raw"], async (peer) => {
    await using redis = await startRedis();
    if (peer === "tidegate") return await processed(redis);
    const { seconds } = await answerOf({ work: "log", peer, url: redis.url, count: ENTRIES });
    return [{ work: LOGGED, peer, value: ENTRIES / seconds, unit: "entries/s" }];
  });
}

/** With a whole control process beside it; the second figure counts until both groups have nothing left. */
async function processed(redis: RedisServer): Promise<Measurement[]> {
  await using control = await startControl(redis);
  const began = performance.now();
  const { seconds } = await answerOf({ work: "log", peer: "tidegate", url: redis.url, count: ENTRIES });
  await control.drained();
  const whole = (performance.now() - began) / 1_000;
  return [
    { work: LOGGED, peer: "tidegate", value: ENTRIES / seconds, unit: "entries/s" },
    { work: PROCESSED, peer: "tidegate", value: ENTRIES / whole, unit: "entries/s" },
  ];
}

async function serving(round: number): Promise<Measurement[]> {
  return await inTurn(round, ["tidegate", "plain"], async (peer) => {
    await using redis = await startRedis();
    const child = start({ work: "serve", peer, url: redis.url, count: 0 });
    try {
      const { port } = await answer(child);
      const measured: Measurement[] = [];
      for (const [work, args] of [
        [SERVED, ["-s", await orderScript(), "/orders"]],
        [BARE, ["/bare"]],
      ] as const) {
        await load(port!, args, 1);
        measured.push({ work, peer, value: await load(port!, args, SECONDS), unit: "requests/s" });
      }
      return measured;
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
}

/** `args`: what wrk gets beside the load, the path last. */
async function load(port: number, args: readonly string[], seconds: number): Promise<number> {
  const { stdout } = await promisify(execFile)("wrk", [
    "-t1",
    "-c50",
    `-d${seconds}s`,
    ...args.slice(0, -1),
    `http://127.0.0.1:${port}${args.at(-1)}`,
  ]);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0) || /Non-2xx/.test(stdout)) throw new Error(`wrk did not measure:\n${stdout}`);
  return rate;
}

/** About 5 kB of JSON, posted again and again. */
async function orderScript(): Promise<string> {
  const lines = Array.from({ length: 40 }, (_, at) => ({
    article: `article-${at}`,
    name: `A thing of the kind number ${at}, in blue`,
    price: 9.95 + at,
    count: (at % 3) + 1,
    tags: ["new", "blue"],
  }));
  const body = JSON.stringify({ customer: "c-4711", currency: "EUR", lines });
  const file = join(tmpdir(), `tidegate-bench-${process.pid}.lua`);
  await writeFile(file, `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[${body}]==]\n`);
  return file;
}

interface Control extends AsyncDisposable {
  /** Resolves when both groups have processed everything; rejects when their lag does not fall. */
  drained(): Promise<void>;
}

async function startControl(redis: RedisServer): Promise<Control> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-bench-"));
  const bin = fileURLToPath(new URL("../packages/platform/bin/tidegate.js", import.meta.url));
  const child = spawn(process.execPath, [bin, "up", "--url", redis.url, "--port", "0", "--data", folder, "--no-open"], { stdio: "ignore" });
  const client = createClient({ url: redis.url, RESP: 2 });
  await client.connect();
  const lag = async (): Promise<number> => lagOf(await client.sendCommand(["XINFO", "GROUPS", "logs:request:stream"]).catch(() => null));
  await until(async () => (await lag()) >= 0, "The control process' groups");
  return {
    async drained() {
      let [before, stuck] = [Infinity, 0];
      for (let left = await lag(); left > 0; left = await lag()) {
        stuck = left < before ? 0 : stuck + 1;
        if (stuck > 200) throw new Error(`The lag of ${GROUPS.join(" and ")} does not fall: ${left}.`);
        before = left;
        await pause(50);
      }
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      child.kill("SIGINT");
      await once(child, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The larger of both groups', or -1 while one is not there. */
function lagOf(reply: unknown): number {
  const groups = new Map(
    (reply as (string | number)[][] | null)?.map((row) => [row[row.indexOf("name") + 1], Number(row[row.indexOf("lag") + 1])]),
  );
  return Math.max(-1, ...(GROUPS.every((name) => groups.has(name)) ? GROUPS.map((name) => groups.get(name)!) : []));
}

async function until(check: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + LIMIT;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what} did not appear.`);
    await pause(50);
  }
}

/** Each round begins with the other peer. */
async function inTurn<P>(round: number, peers: readonly P[], part: (peer: P) => Promise<Measurement[]>): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (const peer of round % 2 === 0 ? peers.toReversed() : peers) measured.push(...(await part(peer)));
  return measured;
}

async function answerOf(order: TelemetryOrder): Promise<TelemetryAnswer> {
  const child = start(order);
  try {
    return await answer(child);
  } finally {
    child.kill("SIGKILL");
  }
}

function start(order: TelemetryOrder): ChildProcess {
  return fork(new URL("./telemetry-child.ts", import.meta.url), [JSON.stringify(order)], { execArgv: ["--conditions=@tidegate/source"] });
}

async function answer(child: ChildProcess): Promise<TelemetryAnswer> {
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`A part ended with ${String(code)}; its error is above.`)));
  ended.catch(() => {});
  const [told] = (await Promise.race([once(child, "message", { signal: AbortSignal.timeout(LIMIT) }), ended])) as [TelemetryAnswer];
  return told;
}

function summarise(measured: readonly Measurement[]): Row[] {
  const together = Map.groupBy(measured, (one) => `${one.work} ${one.peer}`);
  return [...together.values()].map((same): Row => {
    const { work, peer, unit } = same[0]!;
    const rounds = same.map(({ value }) => Number(value.toFixed(2)));
    return { work, peer, value: median(rounds), unit, rounds };
  });
}

function ratios(results: readonly Row[]): Record<string, number> {
  const of = (work: string, peer: string): number => results.find((row) => row.work === work && row.peer === peer)!.value;
  const raw = of(LOGGED, "raw");
  const all = {
    log_call_p99_vs_pino: of(CALL, "tidegate") / of(CALL, "pino"),
    log_vs_raw: of(LOGGED, "tidegate") / raw,
    log_processed_vs_raw: of(PROCESSED, "tidegate") / raw,
    app_telemetry_on_vs_off: of(SERVED, "tidegate") / of(SERVED, "plain"),
    bare_app_telemetry_on_vs_off: of(BARE, "tidegate") / of(BARE, "plain"),
  };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, Number(value.toFixed(3))]));
}
