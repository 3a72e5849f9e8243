/**
 * What every fault run stands on: the witness, a publisher and a crew of workers, all on the Redis of the fault's field.
 * The publisher's timeout is short on purpose: it hears refusals and unknown answers instead of waiting the fault out.
 */
import { connect, type ConnectOptions, type Tide } from "@tidegate/streams";
import { createClient } from "@redis/client";
import { Crew } from "./crew.ts";
import { now, Witness } from "./effects.ts";
import { Load } from "./load.ts";
import type { Sin } from "./worker.ts";

export const TOPIC = "probes";
export const GROUP = "fault_workers";
export const NAMESPACE = "faults";
/** Short, so that a dead worker's messages come back within seconds; the default of 30 s would only make runs longer. */
export const LEASE = 1_500;
export const WORKERS = 3;
const CONCURRENCY = 10;
const BATCH = 20;
const EFFORT = 20;
const RATE = 400;
const PUBLISH_TIMEOUT = 250;
/** Handlers running, entries read ahead, and acknowledgements not yet answered. */
export const IN_FLIGHT_OF_WORKER: number = CONCURRENCY + 2 * BATCH;

/** So long that a careless worker is never hit with empty hands. */
const CARELESS_EFFORT = 60;
const LEFT_KEYS = [
  ...["", ":critical", ":high", ":low"].map((lane) => `${NAMESPACE}:${TOPIC}:events${lane}`),
  `${NAMESPACE}:${TOPIC}:retry:${GROUP}:events`,
  `${NAMESPACE}:${TOPIC}:retry:${GROUP}`,
];
/** Nil while the group is missing somewhere. Counts itself, as the `lag` of XINFO is wrong after a failover. */
const LEFT = `
local pending, undelivered = 0, 0
for lane = 1, 5 do
  local found
  if redis.call('EXISTS', KEYS[lane]) == 1 then
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[lane])) do if group[2] == ARGV[1] then found = group end end
  end
  if not found then return false end
  pending = pending + found[6]
  undelivered = undelivered + #redis.call('XRANGE', KEYS[lane], '(' .. found[8], '+', 'COUNT', 100)
end
return { pending, undelivered, redis.call('ZCARD', KEYS[6]) }`;
const CARELESS = new URL("./careless-worker.ts", import.meta.url);

export interface StageOrder {
  readonly url: string;
  /** The server that has the data at this moment. */
  readonly direct: () => string;
  readonly durability?: NonNullable<ConnectOptions["durability"]>;
  /** Careless workers instead of the library's: the negative controls. */
  readonly sin?: Sin;
}

export class Stage implements AsyncDisposable {
  readonly witness: Witness;
  readonly tide: Tide;
  readonly load: Load;
  readonly crew: Crew;
  readonly #direct: () => string;

  private constructor(order: StageOrder, witness: Witness, tide: Tide) {
    this.#direct = order.direct;
    this.witness = witness;
    this.tide = tide;
    this.load = new Load(tide, TOPIC, witness, RATE);
    const work = { topic: TOPIC, group: GROUP, lease: LEASE, concurrency: CONCURRENCY, batch: BATCH, effort: EFFORT };
    const place = { url: order.url, socket: witness.socket };
    this.crew =
      order.sin === undefined
        ? new Crew({ ...place, ...work })
        : new Crew({ ...place, ...work, sin: order.sin, effort: CARELESS_EFFORT }, CARELESS);
  }

  static async open(order: StageOrder): Promise<Stage> {
    await using opened = new AsyncDisposableStack();
    const witness = opened.use(await Witness.start());
    const publisher = { url: order.url, namespace: NAMESPACE, service: "publisher", publishTimeout: PUBLISH_TIMEOUT };
    const tide = opened.use(await connect({ ...publisher, durability: order.durability ?? "stored" }));
    const stage = new Stage(order, witness, tide);
    opened.use(stage.crew);
    await tide.groups.create(TOPIC, GROUP);
    await Promise.all(Array.from({ length: WORKERS }, () => stage.crew.hire()));
    opened.move();
    return stage;
  }

  /** Resolves when every worker has acknowledged something after this moment. */
  async everyoneWorks(since: number): Promise<void> {
    await this.witness.until("every worker acknowledges again", () => this.crew.names.every((name) => this.witness.lastAck(name) > since));
  }

  /** Stops the workers until so many more messages are stored than anybody has seen; the answer lets them go on. */
  async pileUp(count: number): Promise<() => void> {
    const names = this.crew.names;
    for (const name of names) this.crew.signal(name, "SIGSTOP");
    await this.load.confirmed(count);
    return () => names.forEach((name) => this.crew.signal(name, "SIGCONT"));
  }

  /** What the group still holds: all zero, or what there was after `limit` ms, or null when nobody could say. */
  async drained(limit: number): Promise<Holding | null> {
    for (let left: Holding | null = null, end = now() + limit; ;) {
      left = await this.#holding();
      if ((left !== null && left.pending + left.lag + left.retrying === 0) || now() > end) return left;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    void this.load.close();
    await this.crew[Symbol.asyncDispose]();
    await this.tide.close({ deadline: 500 }).catch(() => {});
    await this.witness[Symbol.asyncDispose]();
  }

  /** Asked of Redis itself: the library's own view is part of what is tested. */
  async #holding(): Promise<Holding | null> {
    const reply = await withRedis(this.#direct(), (call) => call("EVAL", LEFT, String(LEFT_KEYS.length), ...LEFT_KEYS, GROUP)).catch(
      () => null,
    );
    if (!Array.isArray(reply)) return null;
    const [pending = 0, lag = 0, retrying = 0] = reply.map(Number);
    return { pending, lag, retrying };
  }
}

/** What the group still holds: deliveries without an answer, entries not yet delivered (at most 100 are counted), waiting retries. */
export type Holding = { pending: number; lag: number; retrying: number };

/** A connection of the fault's own: what breaks things does not go through the library. */
export async function withRedis<T>(url: string, act: (call: (...args: string[]) => Promise<unknown>) => Promise<T>): Promise<T> {
  const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  try {
    return await act((...args) => client.sendCommand(args));
  } finally {
    client.destroy();
  }
}
