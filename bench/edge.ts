/**
 * The edge beside other reverse proxies: one worker each on the same machine, in front of the same nginx that answers with a small body. All of them
 * stand ready from the beginning and take turns within each round. Ours writes an access record and spans of every request to Redis all the time.
 */
import { NGINX_SERVER } from "../tests/edge/proxies/nginx.ts";
import { startProxy } from "../tests/edge/proxies/proxy.ts";
import { Certificates } from "../packages/streams/src/testing/certificates.ts";
import { startOurs } from "./edge-ours.ts";
import { flatOut, HOST, paced } from "./edge-work.ts";
import { startPeers, type Measured } from "./peers/edge.ts";
import { describeMachine, median, type Report, type Row } from "./report.ts";
import { progress } from "./server.ts";

/** Seconds of each part. */
const MEASURED = 3;
const WARM_UP = 3;
const OURS = "tidegate";
const SILENT = "tidegate, telemetry off";
const TWO = "tidegate, two workers";
const PLAIN = "HTTP requests";
const TELLING = "HTTP requests, telemetry on and off";
const SECURE = "HTTPS requests";
const LATENCY = "p99 at half of caddy's rate";
const CPU = "CPU time of a request";

interface Figure {
  readonly work: string;
  readonly peer: string;
  readonly value: number;
  readonly unit: Row["unit"];
  readonly cpu?: number;
}

export async function measureEdge(rounds: number): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const all = await startAll(stack);
  for (const one of all) await flatOut(plain(one), WARM_UP, one.pids);
  const figures: Figure[] = [];
  for (let round = 1; round <= rounds; round++) figures.push(...(await measureRound(all, round, `round ${round}/${rounds}`)));
  const results = summarise(figures);
  const versions = Object.fromEntries(all.filter(({ name }) => !name.startsWith(OURS)).map(({ name, version }) => [name, version]));
  return { name: "edge", machine: { ...describeMachine(), ...versions }, results, ratios: ratios(results) };
}

// Private

async function startAll(stack: AsyncDisposableStack): Promise<Measured[]> {
  const certificates = stack.use(await Certificates.make());
  const upstream = stack.use(await startProxy(NGINX_SERVER, { upstream: 0 }));
  const peers = await startPeers(stack, { upstream: upstream.port, certificate: certificates.server });
  const ours: Measured[] = [];
  for (const [name, workers, telemetry] of [
    [OURS, 1, true],
    [SILENT, 1, false],
    [TWO, 2, true],
  ] as const)
    ours.push(stack.use(await startOurs({ name, workers, telemetry, upstream: upstream.port })));
  return [...ours, ...peers];
}

/** Each round begins with another one. */
async function measureRound(all: readonly Measured[], round: number, words: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  const note = (figure: Figure): void => {
    figures.push(figure);
    progress(
      `${words}  ${figure.work.padEnd(28)} ${figure.peer.padEnd(24)} ${figure.value.toFixed(figure.value < 100 ? 2 : 0)} ${figure.unit}`,
    );
  };
  const named = (name: string): Measured => all.find((one) => one.name === name)!;
  const turns = all.filter(({ name }) => name !== SILENT);
  for (const [at] of turns.entries()) {
    const one = turns[(at + round - 1) % turns.length]!;
    const { rate, cpu } = await flatOut(plain(one), MEASURED, one.pids);
    note({ work: PLAIN, peer: one.name, value: rate, unit: "requests/s", cpu });
    note({ work: CPU, peer: one.name, value: (1e6 * cpu) / rate, unit: "µs" });
  }
  // In turns, so that a machine that gets slower meanwhile makes both of them slower.
  const [on, off] = [named(OURS), named(SILENT)];
  const parts = new Map<Measured, number[]>([on, off].map((one) => [one, []]));
  for (const one of [on, off, off, on]) {
    const { rate, cpu } = await flatOut(plain(one), MEASURED, one.pids);
    parts.get(one)!.push(rate);
    if (one === off) note({ work: CPU, peer: one.name, value: (1e6 * cpu) / rate, unit: "µs" });
  }
  for (const [one, rates] of parts) note({ work: TELLING, peer: one.name, value: mean(rates), unit: "requests/s" });
  const both = [OURS, "caddy"].map(named);
  const half = Math.round(figures.find(({ peer, work }) => peer === "caddy" && work === PLAIN)!.value / 2);
  for (const one of round % 2 === 0 ? both.toReversed() : both) {
    const { rate, cpu } = await flatOut(`https://${HOST}:${one.securePort}/`, MEASURED, one.pids);
    note({ work: SECURE, peer: one.name, value: rate, unit: "requests/s", cpu });
    const { p99 } = await paced({ port: one.port, rate: half, seconds: MEASURED });
    note({ work: LATENCY, peer: one.name, value: p99, unit: "ms" });
  }
  return figures;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function plain({ port }: Measured): string {
  return `http://127.0.0.1:${port}/`;
}

function summarise(figures: readonly Figure[]): Row[] {
  const together = Map.groupBy(figures, ({ work, peer }) => `${work} ${peer}`);
  const rows = [...together.values()].map((same): Row => {
    const { work, peer, unit } = same[0]!;
    const rounds = same.map(({ value }) => Number(value.toFixed(2)));
    const row = { work, peer, value: median(rounds), unit, rounds };
    const cpus = same.flatMap(({ cpu }) => cpu ?? []);
    return cpus.length === 0 ? row : { ...row, cpu: Number(median(cpus).toFixed(2)) };
  });
  const order = [PLAIN, TELLING, CPU, SECURE, LATENCY];
  const better = (a: Row, b: Row): number => (a.unit === "requests/s" ? b.value - a.value : a.value - b.value);
  return rows.toSorted((a, b) => order.indexOf(a.work) - order.indexOf(b.work) || better(a, b));
}

/** Of what was measured in the same round, the middle one: the speed of a machine drifts from round to round, for all alike. */
function ratios(results: readonly Row[]): Record<string, number> {
  const of = (work: string, peer: string): readonly number[] => results.find((row) => row.work === work && row.peer === peer)!.rounds;
  const against = (work: string, ours: string, peer: string): number => {
    const theirs = of(work, peer);
    return median(of(work, ours).map((value, round) => value / theirs[round]!));
  };
  const all = {
    edge_vs_caddy: against(PLAIN, OURS, "caddy"),
    edge_vs_fastify_proxy: against(PLAIN, OURS, "@fastify/http-proxy"),
    edge_vs_http_proxy_3: against(PLAIN, OURS, "http-proxy-3"),
    edge_vs_nginx: against(PLAIN, OURS, "nginx"),
    edge_vs_haproxy: against(PLAIN, OURS, "haproxy"),
    edge_telemetry_on_vs_off: against(TELLING, OURS, SILENT),
    edge_two_workers: against(PLAIN, TWO, OURS),
    edge_https_vs_caddy: against(SECURE, OURS, "caddy"),
    latency_p99_vs_caddy: against(LATENCY, OURS, "caddy"),
  };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, Number(value.toFixed(3))]));
}
