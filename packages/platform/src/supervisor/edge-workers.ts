/** The edge workers of this machine, each started again alone when it dies: the others go on, and so does everything else. */
import type { PlatformConfig } from "../config.ts";
import type { EdgeProcess, RedisPlace } from "./channel.ts";
import { spawnEdge } from "./edge-child.ts";
import { KeptProcess } from "./kept-process.ts";

/** A little longer than a worker leaves its connections to finish. */
const STOP_LIMIT = 5_000;

/** Told of every start and every death. */
export type EdgeListener = (process: EdgeProcess) => void;

export class EdgeWorkers {
  readonly #kept: readonly KeptProcess[];
  readonly #states = new Map<number, EdgeProcess>();
  readonly #onChange: EdgeListener;

  constructor(config: PlatformConfig, redis: RedisPlace, onChange: EdgeListener) {
    this.#onChange = onChange;
    this.#kept = Array.from({ length: config.edgeWorkers }, (_, index) => this.#keep(index + 1, config, redis));
  }

  /** As they are now, by worker. */
  get states(): Iterable<EdgeProcess> {
    return this.#states.values();
  }

  start(): void {
    for (const kept of this.#kept) kept.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#kept.map((kept) => kept.stop()));
  }

  kill(): void {
    for (const kept of this.#kept) kept.kill();
  }

  // Private

  #keep(worker: number, config: PlatformConfig, redis: RedisPlace): KeptProcess {
    let restarts = 0;
    return new KeptProcess({
      name: `edge-${worker}`,
      spawn: () => spawnEdge({ type: "start", worker, config, redis }),
      stopLimit: STOP_LIMIT,
      onStart: (child, count) => {
        restarts = count;
        this.#is({ worker, pid: child.pid ?? null, restarts, detail: null });
      },
      onDeath: (how, delay) => this.#is({ worker, pid: null, restarts, detail: `ended by ${how}, starts again in ${delay} ms` }),
    });
  }

  #is(process: EdgeProcess): void {
    this.#states.set(process.worker, process);
    this.#onChange(process);
  }
}
