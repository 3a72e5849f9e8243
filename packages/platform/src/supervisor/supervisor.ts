/**
 * The parent of everything: starts the embedded Redis, the edge workers and the control process, starts each again alone when it
 * dies, and stops control first, then the edge, and Redis last. It does no work of its own, so there is little in it that could fail.
 */
import { VERSION } from "../version.ts";
import type { PlatformConfig } from "../config.ts";
import { PlatformError, type PlainError } from "../errors.ts";
import { Instance, type InstanceRecord } from "../instance.ts";
import { PASSWORD_FILE, RedisServer } from "../redis-server/redis-server.ts";
import { tellControl, type EdgeProcess, type FromControl, type RedisPlace } from "./channel.ts";
import { controlMark, logPath, spawnControl } from "./control-child.ts";
import { edgeMark } from "./edge-child.ts";
import { chooseEdgePorts, edgeUrls } from "./edge-ports.ts";
import { EdgeWorkers } from "./edge-workers.ts";
import { KeptProcess } from "./kept-process.ts";
import { birthOf } from "./processes.ts";
import type { Screen } from "./screen.ts";

export type ReadyReport = Extract<FromControl, { type: "ready" }>;

const CONTROL_STOP_LIMIT = 15_000;
const REDIS_STOP_LIMIT = 10_000;

export class Supervisor {
  /** With the ports that were chosen. */
  #config: PlatformConfig;
  readonly #screen: Screen;
  readonly #searchPath: string;
  readonly #ready = Promise.withResolvers<ReadyReport>();
  #instance: Instance | null = null;
  #redis: KeptProcess | null = null;
  #edge: EdgeWorkers | null = null;
  #control: KeptProcess | null = null;
  #place: RedisPlace | null = null;
  #redisDetail: string | null = null;
  #report: ReadyReport | null = null;
  #stopping = false;
  #starting: Promise<unknown> = Promise.resolve();

  constructor(config: PlatformConfig, screen: Screen, searchPath: string) {
    this.#config = config;
    this.#screen = screen;
    this.#searchPath = searchPath;
  }

  /** Resolves when the console listens and the streams are connected; rejects with what the user has to mend, or INTERRUPTED by `stop`. */
  start(): Promise<ReadyReport> {
    const starting = this.#begin();
    this.#starting = starting.catch(() => {});
    return starting;
  }

  /** Control first, so that it can drain and flush; then what services are reached by; Redis last, which saves on SIGTERM. Also after a failed start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#instance?.update({ state: "stopping" }).catch(() => {});
    await this.#control?.stop();
    await this.#edge?.stop();
    await this.#redis?.stop();
    this.#ready.reject(new PlatformError("INTERRUPTED", "Stopped while starting."));
    await this.#starting;
    await this.#instance?.release();
  }

  /** HTTP and HTTPS; none without edge workers. */
  get edgeUrls(): readonly string[] {
    return this.#config.edgeWorkers === 0 ? [] : edgeUrls(this.#config);
  }

