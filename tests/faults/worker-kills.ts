/**
 * SIGKILL of worker processes under load. Every message answered `stored` must have its effect, and only what a killed
 * worker had in flight may have two.
 */
import { Seed } from "./seed.ts";
import { now } from "./effects.ts";
import type { Kill, Verdict } from "./checker.ts";
import { IN_FLIGHT_OF_WORKER, Stage } from "./stage.ts";

const WORKERS = 3;

export interface WorkerKillsPlan {
  readonly kills: number;
  readonly messages: number;
  readonly report: (line: string) => void;
  /** Workers that acknowledge before their effect; the run must then fail. */
  readonly careless?: boolean;
}

export async function workerKills(plan: WorkerKillsPlan, seed: Seed = Seed.fromEnvironment()): Promise<Verdict> {
  const { kills, messages, report } = plan;
  report(
    `worker-kills: seed ${seed.value}, ${kills} kills, ${messages} messages, ${WORKERS} workers (repeat with FAULT_SEED=${seed.value})`,
  );
  const started = now();
  await using stage = await Stage.open({ workers: WORKERS, careless: plan.careless ?? false });
  const publishing = stage.load.run();
  publishing.catch(() => {});
  const history = await killBetween(stage, seed, plan);
  stage.load.finish(messages);
  await publishing;
  const verdict = await stage.verdict(history, IN_FLIGHT_OF_WORKER);
  report(
    `worker-kills: ${verdict.stored} stored, ${verdict.effects} effects, ${verdict.inFlightAtKills} in flight at kills, ${verdict.duplicates.length} of them repeated, ${((now() - started) / 1_000).toFixed(1)} s`,
  );
  return verdict;
}

// Private

/** One kill in each equal slice of the load, at a seeded point of progress inside it. Half a slice more is let in, so that each kill hits work in flight. */
async function killBetween(stage: Stage, seed: Seed, plan: WorkerKillsPlan): Promise<Kill[]> {
  const slice = Math.floor(plan.messages / (plan.kills + 1));
  const history: Kill[] = [];
  for (let kill = 1; kill <= plan.kills; kill++) {
    stage.load.allow(kill * slice + Math.floor(slice / 2));
    const moment = kill * slice - 1 - seed.below(Math.floor(slice / 2));
    await stage.witness.until(`effect ${moment}, at which kill ${kill} is due`, () => stage.witness.effected >= moment);
    history.push(await killOne(stage, seed));
    if (kill % 10 === 0 || kill === plan.kills)
      plan.report(`worker-kills: ${kill} of ${plan.kills} killed, ${stage.witness.effected} effects`);
    await stage.crew.hire();
  }
  return history;
}

async function killOne(stage: Stage, seed: Seed): Promise<Kill> {
  const victim = seed.pick(stage.crew.names);
  const from = now();
  await stage.crew.kill(victim);
  return { victim, from, until: now() };
}
