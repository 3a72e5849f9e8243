/**
 * The thread of services: everything that speaks Docker to change something runs here, so that the control process answers people and collects
 * telemetry without waiting for it. It has a connection to Redis of its own, and ends with its process.
 */
import { parentPort, workerData } from "node:worker_threads";
import { connect, type Tide } from "@tidegate/streams";
import { layFoundation } from "../foundation.ts";
import { ServiceManager } from "../services/manager.ts";
import { copyError, type FromThread, type ThreadOrder, type ToThread } from "./calls.ts";

const SAY_ENGINE_EVERY = 500;
/** Milliseconds for the last words. */
const DEADLINE = 2_000;

// Private

async function run({ settings, connection }: ThreadOrder, say: (message: FromThread) => void): Promise<void> {
  try {
    const tide = await connect({ ...connection, retention: false });
    await serve(new Work(settings, tide, say));
    await tide.close({ deadline: DEADLINE });
  } catch (error) {
    say({ kind: "failed", error: copyError(error) });
  }
  parentPort?.close();
}

class Work {
  leads = false;
  readonly #tide: Tide;
  readonly #say: (message: FromThread) => void;
  readonly #entities;
  readonly #manager: ServiceManager;
  #said = "";

  constructor(settings: ThreadOrder["settings"], tide: Tide, say: (message: FromThread) => void) {
    this.#tide = tide;
    this.#say = say;
    const leads = (): boolean => this.leads;
    const onTrouble = (component: string, message: string): void => say({ kind: "trouble", component, message });
    const foundation = layFoundation({ settings, tide: () => tide, leads, onTrouble });
    this.#entities = foundation.entities;
    this.#manager = new ServiceManager({ ...foundation, tide: () => tide, instance: settings.instance, leads, onTrouble });
  }

  async start(): Promise<void> {
    await this.#entities.start();
    await this.#manager.part.start(AbortSignal.timeout(DEADLINE));
    this.sayEngine();
  }

  async stop(): Promise<void> {
    await this.#manager.part.stop(AbortSignal.timeout(DEADLINE));
    await this.#entities.stop();
  }

  async act({ id, act, args, traceparent }: Extract<ToThread, { kind: "act" }>): Promise<void> {
    const method = this.#manager[act].bind(this.#manager) as (...args: readonly unknown[]) => Promise<unknown>;
    try {
      const value = await this.#tide.runInTrace(traceparent, () => method(...args));
      this.sayEngine();
      this.#say({ kind: "done", id, value });
    } catch (error) {
      this.sayEngine();
      this.#say({ kind: "refused", id, error: copyError(error) });
    }
  }

  sayEngine(): void {
    const engine = this.#manager.engine();
    const text = JSON.stringify(engine);
    if (text === this.#said) return;
    this.#said = text;
    this.#say({ kind: "engine", ...engine });
  }

  say(message: FromThread): void {
    this.#say(message);
  }
}

async function serve(work: Work): Promise<void> {
  const stop = Promise.withResolvers<void>();
  const started = work.start();
  parentPort?.on("message", (message: ToThread) => {
    if (message.kind === "leads") work.leads = message.leads;
    else if (message.kind === "stop") stop.resolve();
    else void started.then(() => work.act(message));
  });
  await started;
  work.say({ kind: "up" });
  const telling = setInterval(() => work.sayEngine(), SAY_ENGINE_EVERY);
  await stop.promise;
  clearInterval(telling);
  await work.stop();
}

// Last, so that everything above is there.
if (parentPort !== null) await run(workerData as ThreadOrder, (message) => parentPort?.postMessage(message, []));
