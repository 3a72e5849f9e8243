/**
 * Throughput: publish with 1,000 in flight, then consume and acknowledge the same messages with a no-op handler.
 * Peers take turns within each round, on one server that is emptied in between.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { run } from "./child.ts";
import { PEERS, type PeerName } from "./peers/index.ts";
import { describeMachine, median, ratio, type Report, type Row } from "./report.ts";
import { progress, withServers, type Servers } from "./server.ts";
import { IN_FLIGHT, payload } from "./work.ts";

/** A timed part of less than a second would measure the warming up of the runtime. */
const COUNT = 200_000;
const CLIENTS = 50;
/** Messages that each fail once. */
const FAILING = 50_000;

interface Measurement {
  readonly work: "publish" | "consume" | "consume failing once";
  readonly peer: string;
  readonly rate: number;
  readonly cpu?: number;
}

export async function measureStreams(rounds: number): Promise<Report> {
  const measured = await withServers((servers) => measureRounds(servers, rounds));
  const results = summarise(measured);
  const machine = { ...describeMachine(), messages: COUNT, inFlight: IN_FLIGHT };
  return { name: "streams", machine, results, ratios: ratios(results) };
}

// Private

async function measureRounds(servers: Servers, rounds: number): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const peer of turnOrder(round)) measured.push(...(await measurePeer(servers, peer, `round ${round}/${rounds}`)));
    measured.push(await failingOnce(servers, `round ${round}/${rounds}`));
    measured.push(await redisBenchmark(servers, `round ${round}/${rounds}`));
  }
  return measured;
}

/** Each round begins with another peer, so that no one always profits from a fresh or suffers from a warm server. */
function turnOrder(round: number): PeerName[] {
  return PEERS.map((_, index) => PEERS[(index + round - 1) % PEERS.length]!);
}

async function measurePeer(servers: Servers, peer: PeerName, round: string): Promise<Measurement[]> {
  await servers.empty();
  const measured: Measurement[] = [];
  for (const work of ["publish", "consume"] as const) {
    const { seconds, cpu } = await run({ work, peer, url: servers.urlOf(peer), count: COUNT });
    measured.push({ work, peer, rate: COUNT / seconds, cpu });
    progress(`${round}  ${peer.padEnd(15)} ${work}  ${Math.round(COUNT / seconds).toLocaleString("en")} msg/s`);
  }
  return measured;
}

/** What retries cost: every message fails once and is handled on its second attempt. */
async function failingOnce(servers: Servers, round: string): Promise<Measurement> {
  await servers.empty();
  const { seconds, cpu } = await run({ work: "fail-once", peer: "tidegate", url: servers.urlOf("tidegate"), count: FAILING });
  progress(`${round}  tidegate        consume, each failing once  ${Math.round(FAILING / seconds).toLocaleString("en")} msg/s`);
  return { work: "consume failing once", peer: "tidegate", rate: FAILING / seconds, cpu };
}

/** The server's own load generator with the same entry and as many commands in flight: how much Redis itself has to give. */
async function redisBenchmark(servers: Servers, round: string): Promise<Measurement> {
  await servers.empty();
  const entry = [
    "event_type",
    "user_updated",
    "service",
    "bench",
    "data",
    JSON.stringify(payload(0)),
    "message_id",
    "01900000-0000-7000-8000-000000000000",
  ];
  const load = [
    "-p",
    String(servers.redis.port),
    "-n",
    String(5 * COUNT),
    "-c",
    String(CLIENTS),
    "-P",
    String(IN_FLIGHT / CLIENTS),
    "--csv",
  ];
  const { stdout } = await promisify(execFile)("redis-benchmark", [...load, "XADD", "bench", "*", ...entry], { timeout: 60_000 });
  const rate = Number(/","([\d.]+)"/.exec(stdout.trim().split("\n").at(-1) ?? "")?.[1]);
  if (!(rate > 0)) throw new Error(`redis-benchmark printed no rate:\n${stdout}`);
  progress(`${round}  redis-benchmark publish  ${Math.round(rate).toLocaleString("en")} msg/s`);
  return { work: "publish", peer: "redis-benchmark", rate };
}

function summarise(measured: readonly Measurement[]): Row[] {
  const together = Map.groupBy(measured, (one) => `${one.work} ${one.peer}`);
  const rows = [...together.values()].map((same): Row => {
    const rates = same.map((one) => Math.round(one.rate));
    const cpus = same.flatMap((one) => one.cpu ?? []);
    const row = { work: same[0]!.work, peer: same[0]!.peer, value: median(rates), unit: "msg/s" as const, rounds: rates };
    return cpus.length === 0 ? row : { ...row, cpu: Number(median(cpus).toFixed(2)) };
  });
  return rows.toSorted((a, b) => (a.work === b.work ? b.value - a.value : b.work.localeCompare(a.work)));
}

function ratios(results: readonly Row[]): Record<string, number> {
  return {
    publish_vs_bullmq: ratio(results, "publish", "bullmq"),
    publish_vs_jetstream: ratio(results, "publish", "jetstream"),
    publish_vs_raw: ratio(results, "publish", "raw"),
    publish_vs_redis_benchmark: ratio(results, "publish", "redis-benchmark"),
    consume_vs_bullmq: ratio(results, "consume", "bullmq"),
    consume_vs_jetstream: ratio(results, "consume", "jetstream"),
    consume_vs_raw: ratio(results, "consume", "raw"),
    failing_once_vs_clean: ratio(results, "consume", "tidegate", "consume failing once"),
  };
}
