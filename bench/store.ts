/**
 * What the entity store costs: 64 callers create, read, list, change and delete entities, each change compared, with its revision, its place in the
 * stream of changes and its event; beside raw node-redis with one command for each operation, and with everything the store writes.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { startRedis } from "@tidegate/streams/testing";
import { describeMachine, median, ratio, type Report, type Row } from "./report.ts";
import { progress } from "./server.ts";
import type { StoreAnswer, StoreOrder } from "./store-child.ts";

/** A multiple of what 64 callers do in one life of their entity. */
const COUNT = 160_000;
const WORK = "entity operations, 64 callers";
const PEERS = ["tidegate", "raw", "raw, same writes"] as const;
/** Milliseconds after which a part has hung. */
const LIMIT = 60_000;
/** What the earlier systems' documents say of theirs, without a measurement. */
const CLAIM = "5,000–10,000";

type PeerName = (typeof PEERS)[number];

export async function measureStore(rounds: number): Promise<Report> {
  const measured: { peer: PeerName; rate: number; cpu: number }[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const peer of PEERS.map((_, at) => PEERS[(at + round) % PEERS.length]!)) {
      await using redis = await startRedis();
      const { seconds, cpu } = await run({ peer, url: redis.url, count: COUNT });
      measured.push({ peer, rate: COUNT / seconds, cpu });
      progress(`round ${round}/${rounds}  ${WORK.padEnd(32)} ${peer.padEnd(18)} ${Math.round(COUNT / seconds)} operations/s`);
    }
  }
  const results = PEERS.map((peer): Row => {
    const mine = measured.filter((one) => one.peer === peer);
    const rates = mine.map(({ rate }) => rate);
    return { work: WORK, peer, value: median(rates), unit: "operations/s", rounds: rates, cpu: median(mine.map(({ cpu }) => cpu)) };
  });
  progress(`Ours: ${Math.round(results[0]!.value)} operations/s. The earlier systems claim ${CLAIM}, without a measurement.`);
  const ratios = { store_vs_raw: ratio(results, WORK, "raw"), store_vs_raw_same_writes: ratio(results, WORK, "raw, same writes") };
  return { name: "store", machine: { ...describeMachine(), claimOfEarlierSystems: `${CLAIM} operations/s` }, results, ratios };
}

// Private

async function run(order: StoreOrder): Promise<StoreAnswer> {
  const child = fork(new URL("./store-child.ts", import.meta.url), [JSON.stringify(order)], {
    execArgv: ["--conditions=@tidegate/source"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT);
  const exit = once(child, "exit");
  try {
    const ended = exit.then(() =>
      Promise.reject(new Error(`${order.peer} ended or took longer than ${LIMIT / 1_000} s; its error is above.`)),
    );
    const [answer] = (await Promise.race([once(child, "message"), ended])) as [StoreAnswer];
    return answer;
  } finally {
    clearTimeout(timer);
    child.disconnect();
    await exit;
  }
}
