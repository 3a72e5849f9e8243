/**
 * Latency: an open loop from one process to a handler in another, each time counted from the moment the message was due to the moment
 * its handler begins. At 1,000 messages a second for everybody; and at half of what each peer can carry at most, that peer beside us.
 */
import { Part, type Answer } from "./child.ts";
import type { PeerName } from "./peers/index.ts";
import { describeMachine, median, ratio, type Report, type Row } from "./report.ts";
import { progress, withServers, type Servers } from "./server.ts";

const RATE = 1_000;
/** Seconds that are measured, and seconds before in which both processes get warm. */
const MEASURED = 3;
const WARM_UP = 1;
/** Messages pushed through as fast as they go, to find a peer's own maximum. */
const MAXIMUM_COUNT = 20_000;
type Compared = Extract<PeerName, "tidegate" | "bullmq" | "jetstream">;
const PEERS: readonly Compared[] = ["tidegate", "bullmq", "jetstream"];

interface Measured {
  readonly load: string;
  readonly peer: Compared;
  readonly rate: number;
  readonly latencies: NonNullable<Answer["latencies"]>;
}

export async function measureLatency(rounds: number): Promise<Report> {
  const { maxima, measured } = await withServers(async (servers) => {
    const maxima = await findMaxima(servers);
    return { maxima, measured: await measureRounds(servers, rounds, maxima) };
  });
  const results = rowsOf(measured);
  const rates = Object.fromEntries([...maxima].map(([peer, rate]) => [`${peer}MaximumPerSecond`, Math.round(rate)]));
  return { name: "latency", machine: { ...describeMachine(), secondsMeasured: MEASURED, ...rates }, results, ratios: ratios(results) };
}

// Private

/** What a peer carries from `send` to a handler when it is sent as much as it takes, 1,000 unanswered. */
async function findMaxima(servers: Servers): Promise<Map<Compared, number>> {
  const maxima = new Map<Compared, number>();
  for (const peer of PEERS) {
    if (peer === "tidegate") continue;
    const { received } = await through(servers, peer, 0, MAXIMUM_COUNT);
    maxima.set(peer, MAXIMUM_COUNT / received.seconds);
    progress(`maximum  ${peer.padEnd(9)} ${Math.round(MAXIMUM_COUNT / received.seconds).toLocaleString("en")} msg/s end to end`);
  }
  return maxima;
}

async function measureRounds(servers: Servers, rounds: number, maxima: ReadonlyMap<Compared, number>): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let round = 1; round <= rounds; round++) {
    const parts = partsOf(maxima);
    for (const { load, peer, rate } of round % 2 === 1 ? parts : parts.toReversed()) {
      const { received } = await through(servers, peer, rate, Math.round(rate * MEASURED));
      const latencies = received.latencies!;
      measured.push({ load, peer, rate, latencies });
      const { p50, p99, max } = latencies;
      progress(
        `round ${round}/${rounds}  ${load.padEnd(17)} ${peer.padEnd(9)} p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  max ${max.toFixed(2)} ms`,
      );
    }
  }
  return measured;
}

function partsOf(maxima: ReadonlyMap<Compared, number>): { load: string; peer: Compared; rate: number }[] {
  const same = PEERS.map((peer) => ({ load: "1,000/s", peer, rate: RATE }));
  const half = [...maxima].flatMap(([rival, maximum]) =>
    (["tidegate", rival] as const).map((peer) => ({ load: `half of ${rival}`, peer, rate: Math.round(maximum / 2) })),
  );
  return [...same, ...half];
}

/** Rate 0 sends as fast as the peer answers. */
async function through(servers: Servers, peer: Compared, rate: number, count: number): Promise<{ received: Answer }> {
  await servers.empty();
  const order = { peer, url: servers.urlOf(peer), count, rate, warmUp: Math.round(rate * WARM_UP) };
  const receiver = new Part({ ...order, work: "receive" });
  let sender: Part | undefined;
  try {
    await receiver.ready();
    sender = new Part({ ...order, work: "send" });
    const [, received] = await Promise.all([sender.answer(), receiver.answer()]);
    return { received };
  } finally {
    receiver.end();
    sender?.end();
  }
}

function rowsOf(measured: readonly Measured[]): Row[] {
  const together = Map.groupBy(measured, (one) => JSON.stringify([one.load, one.peer]));
  return [...together.values()].flatMap((same) =>
    (["p50", "p99", "max"] as const).map((share): Row => {
      const rounds = same.map((one) => Number(one.latencies[share].toFixed(3)));
      return { work: `${share} at ${same[0]!.load}`, peer: same[0]!.peer, value: median(rounds), unit: "ms", rounds };
    }),
  );
}

function ratios(results: readonly Row[]): Record<string, number> {
  return {
    latency_p50_vs_bullmq: ratio(results, "p50 at 1,000/s", "bullmq"),
    latency_p50_vs_jetstream: ratio(results, "p50 at 1,000/s", "jetstream"),
    latency_p99_vs_bullmq: ratio(results, "p99 at 1,000/s", "bullmq"),
    latency_p99_vs_jetstream: ratio(results, "p99 at 1,000/s", "jetstream"),
    latency_p99_at_half_vs_bullmq: ratio(results, "p99 at half of bullmq", "bullmq"),
    latency_p99_at_half_vs_jetstream: ratio(results, "p99 at half of jetstream", "jetstream"),
  };
}
