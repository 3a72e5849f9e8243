/**
 * `npm run test:long -- services-delay [--services 50] [--seconds 20]`: the control process' event loop while nothing happens, and while so many
 * services are made, changed and deleted at once. Its delay is what it says itself at /metrics.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startDocker, webServer } from "../../packages/gateway/src/testing/index.ts";
import { startRedis } from "@tidegate/streams/testing";
import { Seed } from "./seed.ts";
import { runCrowd } from "./services-crowd.ts";
import { TidegateInstance } from "./services-instance.ts";

/** Aim: busy ÷ idle. */
const MOST = 2;

const { values } = parseArgs({
  options: { services: { type: "string", default: "50" }, seconds: { type: "string", default: "20" }, seed: { type: "string" } },
});
await using docker = await startDocker();
for (const version of ["v1", "v2"]) await docker.image(`web:${version}`, webServer(version));
await using redis = await startRedis();
await using instance = await TidegateInstance.start({ redisUrl: redis.url, docker: docker.url, namespace: "delay" });
await pause(5_000);

const idle = await during(() => pause(Number(values.seconds) * 1000));
const seed = new Seed(Number(values.seed ?? 1));
const busy = await during(async () => {
  const { acts } = await runCrowd({
    instances: [instance],
    images: ["web:v1", "web:v2"],
    services: Number(values.services),
    acts: 3,
    seed,
  });
  process.stdout.write(`${acts.length} acts on ${values.services} services\n`);
});
const ratio = busy.p99 / idle.p99;
process.stdout.write(
  `delay of the control process' event loop, p99: idle ${idle.p99.toFixed(2)} ms, busy ${busy.p99.toFixed(2)} ms, ${ratio.toFixed(2)} times ` +
    `(at most ${MOST}); mean ${idle.mean.toFixed(2)} and ${busy.mean.toFixed(2)} ms over ${idle.count} and ${busy.count} looks\n`,
);
process.exitCode = ratio <= MOST ? 0 : 1;

// Private

type Counts = { buckets: [border: number, count: number][]; count: number; sum: number };

async function during(act: () => Promise<unknown>): Promise<{ p99: number; mean: number; count: number }> {
  const before = await counts();
  await act();
  const after = await counts();
  const buckets = after.buckets.map(([border, count], index): [number, number] => [border, count - (before.buckets[index]?.[1] ?? 0)]);
  const count = after.count - before.count;
  return { p99: quantile(buckets, count, 0.99), mean: (after.sum - before.sum) / count, count };
}

/** Milliseconds; inside a bucket as if spread evenly. */
function quantile(buckets: readonly [number, number][], count: number, share: number): number {
  const wanted = count * share;
  const index = buckets.findIndex(([, upTo]) => upTo >= wanted);
  const [border, upTo] = buckets[index] ?? [2 * (buckets.at(-1)?.[0] ?? 0), count];
  const [from, below] = buckets[index - 1] ?? [0, 0];
  return from + ((border - from) * (wanted - below)) / Math.max(1, upTo - below);
}

async function counts(): Promise<Counts> {
  const text = String((await instance.ask("GET", "/metrics"))?.body);
  const value = (name: string): number => Number(new RegExp(`^tidegate_process_loop_delay_seconds_${name} (.+)$`, "m").exec(text)?.[1]);
  const buckets = [...text.matchAll(/^tidegate_process_loop_delay_seconds_bucket\{le="([\d.]+)"\} (\d+)$/gm)];
  return {
    buckets: buckets.map(([, border, count]) => [Number(border) * 1000, Number(count)]),
    count: value("count"),
    sum: value("sum") * 1000,
  };
}
