/** One run of services under faults: a crowd of acts, kills of either control process, one restart of the Docker Engine, then everything compared. */
import { setTimeout as pause } from "node:timers/promises";
import { startDocker, webServer, type DockerServer } from "../../packages/gateway/src/testing/index.ts";
import { startRedis } from "@tidegate/streams/testing";
import { Seed } from "./seed.ts";
import { check, type Container, type Findings } from "./services-check.ts";
import { runCrowd, type Act, type Crowd } from "./services-crowd.ts";
import { TidegateInstance } from "./services-instance.ts";

export interface ServicesRun {
  readonly seed: number;
  readonly services: number;
  /** Acts on each. */
  readonly acts: number;
  /** Seconds between two kills; 0 for none. */
  readonly killEvery: number;
  readonly restartEngine: boolean;
}

export interface ServicesOutcome extends Findings {
  readonly acts: readonly Act[];
  readonly kills: number;
  readonly seconds: number;
}

const NAMESPACE = "crowd";
const VERSIONS = ["v1", "v2", "v3"] as const;

export async function runServices(run: ServicesRun): Promise<ServicesOutcome> {
  const seed = new Seed(run.seed);
  await using docker = await startDocker();
  for (const version of VERSIONS) await docker.image(`web:${version}`, webServer(version));
  await using redis = await startRedis();
  const place = { redisUrl: redis.url, docker: docker.url, namespace: NAMESPACE };
  await using one = await TidegateInstance.start(place);
  await using other = await TidegateInstance.start(place);
  const instances = [one, other];
  const began = performance.now();
  const over = new AbortController();
  const disturbed = disturb(run, instances, seed, over.signal);
  const crowd = runCrowd({ instances, images: VERSIONS.map((version) => `web:${version}`), ...run, seed });
  const restarted = run.restartEngine ? restartHalfway(run, docker, crowd) : Promise.resolve();
  const { acts, wanted } = await crowd.finally(() => over.abort());
  await Promise.all([disturbed, restarted]);
  const seconds = (performance.now() - began) / 1000;
  const findings = await settledCheck(instances, docker, { acts, wanted });
  return { ...findings, acts, kills: one.kills + other.kills, seconds };
}

// Private

async function disturb({ killEvery }: ServicesRun, instances: readonly TidegateInstance[], seed: Seed, over: AbortSignal): Promise<void> {
  while (killEvery > 0 && !over.aborted) {
    await pause(killEvery * 1000, undefined, { signal: over }).catch(() => {});
    if (!over.aborted) seed.pick(instances).killControl();
  }
}

/** Once half of what is to happen has happened. */
async function restartHalfway({ services, acts }: ServicesRun, docker: DockerServer, crowd: Promise<Crowd>): Promise<void> {
  let over = false;
  void crowd.finally(() => (over = true)).catch(() => {});
  const half = (services * acts) / 2;
  while (!over && (await containersEver(docker)) < half / 2) await pause(200);
  await docker.restart();
}

/** Generations in names tell how many there have been. */
async function containersEver(docker: DockerServer): Promise<number> {
  const names = (await containersOf(docker).catch(() => [])).map(({ labels }) => Number(labels["tidegate.generation"] ?? 0));
  return names.reduce((sum, generation) => sum + generation, 0);
}

async function settledCheck(instances: readonly TidegateInstance[], docker: DockerServer, crowd: Crowd): Promise<Findings> {
  const limit = performance.now() + 60_000;
  for (;;) {
    const findings = await check(instances, await containersOf(docker), crowd.acts);
    const astray = findings.problems.length;
    if (astray === 0 || performance.now() > limit) return findings;
    await pause(1_000);
  }
}

async function containersOf(docker: DockerServer): Promise<Container[]> {
  const found = await docker.api.call<{ Id: string; Labels: Record<string, string> }[]>("GET", "/containers/json?all=true");
  return found.map(({ Id: id, Labels: labels }) => ({ id, labels }));
}
