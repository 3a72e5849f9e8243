/**
 * Many consumers of many groups on one topic, at a steady rate: every group must get every message exactly once, as nothing fails.
 * Tells what that costs: pick-up, lag, connections, CPU, and commands per second by kind.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type Tide } from "@tidegate/streams";
import type { CrowdOrder, CrowdRecord } from "./crowd-worker.ts";
import { now } from "./effects.ts";
import { costOf, describe } from "./redis-cost.ts";
import { Server } from "./server.ts";

export interface CrowdPlan {
  readonly groups: number;
  readonly consumersPerGroup: number;
  /** Divides the consumers of a group. */
  readonly processes: number;
  /** Messages a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly report: (line: string) => void;
}

export interface CrowdOutcome {
  /** Empty when every group got everything, once. */
  readonly problems: readonly string[];
  readonly deliveries: number;
}

const TOPIC = "crowd";
const NAMESPACE = "crowd";
const TICK = 10;
/** Milliseconds the groups get to finish after the last publish. */
const DRAIN = 60_000;

export async function crowd(plan: CrowdPlan): Promise<CrowdOutcome> {
  await using server = await Server.start();
  await using tide = await connect({ url: server.url, namespace: NAMESPACE, service: "publisher" });
  const groups = Array.from({ length: plan.groups }, (_, index) => `group_${index}`);
  for (const group of groups) await tide.groups.create(TOPIC, group);
  const children: ChildProcess[] = [];
  try {
    const order = { url: server.url, topic: TOPIC, groups, consumers: plan.consumersPerGroup / plan.processes };
    const records = Array.from({ length: plan.processes }, (_, number) => join(server.folder, `crowd-${number}.jsonl`));
    for (const record of records) children.push(start({ ...order, record }));
    await Promise.all(children.map(heard));
    await idle(server.url, plan);
    const { result: lag, cost } = await costOf(server.url, () => busy(tide, plan));
    plan.report(`crowd: under load Redis has ${describe(cost)}`);
    const cpus = await Promise.all(children.map(dismiss));
    const share = cpus.map((cpu) => `${Math.round((cpu / cost.seconds) * 100)} %`).join(", ");
    plan.report(`crowd: the ${plan.processes} processes took ${share} CPU; the largest lag of a group was ${lag.most}`);
    return sumUp(plan, groups, records.flatMap(read), lag.left);
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

// Private

async function idle(url: string, plan: CrowdPlan): Promise<void> {
  const { cost } = await costOf(url, () => new Promise((resolve) => setTimeout(resolve, 3_000)));
  plan.report(`crowd: ${plan.groups} groups of ${plan.consumersPerGroup} consumers, idle: ${describe(cost)}`);
}

/** Publishes at the rate, then waits until no group has anything left; answers the largest lag seen and what was left. */
async function busy(tide: Tide, plan: CrowdPlan): Promise<{ most: number; left: number }> {
  let most = 0;
  const watch = setInterval(
    () =>
      void largest(tide).then(
        (lag) => (most = Math.max(most, lag)),
        () => {},
      ),
    500,
  );
  try {
    await publishAll(tide, plan);
    for (const end = now() + DRAIN; ;) {
      const left = await largest(tide);
      if (left === 0 || now() > end) return { most, left };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    clearInterval(watch);
  }
}

async function publishAll(tide: Tide, plan: CrowdPlan): Promise<void> {
  const total = plan.rate * plan.seconds;
  const begun = now();
  const answers: Promise<unknown>[] = [];
  for (let seq = 0; seq < total; await new Promise((resolve) => setTimeout(resolve, TICK))) {
    for (const due = Math.min(total, ((now() - begun) * plan.rate) / 1_000); seq < due; seq++)
      answers.push(tide.publish(TOPIC, { type: "crowd_probe", data: { seq, at: now() } }));
  }
  await Promise.all(answers);
}

/** Entries the group that is furthest behind has not acknowledged. */
async function largest(tide: Tide): Promise<number> {
  return Math.max(...(await tide.groups.list(TOPIC)).map((group) => group.lag + group.pending + group.retrying));
}

function sumUp(plan: CrowdPlan, groups: readonly string[], records: readonly CrowdRecord[], left: number): CrowdOutcome {
  const delays = records.flatMap((record) => record.delays).sort((one, other) => one - other);
  const at = (share: number): string => `${(delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? NaN).toFixed(1)} ms`;
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
  plan.report(`crowd: ${delays.length} deliveries, pick-up average ${mean.toFixed(1)} ms, p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`);
  const problems = groups.flatMap((group) =>
    missed(
      group,
      records.filter((record) => record.group === group),
      plan.rate * plan.seconds,
    ),
  );
  return {
    deliveries: delays.length,
    problems: left === 0 ? problems : [...problems, `${left} messages were left after ${DRAIN / 1_000} s`],
  };
}

function missed(group: string, records: readonly CrowdRecord[], published: number): string[] {
  const got = new Map<number, number>();
  for (const { seqs } of records) for (const seq of seqs) got.set(seq, (got.get(seq) ?? 0) + 1);
  const twice = [...got.values()].filter((times) => times > 1).length;
  const strange = [...got.keys()].filter((seq) => seq >= published).length;
  return got.size === published && twice + strange === 0
    ? []
    : [`${group} got ${got.size} of ${published} messages, ${twice} of them more than once, ${strange} never published`];
}

function start(order: CrowdOrder): ChildProcess {
  return fork(new URL("./crowd-worker.ts", import.meta.url), [JSON.stringify(order)], { execArgv: ["--conditions=@tidegate/source"] });
}

async function heard(child: ChildProcess): Promise<{ cpu: number }> {
  const died = once(child, "exit").then(([code]) => Promise.reject(new Error(`A process of the crowd ended with ${String(code)}.`)));
  died.catch(() => {});
  const [news] = await Promise.race([once(child, "message"), died]);
  return news as { cpu: number };
}

/** Answers the seconds of CPU it took while all its consumers were there. */
async function dismiss(child: ChildProcess): Promise<number> {
  const gone = once(child, "exit");
  const told = heard(child);
  child.send("stop");
  const { cpu } = await told;
  await gone;
  return cpu;
}

function read(path: string): CrowdRecord[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((row) => JSON.parse(row) as CrowdRecord);
}
