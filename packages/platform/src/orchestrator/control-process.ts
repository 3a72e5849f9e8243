/**
 * The life of the control process: told over its channel what to run, it runs it until SIGTERM, or until the supervisor
 * vanishes. Then it also ends the embedded Redis and removes `instance.json`, so that no orphan is left.
 */
import { compose, type Control } from "../compose.ts";
import { toPlain } from "../errors.ts";
import { removeInstance } from "../instance.ts";
import { RedisServer } from "../redis-server/redis-server.ts";
import { tellSupervisor, type EdgeProcess, type RedisProcess, type ToControl } from "../supervisor/channel.ts";
import { commandLine, endProcess } from "../supervisor/processes.ts";
import { Journal } from "./journal.ts";
import { TopicTable } from "./topic-table.ts";

type StartOrder = Extract<ToControl, { type: "start" }>;

/** Less than the supervisor waits before SIGKILL. */
const STOP_LIMIT = 13_000;
const REDIS_STOP_LIMIT = 10_000;

export async function runControlProcess(): Promise<void> {
  const life = new ControlProcess();
  process.on("message", (message: ToControl) => life.hear(message));
  process.on("disconnect", () => void life.end("the supervisor vanished"));
  process.on("SIGTERM", () => void life.end("stop"));
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("unhandledRejection", (reason) => life.note("unhandledRejection", reason));
  await life.ended;
}

class ControlProcess {
  readonly #ended = Promise.withResolvers<void>();
  #journal = new Journal("info");
  #order: StartOrder | null = null;
  #control: Control | null = null;
  #table: TopicTable | null = null;
  #reports: NodeJS.Timeout | undefined;
  #redis: RedisProcess = { pid: null, restarts: 0, detail: null };
  readonly #edge = new Map<number, EdgeProcess>();
  #ending = false;

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** A promise nobody awaited failed: worth a line, not worth the process. */
  note(what: string, reason: unknown): void {
    this.#journal.write("error", "control", what, { error: reason instanceof Error ? reason : new Error(String(reason)) });
  }

  hear(message: ToControl): void {
    if (message.type === "start") void this.#start(message);
    else if (message.type === "edge") {
      this.#edge.set(message.process.worker, message.process);
      this.#control?.edgeIs(message.process);
    } else {
      this.#redis = message.process;
      this.#control?.redisIs(message.process);
    }
  }

  async end(why: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#journal.write("info", "control", "stopping", { why });
    this.#control?.announcer.stopping(why);
    clearInterval(this.#reports);
    this.#table?.stop();
    await this.#control?.orchestrator.stop(STOP_LIMIT);
    if (!process.connected) await this.#cleanUp();
    this.#ended.resolve();
    process.exit(0);
  }

  async #start(order: StartOrder): Promise<void> {
    this.#order = order;
    this.#journal = new Journal(order.config.logLevel);
    try {
      this.#control = await compose(order.config, order.redis, this.#journal);
      this.#control.redisIs(this.#redis);
      for (const process of this.#edge.values()) this.#control.edgeIs(process);
      await this.#control.orchestrator.start();
      // A part that cannot start is the user's error at the first start, and everyone else's misfortune later.
      const broken = order.first ? this.#control.orchestrator.essentialFailure() : null;
      if (broken !== null) throw broken.error;
      this.#control.announcer.started();
      this.#report(this.#control);
    } catch (error) {
      await this.#giveUp(error);
    }
  }

  /** States at once and every second; the address once the console listens. */
  #report(control: Control): void {
    let announced = false;
    const tell = (): void => {
      if (!announced) announced = this.#announce(control);
      void tellSupervisor({ type: "components", components: control.orchestrator.status().components });
    };
    this.#reports = setInterval(tell, 1000);
    this.#table = new TopicTable(
      () => control.streams.peek(),
      (rows) => void tellSupervisor({ type: "topics", rows }),
    );
    this.#table.start();
    tell();
  }

  #announce(control: Control): boolean {
    const address = control.console.address;
    if (address === null) return false;
    const links = [control.auth.loginLink(address.url), control.auth.loginLink(address.url)] as const;
    const redis = control.redis.status().address;
    void tellSupervisor({
      type: "ready",
      consoleUrl: address.url,
      port: address.port,
      address: redis,
      links,
      newToken: control.auth.firstToken !== null,
    });
    return true;
  }

  async #giveUp(error: unknown): Promise<void> {
    this.note("cannot start", error);
    await tellSupervisor({ type: "fatal", error: toPlain(error) });
    await this.#control?.orchestrator.stop(2000);
    process.exit(toPlain(error).exitCode);
  }

  async #cleanUp(): Promise<void> {
    const order = this.#order;
    if (order === null) return;
    const { pid } = this.#redis;
    if (pid !== null && commandLine(pid).includes(RedisServer.mark(order.config.dataFolder))) await endProcess(pid, REDIS_STOP_LIMIT);
    await removeInstance(order.config.dataFolder, order.supervisor);
  }
}
