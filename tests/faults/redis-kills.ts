/**
 * SIGKILL of the Redis process under load, started again on the same folder and port. Every publish answered `stored` must
 * be processed, and publisher and workers must find back by themselves.
 */
import type { Kill, Verdict } from "./checker.ts";
import { now } from "./effects.ts";
import { Seed } from "./seed.ts";
import { IN_FLIGHT_OF_WORKER, Stage } from "./stage.ts";

const WORKERS = 2;

export interface RedisKillsPlan {
  readonly kills: number;
  readonly messagesBetween: number;
  readonly report: (line: string) => void;
  /** Milliseconds; default as in the library. */
  readonly publishTimeout?: number;
}

export interface RedisKillsOutcome {
  readonly verdict: Verdict;
  /** Sum over all lives of the server; above 0 the disk lagged and even a process kill may lose up to 2 s of answers. */
  readonly delayedFsync: number;
  /** Publishes that were answered by `PublishUnknown` first. */
  readonly askedAgain: number;
  /** Milliseconds from each kill until every worker had acknowledged something again. */
  readonly recoveries: readonly number[];
}

export async function redisKills(plan: RedisKillsPlan, seed: Seed = Seed.fromEnvironment()): Promise<RedisKillsOutcome> {
  plan.report(`redis-kills: seed ${seed.value}, ${plan.kills} kills, ${WORKERS} workers (repeat with FAULT_SEED=${seed.value})`);
  await using stage = await Stage.open({
    workers: WORKERS,
    ...(plan.publishTimeout === undefined ? {} : { publishTimeout: plan.publishTimeout }),
  });
  stage.load.allow(Infinity);
  const publishing = stage.load.run();
  publishing.catch(() => {});
  const { kills, delayedFsync } = await killRepeatedly(stage, seed, plan);
  stage.load.finish(stage.load.begun);
  await publishing;
  const verdict = await stage.verdict(kills, WORKERS * IN_FLIGHT_OF_WORKER);
  const total = delayedFsync + (await readDelayedFsync(stage));
  plan.report(
    `redis-kills: ${verdict.stored} stored (${stage.load.retried} asked again, ${verdict.notStored} refused or unknown), ${verdict.effects} effects, ${verdict.duplicates.length} repeated, aof_delayed_fsync rose by ${total}`,
  );
  return {
    verdict,
    delayedFsync: total,
    askedAgain: stage.load.retried,
    recoveries: kills.map((kill) => Math.round(kill.until - kill.from)),
  };
}

// Private

async function killRepeatedly(stage: Stage, seed: Seed, plan: RedisKillsPlan): Promise<{ kills: Kill[]; delayedFsync: number }> {
  const kills: Kill[] = [];
  let delayedFsync = 0;
  for (let kill = 1; kill <= plan.kills; kill++) {
    const moment = stage.witness.effected + Math.floor(plan.messagesBetween / 2) + seed.below(plan.messagesBetween);
    await stage.witness.until(`effect ${moment}, at which kill ${kill} is due`, () => stage.witness.effected >= moment);
    const before = await readDelayedFsync(stage);
    delayedFsync += before;
    kills.push(
      await killRedis(stage, (recovered, restarted) => {
        plan.report(
          `redis-kills: kill ${kill}: Redis back after ${restarted} ms, every worker after ${recovered} ms; aof_delayed_fsync before ${before}`,
        );
      }),
    );
  }
  return { kills, delayedFsync };
}

async function killRedis(stage: Stage, tell: (recovered: number, restarted: number) => void): Promise<Kill> {
  const from = now();
  await stage.redis.kill("SIGKILL");
  await stage.redis.start();
  const back = now();
  const resumed = (): boolean => stage.crew.names.every((worker) => stage.witness.lastAck(worker) > back);
  await stage.witness.until("every worker acknowledges again after Redis came back", resumed);
  const until = now();
  tell(Math.round(until - from), Math.round(back - from));
  return { victim: "*", from, until };
}

async function readDelayedFsync(stage: Stage): Promise<number> {
  return Number((await stage.tide.serverInfo())["aof_delayed_fsync"] ?? 0);
}
