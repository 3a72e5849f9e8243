/**
 * Latency: an open loop of 1,000 messages per second from one process to a handler in another.
 * Each time runs from the moment the message was due to the moment its handler begins.
 */
import type { RedisServer } from "@tidegate/streams/testing";
import { Part, type Answer } from "./child.ts";
import type { PeerName } from "./peers/index.ts";
import { describeMachine, median, ratio, type Report, type Row } from "./report.ts";
import { empty, progress, withServer } from "./server.ts";

const RATE = 1_000;
const COUNT = 6_000;
/** Messages sent first and not counted: two seconds in which both processes get warm. */
const WARM_UP = 2_000;
const COMPARED: readonly PeerName[] = ["tidegate", "bullmq"];

type Latencies = NonNullable<Answer["latencies"]> & { readonly peer: PeerName };

export async function measureLatency(rounds: number): Promise<Report> {
  const measured = await withServer((server) => measureRounds(server, rounds));
  const results = (["p50", "p99", "max"] as const).flatMap((share) => COMPARED.map((peer) => row(measured, peer, share)));
  const ratios = {
    latency_p50_vs_bullmq: ratio(results, "latency p50", "bullmq"),
    latency_p99_vs_bullmq: ratio(results, "latency p99", "bullmq"),
  };
  return { name: "latency", machine: { ...describeMachine(), messages: COUNT, ratePerSecond: RATE }, results, ratios };
}

// Private

async function measureRounds(server: RedisServer, rounds: number): Promise<Latencies[]> {
  const measured: Latencies[] = [];
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? COMPARED : COMPARED.toReversed();
    for (const peer of order) {
      const { p50, p99, max } = await measurePeer(server, peer);
      measured.push({ peer, p50, p99, max });
      progress(`round ${round}/${rounds}  ${peer.padEnd(9)} p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  max ${max.toFixed(2)} ms`);
    }
  }
  return measured;
}

async function measurePeer(server: RedisServer, peer: PeerName): Promise<NonNullable<Answer["latencies"]>> {
  await empty(server);
  const order = { peer, url: server.url, count: COUNT, rate: RATE, warmUp: WARM_UP };
  const receiver = new Part({ ...order, work: "receive" });
  let sender: Part | undefined;
  try {
    await receiver.ready();
    sender = new Part({ ...order, work: "send" });
    const [, received] = await Promise.all([sender.answer(), receiver.answer()]);
    return received.latencies!;
  } finally {
    receiver.end();
    sender?.end();
  }
}

function row(measured: readonly Latencies[], peer: PeerName, share: "p50" | "p99" | "max"): Row {
  const rounds = measured.filter((one) => one.peer === peer).map((one) => Number(one[share].toFixed(3)));
  return { work: `latency ${share}`, peer, value: median(rounds), unit: "ms", rounds };
}
