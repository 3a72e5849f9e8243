/**
 * What every fault run stands on: a real Redis (AOF everysec), the witness, a publisher and a crew of workers.
 * Puts the history together at the end and has it judged.
 */
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { judge, type Kill, type Verdict } from "./checker.ts";
import { Crew } from "./crew.ts";
import { Witness } from "./effects.ts";
import { Load } from "./load.ts";

const TOPIC = "probes";
const GROUP = "fault_workers";
/** Short, so that a killed worker's messages come back within seconds; the default of 30 s would only make runs longer. */
const LEASE = 1_500;
const CONCURRENCY = 10;
const BATCH = 20;
/** Handlers running, entries read ahead, and acknowledgements not yet answered. */
export const IN_FLIGHT_OF_WORKER: number = CONCURRENCY + 2 * BATCH;

export interface StagePlan {
  readonly workers: number;
  readonly careless?: boolean;
  /** Milliseconds after which a publish gives up; short ones make the caller see refusals and unknown answers. */
  readonly publishTimeout?: number;
}

export class Stage implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly witness: Witness;
  readonly tide: Tide;
  readonly load: Load;
  readonly crew: Crew;

  private constructor(redis: RedisServer, witness: Witness, tide: Tide, careless: boolean) {
    this.redis = redis;
    this.witness = witness;
    this.tide = tide;
    this.load = new Load(tide, TOPIC, witness);
    const work = { topic: TOPIC, group: GROUP, lease: LEASE, concurrency: CONCURRENCY, batch: BATCH, careless };
    this.crew = new Crew({ url: redis.url, socket: witness.socket, ...work });
  }

  static async open({ workers, careless = false, publishTimeout = 10_000 }: StagePlan): Promise<Stage> {
    await using opened = new AsyncDisposableStack();
    const redis = opened.use(await startRedis());
    const witness = opened.use(await Witness.start());
    const tide = opened.use(await connect({ url: redis.url, namespace: "faults", service: "publisher", publishTimeout }));
    const stage = new Stage(redis, witness, tide, careless);
    opened.use(stage.crew);
    for (let worker = 0; worker < workers; worker++) await stage.crew.hire();
    opened.move();
    return stage;
  }

  /** Waits until the group holds nothing, lets the workers leave in order, and judges. */
  async verdict(kills: readonly Kill[], inFlightBound: number): Promise<Verdict> {
    const left = await this.#drained();
    await this.crew.dismiss();
    return judge({ published: this.load.published, deeds: this.witness.deeds(), kills, inFlightBound, left });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crew[Symbol.asyncDispose]();
    await this.tide.close({ deadline: 1_000 }).catch(() => {});
    await this.witness[Symbol.asyncDispose]();
    await this.redis.stop();
  }

  /** What is left when nothing is left, or after 30 s: the judge then says so. */
  async #drained(): Promise<{ pending: number; lag: number; retrying: number }> {
    const end = performance.now() + 30_000;
    for (;;) {
      const group = (await this.tide.groups.list(TOPIC)).find((one) => one.group === GROUP);
      if (group === undefined) throw new Error(`The group ${GROUP} is gone from ${TOPIC}.`);
      if (group.pending + group.lag + group.retrying === 0 || performance.now() > end) return group;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
