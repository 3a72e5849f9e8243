/**
 * Services in Docker, as everybody else of the product sees them. An act is noted down and done by `operations.ts`; what happens to containers
 * beside us is noticed by `watch.ts`, in whichever process leads. Without a Docker Engine everything but making and changing goes on.
 */
import type { Store, Tide } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { GatewayKeys } from "../keys.ts";
import type { Part } from "../part.ts";
import type { Table } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import * as acts from "./acts.ts";
import { adopt } from "./adopt.ts";
import { checkAutoProxy } from "./auto-proxy.ts";
import { checkSpec } from "./check-spec.ts";
import { checkWhole } from "./whole-spec.ts";
import { cleanUp } from "./clean-up.ts";
import type { ContainerState, EngineInfo } from "./engine/engine.ts";
import { Interrupted } from "../store/held-lease.ts";
import { repeat } from "./loop.ts";
import { Operations, type Act } from "./operations.ts";
import { pause, resume } from "./pausing.ts";
import type { Workplace } from "./run.ts";
import { sealSecrets } from "./secrets.ts";
import type { CleanUp, Done, Services, Wait } from "./services.ts";
import type { ServiceData, ServiceSpec } from "./spec.ts";
import { Slots } from "./slots.ts";
import { DEFAULT_HOLD } from "./steps.ts";
import { ServiceViews } from "./views.ts";
import { Watch } from "./watch.ts";

export interface ServiceManagerOptions extends Omit<Workplace, "tide" | "patience" | "slots"> {
  readonly tide: () => Tide;
  readonly keys: GatewayKeys;
  /** Names this process among all. */
  readonly instance: string;
  readonly leads: () => boolean;
  readonly onTrouble: (component: string, message: string) => void;
  /** Milliseconds after which another process goes on with what one that died has begun. Default 10,000. */
  readonly leaseTtl?: number;
  /** Milliseconds an operation waits for an engine that is being restarted. Default 15,000. */
  readonly patience?: number;
}

/** Milliseconds. */
const TAKE_UP_EVERY = 1_000;
const LOOK_EVERY = 5_000;
const ASK_ENGINE_EVERY = 3_000;
const START_LIMIT = 10_000;
/** Containers that are made, started or removed at the same time by this process. */
const AT_ONCE = 2;
/** Who acts when nobody asked. */
const SELF = "tidegate";
const PATIENCE = 15_000;
const ADOPT_PATIENCE = 2_000;

export class ServiceManager extends ServiceViews implements Services {
  /** What the orchestrator runs. */
  readonly part: Part;
  readonly #options: ServiceManagerOptions;
  readonly #operations: Operations;
  readonly #watch: Watch;
  readonly #slots = new Slots(AT_ONCE);
  #store: Store | null = null;
  #engine: { readonly info: EngineInfo | null; readonly problem: string | null } = { info: null, problem: "Docker was not asked yet" };
  #stopping = new AbortController();
  #loops: Promise<unknown>[] = [];

