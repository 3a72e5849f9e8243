/**
 * `tidegate worker --processes N`: N children that do the work, each started again alone when it dies. They have process groups
 * of their own, so a Ctrl-C reaches only this parent, which lets all of them drain at once.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { KeptProcess } from "../supervisor/kept-process.ts";
import type { Report } from "./report.ts";

/** A little longer than a worker's own limit for draining. */
const STOP_LIMIT = 15_000;
/** A worker that ends with this has been given something wrong; another try would end the same. */
const USELESS_TO_RETRY: readonly string[] = ["exit code 2", "exit code 4"];

export class WorkerProcesses {
  readonly #children: KeptProcess[];
  readonly #failed = Promise.withResolvers<number>();

  /** `args` is the command line of one worker, without `--processes`. */
  constructor(count: number, args: readonly string[], report: Report, onCrash: (what: string) => void) {
    this.#children = Array.from({ length: count }, (_, index) => this.#keep(index + 1, args, report, onCrash));
  }

  /** Resolves with an exit code when the workers cannot work at all. */
  get failed(): Promise<number> {
    return this.#failed.promise;
  }

  start(): void {
    for (const child of this.#children) child.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  kill(): void {
    for (const child of this.#children) child.kill();
  }

  #keep(number: number, args: readonly string[], report: Report, onCrash: (what: string) => void): KeptProcess {
    return new KeptProcess({
      name: `worker ${number}`,
      spawn: () => spawnWorker(args),
      stopLimit: STOP_LIMIT,
      onStart: (child) => report("process_started", `worker ${number} is process ${child.pid}`, { worker: number, process: child.pid }),
      onDeath: (how, delay) => {
        onCrash(`worker ${number} ended by ${how}`);
        if (USELESS_TO_RETRY.includes(how)) this.#failed.resolve(Number(how.slice(-1)));
        report("process_died", `! worker ${number} ended by ${how}; it starts again in ${delay} ms`, {
          worker: number,
          how,
          delay_ms: delay,
        });
      },
    });
  }
}

// Private

/** The channel carries nothing; its end tells the child that this parent is gone. */
function spawnWorker(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, ...args], { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] });
}