  /** At once. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.#control?.kill();
    this.#edge?.kill();
    this.#redis?.kill();
    await this.#instance?.release();
  }

  async #begin(): Promise<ReadyReport> {
    this.#ready.promise.catch(() => {});
    this.#instance = await this.#claim();
    this.#goOn();
    this.#place =
      this.#config.redisUrl === null
        ? await this.#startRedis()
        : { url: this.#config.redisUrl, password: this.#config.redisPassword, embedded: false };
    await this.#instance.update({
      redisUrl: withoutPassword(this.#place.url),
      redisPasswordFile: this.#place.embedded ? PASSWORD_FILE : null,
    });
    await this.#chooseEdgePorts();
    this.#goOn();
    this.#edge = new EdgeWorkers(this.#config, this.#place, (process) => this.#edgeIs(process));
    this.#edge.start();
    this.#startControl();
    return this.#ready.promise;
  }

  async #chooseEdgePorts(): Promise<void> {
    const chosen = await chooseEdgePorts(this.#config, (line) => this.#screen.line(line));
    this.#config = { ...this.#config, ...chosen };
    if (this.#config.edgeWorkers === 0) return;
    const ports = { ...this.#instance?.record.ports, http: chosen.httpPort, https: chosen.httpsPort };
    await this.#instance?.update({ ports, edgeUrls: this.edgeUrls });
  }

  #goOn(): void {
    if (this.#stopping) throw new PlatformError("INTERRUPTED", "Stopped while starting.");
  }

  #claim(): Promise<Instance> {
    const { dataFolder, namespace, redisUrl, redisPort } = this.#config;
    const record: InstanceRecord = {
      pid: process.pid,
      startedAt: Date.now(),
      version: VERSION,
      state: "starting",
      birth: birthOf(process.pid),
      namespace,
      redisUrl: withoutPassword(redisUrl ?? `redis://127.0.0.1:${redisPort}`),
      redisPasswordFile: redisUrl === null ? PASSWORD_FILE : null,
      consoleUrl: "",
      ports: {},
      children: {},
    };
    const marks = { control: controlMark(dataFolder), edge: edgeMark(dataFolder), redis: RedisServer.mark(dataFolder) };
    return Instance.claim(dataFolder, record, marks, (name, pid) =>
      this.#screen.line(`Ending ${name} (process ${pid}), left behind by a killed tidegate …`),
    );
  }

  async #startRedis(): Promise<RedisPlace> {
    const { dataFolder, redisPort, redisPortChosen } = this.#config;
    const server = await RedisServer.prepare({ dataFolder, port: redisPort, portChosen: redisPortChosen, searchPath: this.#searchPath });
    if (redisPort !== 0 && server.port !== redisPort)
      this.#screen.line(`Port ${redisPort} is in use, so the embedded Redis takes ${server.port}.`);
    this.#redis = new KeptProcess({
      name: "redis",
      spawn: () => server.spawn(),
      stopLimit: REDIS_STOP_LIMIT,
      onStart: (child, restarts) => {
        this.#redisIs(child.pid ?? null, null);
        if (restarts > 0) this.#welcomeBack(server);
      },
      onDeath: (how, delay) => this.#redisIs(null, `ended by ${how}, starts again in ${delay} ms`),
    });
    this.#redis.start();
    await server.ready(this.#redis.gone);
    await this.#instance?.update({ ports: { redis: server.port } });
    return { url: server.url, password: server.password, embedded: true };
  }

  /** If it dies again before it is ready, that death has its own line. */
  #welcomeBack(server: RedisServer): void {
    const kept = this.#redis;
    if (kept !== null)
      server.ready(kept.gone).then(
        () => this.#screen.done(`Redis is back (process ${kept.child?.pid}).`),
        () => {},
      );
  }

  #redisIs(pid: number | null, detail: string | null): void {
    this.#redisDetail = detail;
    this.#keepChild("redis", pid);
    if (detail !== null && this.#report !== null) this.#screen.line(`! Redis ${detail}`);
    this.#tellRedis(pid);
  }

  #tellRedis(pid: number | null): void {
    const state = { pid, restarts: this.#redis?.restarts ?? 0, detail: this.#redisDetail };
    tellControl(this.#control?.child ?? null, { type: "redis", process: state });
  }

  #edgeIs(process: EdgeProcess): void {
    const { worker, pid, restarts, detail } = process;
    this.#keepChild(`edge-${worker}`, pid);
    if (detail !== null && !this.#stopping) this.#screen.line(`! Edge worker ${worker} ${detail}`);
    if (pid !== null && restarts > 0) this.#screen.done(`Edge worker ${worker} is back (process ${pid}).`);
    tellControl(this.#control?.child ?? null, { type: "edge", process });
  }

  #startControl(): void {
    this.#control = new KeptProcess({
      name: "control",
      spawn: () => this.#spawnControl(),
      stopLimit: CONTROL_STOP_LIMIT,
      onStart: (child) => this.#keepChild("control", child.pid ?? null),
      onDeath: (how, delay) => this.#controlDied(how, delay),
    });
    this.#control.start();
  }

  #spawnControl(): ReturnType<typeof spawnControl> {
    const child = spawnControl(this.#config.dataFolder);
    child.on("message", (message: FromControl) => this.#hear(message));
    const first = this.#report === null;
    // A port that was free at the first start stays the console's address over restarts.
    const config = { ...this.#config, port: this.#report?.port ?? this.#config.port };
    if (this.#place !== null) tellControl(child, { type: "start", config, redis: this.#place, supervisor: process.pid, first });
    const redis = { pid: this.#redis?.child?.pid ?? null, restarts: this.#redis?.restarts ?? 0, detail: this.#redisDetail };
    tellControl(child, { type: "redis", process: redis });
    for (const process of this.#edge?.states ?? []) tellControl(child, { type: "edge", process });
    return child;
  }

  #controlDied(how: string, delay: number): void {
    this.#keepChild("control", null);
    if (this.#stopping) return;
    if (this.#report !== null) this.#screen.line(`! The control process ended (${how}); it starts again in ${delay} ms.`);
    else
      this.#ready.reject(
        new PlatformError("START_FAILED", `The control process ended by ${how} before it was ready.`, {
          hint: `Why: tail ${logPath(this.#config.dataFolder)}`,
        }),
      );
  }

  #hear(message: FromControl): void {
    if (message.type === "ready") void this.#becomeReady(message);
    else if (message.type === "fatal") this.#fail(message.error);
    else if (this.#stopping) return;
    else if (message.type === "topics") this.#screen.topics(message.rows);
    else this.#screen.components(message.components);
  }

  #fail(error: PlainError): void {
    if (this.#report === null)
      this.#ready.reject(Object.assign(new Error(error.message), error, error.hint === null ? { hint: undefined } : {}));
  }

  async #becomeReady(report: ReadyReport): Promise<void> {
    const again = this.#report !== null;
    this.#report = report;
    await this.#instance?.update({
      state: "running",
      consoleUrl: report.consoleUrl,
      ports: { ...this.#instance.record.ports, console: report.port },
    });
    if (again) this.#screen.done("the control process is back");
    this.#ready.resolve(report);
  }

  #keepChild(name: string, pid: number | null): void {
    const { [name]: _gone, ...others } = this.#instance?.record.children ?? {};
    void this.#instance?.update({ children: pid === null ? others : { ...others, [name]: pid } }).catch(() => {});
  }
}

// Private

function withoutPassword(url: string): string {
  // A list of sentinels is no URL to this parser.
  if (!URL.canParse(url)) {
    const open = url.replace(/\/\/([^:@/]*)(:.*)?@/, (_all, user: string) => (user === "" ? "//" : `//${user}@`));
    return open.replace(/([?&])sentinelPassword=[^&]*&?/, "$1").replace(/[?&]$/, "");
  }
  const parsed = new URL(url);
  parsed.password = "";
  parsed.searchParams.delete("sentinelPassword");
  return parsed.href;
}