  constructor(options: ServiceManagerOptions) {
    super(options);
    const { keys, instance, leads, leaseTtl = 10_000 } = options;
    this.part = { name: "services", start: () => this.#start(), stop: () => this.#stop(), health: () => this.#health() };
    this.#options = options;
    this.#operations = new Operations({ place: () => this.#place(), store: () => this.#opened(), keys, instance, leaseTtl });
    this.#watch = new Watch({
      place: () => this.#place(),
      operations: this.#operations,
      leads,
      adopt: (container, name) => this.#adopt(container, name, SELF),
      remedy: (name, kind) => this.#remedy(name, kind),
      onTrouble: this.#trouble,
    });
  }

  // Acts

  async create(request: unknown, by: string, options: Wait & { readonly autoProxy?: string } = {}): Promise<Done> {
    const { name, spec, secrets } = checkSpec(request);
    const founding = options.autoProxy === undefined ? {} : { autoProxy: checkAutoProxy(options.autoProxy, name, spec) };
    const place = this.#place();
    await this.#askEngine(true);
    const sealed = { ...spec.secret_environment, ...sealSecrets(place.vault, name, secrets) };
    return await this.#act("create", name, by, acts.noteCreate(place, name, { ...spec, secret_environment: sealed }, founding), options);
  }

  async update(name: string, request: unknown, by: string, options?: Wait): Promise<Done> {
    return await this.#act("update", name, by, acts.noteUpdate(this.#place(), this.#operations, name, request), options);
  }

  async rollback(name: string, by: string, options?: Wait): Promise<Done> {
    return await this.#act("rollback", name, by, acts.noteRollback(this.#place(), this.#operations, name), options);
  }

  async restore(name: string, spec: ServiceSpec, by: string, options: Wait & acts.Founding = {}): Promise<Done> {
    const place = this.#place();
    checkWhole(name, spec);
    if ((await this.#table().get(name)) !== null)
      return await this.#act("update", name, by, acts.noteRestore(place, this.#operations, name, spec), options);
    await this.#askEngine(true);
    return await this.#act("create", name, by, acts.noteCreate(place, name, spec, options), options);
  }

  async start(name: string, by: string, options?: Wait): Promise<Done> {
    return await this.#act("start", name, by, acts.noteStart(this.#place(), this.#operations, name), options);
  }

  async stop(name: string, by: string, options?: Wait): Promise<Done> {
    return await this.#act("stop", name, by, acts.noteStop(this.#place(), this.#operations, name), options);
  }

  async restart(name: string, by: string, options?: Wait): Promise<Done> {
    return await this.#act("restart", name, by, acts.noteRestart(this.#place(), this.#operations, name), options);
  }

  async delete(name: string, by: string, options: Wait & { readonly force?: boolean; readonly volumes?: boolean } = {}): Promise<void> {
    const { force = false, volumes = false } = options;
    await this.#act("delete", name, by, acts.noteDelete(this.#place(), this.#operations, name, { force, volumes }), options);
  }

  async pause(name: string, by: string, hold: number = DEFAULT_HOLD): Promise<Entity<ServiceData>> {
    const place = this.#place();
    return await place.tide.trace("service.pause", { service: name, by }, () =>
      pause({ place, operations: this.#operations, name, by }, hold),
    );
  }

  async resume(name: string, by: string): Promise<Entity<ServiceData>> {
    const place = this.#place();
    return await place.tide.trace("service.resume", { service: name, by }, () => resume({ place, operations: this.#operations, name, by }));
  }

  async adopt(container: string, name: string, by: string): Promise<Entity<ServiceData>> {
    const state = await this.#options.engine.inspect(container);
    if (state === null) throw new GatewayError("UNKNOWN_ENTITY", `There is no container ${JSON.stringify(container)}.`);
    return await this.#adopt(state, name, by);
  }

  async cleanUp(by: string, { dryRun }: { readonly dryRun: boolean }): Promise<CleanUp> {
    const place = this.#place();
    return await place.tide.trace("service.clean_up", { by, dry_run: dryRun }, () => cleanUp(place, this.#operations, dryRun));
  }

  // Views

  engine(): { readonly info: EngineInfo | null; readonly problem: string | null } {
    return this.#engine;
  }

  // Private: its lifetime

  async #start(): Promise<void> {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    await this.#opened().whenUp(START_LIMIT);
    this.#operations.start();
    await this.#askEngine();
    const onTrouble = this.#trouble;
    this.#loops = [
      repeat({ work: () => this.#takeUp(), every: TAKE_UP_EVERY, onTrouble }, signal),
      repeat({ work: () => this.#look(signal), every: LOOK_EVERY, onTrouble }, signal),
      repeat({ work: () => this.#askEngine(), every: ASK_ENGINE_EVERY, onTrouble }, signal),
      this.#watch.run(signal),
    ];
  }

  async #stop(): Promise<void> {
    this.#stopping.abort(new Interrupted("the process stops"));
    await Promise.allSettled([this.#operations.stop(), ...this.#loops]);
    this.#loops = [];
    this.#store?.close();
    this.#store = null;
  }

  #health(): { readonly healthy: boolean; readonly detail?: string } {
    const { info, problem } = this.#engine;
    if (problem !== null) return { healthy: true, detail: problem };
    return { healthy: true, detail: `Docker ${info?.version ?? "?"}` };
  }

  // Private

  async #act(kind: Act["kind"], name: string, by: string, note: acts.Note, options: Wait = {}): Promise<Done> {
    return await this.#operations.act({ kind, name, by, wait: options.wait ?? true, note });
  }

  async #adopt(container: ContainerState, name: string, by: string): Promise<Entity<ServiceData>> {
    const place = this.#place();
    const adopted = await place.tide.trace("service.adopt", { service: name, by, container: container.name }, () =>
      this.#operations.alone(name, (lease) => adopt(place, container, name, by, lease.signal), ADOPT_PATIENCE),
    );
    if (adopted === undefined) throw new GatewayError("SERVICE_BUSY", `Another operation is under way on ${name}.`);
    place.tide.logger(`service.${name}`).info("adopted", { container: container.name, by });
    return adopted;
  }

  /** What happened beside us is mended as any other act, with a trace of its own. */
  async #remedy(name: string, kind: "start" | "restart"): Promise<unknown> {
    const place = this.#place();
    const note = kind === "start" ? acts.noteStartAgain(place, this.#operations, name) : acts.noteRestart(place, this.#operations, name);
    return await this.#act(kind, name, SELF, note).catch((error: unknown) => {
      // Somebody else was faster.
      if (!(error instanceof GatewayError && OVERTAKEN.has(error.code))) throw error;
    });
  }

  async #takeUp(): Promise<void> {
    await this.#operations.takeUp(await this.#table().list());
  }

  async #look(signal: AbortSignal): Promise<void> {
    if (this.#engine.problem === null) await this.#watch.look(signal);
  }

  /** What is said of the engine; with `must` its error is the caller's. */
  async #askEngine(must: boolean = false): Promise<void> {
    try {
      this.#engine = { info: await this.#options.engine.info(), problem: null };
    } catch (error) {
      this.#engine = { info: null, problem: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
      if (must) throw error;
    }
  }

  #place(): Workplace {
    const { entities, vault, ports, engine, edge, tide, patience = PATIENCE } = this.#options;
    return { entities, vault, ports, engine, edge, tide: tide(), patience, slots: this.#slots };
  }

  #table(): Table<ServiceData> {
    return this.#options.entities.table("service");
  }

  #opened(): Store {
    return (this.#store ??= this.#options.tide().store("services"));
  }

  readonly #trouble = (message: string): void => {
    if (!this.#stopping.signal.aborted) this.#options.onTrouble("services", message);
  };
}

// Private

const OVERTAKEN: ReadonlySet<string> = new Set(["SERVICE_BUSY", "SERVICE_STATE", "UNKNOWN_SERVICE", "VERSION_CONFLICT"]);
