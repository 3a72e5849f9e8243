/**
 * One seeded run of one kind of fault: strike, hold, heal, see everybody work again, drain, and again. At the end the history
 * is assessed against the fault's cell of the promise table.
 */
import type { Kill } from "@tidegate/streams/testing";
import { assess, type Assessment } from "./assess.ts";
import { now } from "./effects.ts";
import type { Damage, Fault } from "./fault.ts";
import { PROMISES } from "./promises.ts";
import { describe, schedule, type Strike } from "./schedule.ts";
import { Stage, type Holding } from "./stage.ts";
import type { Sin } from "./worker.ts";

export interface RunPlan {
  readonly seed: number;
  /** Least number of strikes, and the time until which more follow. */
  readonly strikes: number;
  readonly minutes?: number;
  /** No damage lasts longer than this, whatever its kind says; for short runs. */
  readonly longest?: number;
  /** Effects between strikes, at most. */
  readonly gap: number;
  readonly report: (line: string) => void;
  /** Careless workers; the run must then be condemned. */
  readonly sin?: Sin;
}

/** One strike as it happened. */
export interface Blow {
  readonly strike: Strike;
  readonly damage: Damage;
  readonly kills: readonly Kill[];
  readonly healedAt: number;
  /** Milliseconds from the end of the fault until every worker had acknowledged something again. */
  readonly everyone: number;
  /** Milliseconds from the end of the fault until the group held nothing, the publisher being paused; null if that never came. */
  readonly lagZero: number | null;
  /** What the group held then; null when nobody could say. */
  readonly left: Holding | null;
}

/** Milliseconds the group gets to work off everything. Nobody takes over what a careless worker left, so there it is no use to wait. */
const DRAIN = 30_000;
const CARELESS_DRAIN = 500;

export async function runFault(fault: Fault, plan: RunPlan): Promise<Assessment> {
  await using field = await fault.prepare();
  const cell = PROMISES[fault.name];
  const durability = cell.durability === "replicated" ? { replicas: 1 } : "stored";
  await using stage = await Stage.open({
    url: field.url,
    direct: () => field.direct?.() ?? field.url,
    durability,
    ...(plan.sin === undefined ? {} : { sin: plan.sin }),
  });
  const drain = plan.sin === undefined ? DRAIN : CARELESS_DRAIN;
  const blows: Blow[] = [];
  const end = now() + (plan.minutes ?? 0) * 60_000;
  const [least, most] = fault.hold;
  const hold = [least, Math.max(least, Math.min(most, plan.longest ?? most))] as const;
  for (const strike of schedule({ name: fault.name, seed: plan.seed, hold, gap: plan.gap })) {
    plan.report(`${fault.name}: ${describe(strike)}`);
    stage.load.open();
    blows.push(await deal(field.strike.bind(field), stage, strike, drain));
    if (blows.length >= plan.strikes && now() > end) break;
  }
  await stage.load.close();
  const left = await stage.drained(drain);
  await stage.crew.dismiss();
  return assess({ fault: fault.name, cell, stage, blows, left });
}

// Private

type Hit = (stage: Stage, strike: Strike) => Promise<{ heal(): Promise<Damage> }>;

async function deal(hit: Hit, stage: Stage, strike: Strike, drain: number): Promise<Blow> {
  const due = stage.witness.effected + strike.after;
  await stage.witness.until(`effect ${due}, at which a strike is due`, () => stage.witness.effected >= due);
  const wound = await hit(stage, strike);
  await new Promise((resolve) => setTimeout(resolve, strike.hold));
  const damage = await wound.heal();
  const healedAt = now();
  await stage.everyoneWorks(healedAt);
  const everyone = now() - healedAt;
  await stage.load.close();
  const drained = await stage.drained(drain);
  const lagZero = drained !== null && drained.pending + drained.lag + drained.retrying === 0 ? now() - healedAt : null;
  const until = healedAt + everyone;
  return { strike, damage, healedAt, everyone, lagZero, left: drained, kills: damage.victims.map((victim) => ({ ...victim, until })) };
}
