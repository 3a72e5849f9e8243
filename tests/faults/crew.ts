/** The workers of a fault run: starts them, hits one the hard way, and replaces it. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { WorkerOrder } from "./worker.ts";

export class Crew implements AsyncDisposable {
  readonly #order: Omit<WorkerOrder, "name">;
  readonly #program: URL;
  readonly #workers = new Map<string, ChildProcess>();
  #hired = 0;

  constructor(order: Omit<WorkerOrder, "name">, program: URL = new URL("./worker.ts", import.meta.url)) {
    this.#order = order;
    this.#program = program;
  }

  get names(): string[] {
    return [...this.#workers.keys()];
  }

  /** Resolves when the new worker's first read is armed. */
  async hire(): Promise<void> {
    const name = `worker-${++this.#hired}`;
    const child = fork(this.#program, [JSON.stringify({ ...this.#order, name })], { execArgv: ["--conditions=@tidegate/source"] });
    this.#workers.set(name, child);
    const died = once(child, "exit").then(([code]) =>
      Promise.reject(new Error(`${name} ended with ${String(code)} before it consumed; its error is above.`)),
    );
    await Promise.race([once(child, "message"), died]);
    died.catch(() => {});
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    const child = this.#workers.get(name)!;
    this.#workers.delete(name);
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${name} had ended by itself with ${String(child.exitCode)} before it could be killed.`);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  signal(name: string, signal: "SIGSTOP" | "SIGCONT"): void {
    this.#workers.get(name)!.kill(signal);
  }

  /** Stops the worker's event loop; resolves just before it stands still. */
  async block(name: string, ms: number): Promise<void> {
    const child = this.#workers.get(name)!;
    const blocking = once(child, "message");
    child.send({ block: ms });
    await blocking;
  }

  /** Lets one finish and leave. */
  async release(name: string): Promise<void> {
    const child = this.#workers.get(name)!;
    this.#workers.delete(name);
    await dismissOne(child);
  }

  /** Lets everybody finish, as an orderly shutdown does. */
  async dismiss(): Promise<void> {
    await Promise.all([...this.#workers.values()].map(dismissOne));
    this.#workers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.names.map((name) => this.kill(name).catch(() => {})));
  }
}

// Private

async function dismissOne(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.send("stop");
  const [code] = await gone;
  if (code !== 0) throw new Error(`A worker ended with ${String(code)} when it was asked to stop.`);
}
