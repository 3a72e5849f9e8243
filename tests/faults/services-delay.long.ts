/**
 * `npm run test:long -- services-delay [--services 50] [--seconds 20]`: the control process' event loop while nothing happens, and while so many
 * services are made, changed and deleted at once. Its delay is what it says itself at /metrics. Where containers take every core, any process waits
 * for one: so a process that does nothing runs beside it with the same priority, and the delay is held against the worse of both: ours while nothing
 * happens, and that one's now.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startDocker, webServer } from "../../packages/gateway/src/testing/index.ts";
import type { DelayCounts } from "../../packages/platform/src/processors/metrics/loop-delay.ts";
import { goFirst } from "../../packages/platform/src/supervisor/priority.ts";
import { startRedis } from "@tidegate/streams/testing";
import { Seed } from "./seed.ts";
import { runCrowd } from "./services-crowd.ts";
import { TidegateInstance } from "./services-instance.ts";

/** Aim: busy ÷ what it may be. */
const MOST = 2;

const { values } = parseArgs({
  options: { services: { type: "string", default: "50" }, seconds: { type: "string", default: "20" }, seed: { type: "string" } },
});
await using docker = await startDocker();
for (const version of ["v1", "v2"]) await docker.image(`web:${version}`, webServer(version));
await using redis = await startRedis();
await using instance = await TidegateInstance.start({ redisUrl: redis.url, docker: docker.url, namespace: "delay" });
await using bare = startBare();
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
const floor = Math.max(idle.control.p99, busy.bare.p99);
const ratio = busy.control.p99 / floor;
process.stdout.write(
  `delay of event loops, p99 in ms\n` +
    `  control process           idle ${idle.control.p99.toFixed(2)}, busy ${busy.control.p99.toFixed(2)} (${(busy.control.p99 / idle.control.p99).toFixed(2)} times)\n` +
    `  process that does nothing idle ${idle.bare.p99.toFixed(2)}, busy ${busy.bare.p99.toFixed(2)} (${(busy.bare.p99 / idle.bare.p99).toFixed(2)} times)\n` +
    `  ${ratio.toFixed(2)} times what it may be (at most ${MOST}); ${idle.control.count} and ${busy.control.count} looks\n`,
);
process.exitCode = ratio <= MOST ? 0 : 1;

// Private

type Delay = { p99: number; count: number };
type Both<T> = { control: T; bare: T };

async function during(act: () => Promise<unknown>): Promise<Both<Delay>> {
  const before = await counts();
  await act();
  const after = await counts();
  return { control: between(before.control, after.control), bare: between(before.bare, after.bare) };
}

function between(before: Counts, after: Counts): Delay {
  const buckets = after.buckets.map(([border, count], index): [number, number] => [border, count - (before.buckets[index]?.[1] ?? 0)]);
  const count = after.count - before.count;
  return { p99: quantile(buckets, count, 0.99), count };
}

/** Milliseconds; inside a bucket as if spread evenly. */
function quantile(buckets: readonly [number, number][], count: number, share: number): number {
  const wanted = count * share;
  const index = buckets.findIndex(([, upTo]) => upTo >= wanted);
  const [border, upTo] = buckets[index] ?? [2 * (buckets.at(-1)?.[0] ?? 0), count];
  const [from, below] = buckets[index - 1] ?? [0, 0];
  return from + ((border - from) * (wanted - below)) / Math.max(1, upTo - below);
}

type Counts = Pick<DelayCounts, "buckets" | "count">;

async function counts(): Promise<Both<Counts>> {
  return { control: await countsOfControl(), bare: await bare.counts() };
}

async function countsOfControl(): Promise<Counts> {
  const text = String((await instance.ask("GET", "/metrics"))?.body);
  const buckets = [...text.matchAll(/^tidegate_process_loop_delay_seconds_bucket\{le="([\d.]+)"\} (\d+)$/gm)];
  return {
    buckets: buckets.map(([, border, count]): [number, number] => [Number(border) * 1000, Number(count)]),
    count: Number(/^tidegate_process_loop_delay_seconds_count (.+)$/m.exec(text)?.[1]),
  };
}

function startBare(): { counts(): Promise<Counts>; [Symbol.asyncDispose](): Promise<void> } {
  const child = fork(new URL("idle-process.ts", import.meta.url), { execArgv: process.execArgv });
  goFirst(child.pid ?? 0);
  return {
    counts: async () => {
      child.send("counts");
      const [answer] = (await once(child, "message")) as [Counts];
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}
