/**
 * One operation as one process does it: the service as it is known, the lease under which it is changed, and the trace every step belongs to.
 * Nothing is changed anywhere without asking the lease first, and the service itself only over the version that was read.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Tide } from "@tidegate/streams";
import type { Switch } from "../edge/switch.ts";
import { GatewayError } from "../errors.ts";
import type { Ports } from "../ports/ports.ts";
import type { Entities } from "../store/entities.ts";
import type { Entity, EntityEvent } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import type { Engine } from "./engine/engine.ts";
import { Interrupted, type HeldLease } from "../store/held-lease.ts";
import { hider } from "./secrets.ts";
import type { Slots } from "./slots.ts";
import type { Failure, Operation, ServiceData } from "./spec.ts";

/** What operations work with. */
export interface Workplace {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly ports: Ports;
  readonly engine: Engine;
  readonly edge: Switch;
  readonly tide: Tide;
  /** Milliseconds a step waits for an engine that does not answer, as while it is restarted. */
  readonly patience: number;
  /** For what keeps the whole machine busy. */
  readonly slots: Slots;
}

export class Run {
  readonly place: Workplace;
  readonly signal: AbortSignal;
  /** Puts `***` where a text has a secret of the service. */
  readonly hide: (text: string) => string;
  readonly #lease: HeldLease;
  #over = false;
  #entity: Entity<ServiceData>;
  #stage: Failure["stage"] = "ports";

  constructor(place: Workplace, entity: Entity<ServiceData>, lease: HeldLease, stopping: AbortSignal) {
    this.place = place;
    this.#entity = entity;
    this.#lease = lease;
    this.hide = hider(place.vault, entity.name, entity.data.spec, entity.data.operation?.spec ?? null);
    this.signal = AbortSignal.any([lease.signal, stopping]);
  }

  get name(): string {
    return this.#entity.name;
  }

  get entity(): Entity<ServiceData> {
    return this.#entity;
  }

  get data(): ServiceData {
    return this.#entity.data;
  }

  get operation(): Operation {
    const { operation } = this.data;
    if (operation === null) throw new Interrupted(`the operation on ${this.name} is over`);
    return operation;
  }

  /** Settled: nothing is left to be done. */
  get over(): boolean {
    return this.#over;
  }

  /** Where it is, or where it failed. */
  get stage(): Failure["stage"] {
    return this.#stage;
  }

  /** A span of the trace. Done again while the engine does not answer, so it must be one that can be. */
  async step<T>(stage: Failure["stage"], name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#stage = stage;
    const end = performance.now() + this.place.patience;
    for (;;) {
      await this.check();
      try {
        return await this.place.tide.trace(name, { service: this.name }, () => work(this.signal).catch(this.#tell));
      } catch (error) {
        if (this.signal.aborted) throw new Interrupted("stopped", { cause: error });
        if (!isAway(error) || performance.now() > end) throw error;
      }
      await pause(AWAY_PAUSE, undefined, { signal: this.signal }).catch(() => {});
    }
  }

  /** As `step`, for what keeps the whole machine busy. */
  heavy<T>(stage: Failure["stage"], name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.place.slots.with(() => this.step(stage, name, work));
  }

  /** Throws `Interrupted` when this process may not go on. */
  async check(): Promise<void> {
    await this.#lease.check();
    if (this.signal.aborted) throw new Interrupted("stopped");
  }

  /** Null removes the service. Only programs' notes (`revision: false`) are not kept as revisions. */
  async commit(
    data: ServiceData | null,
    options: { readonly events?: readonly EntityEvent[]; readonly revision?: boolean } = {},
  ): Promise<void> {
    await this.check();
    const { events = [], revision = false } = options;
    const { name, version } = this.#entity;
    const { by } = this.operation;
    const change = { kind: "service", name, expect: version, data, events, revision } as const;
    const versions = await this.place.entities.change([change], by).catch(asInterruption);
    if (data !== null) this.#entity = { ...this.#entity, version: versions[0] ?? version + 1, by, data, updated_at: Date.now() };
    this.#over = data === null || data.operation === null;
  }

  // Private

  /** Whatever Docker says goes into the trace and the log. */
  readonly #tell = (error: unknown): never => {
    const message = error instanceof Error ? this.hide(error.message) : "";
    if (!(error instanceof GatewayError) || message === error.message) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new GatewayError(error.code, message, { ...hint, logTail: error.logTail.map(this.hide) });
  };
}

// Private

/** Milliseconds until a step asks an engine again that did not answer. */
const AWAY_PAUSE = 300;

/** While an engine is restarted its socket may be missing as well. */
function isAway(error: unknown): boolean {
  return error instanceof GatewayError && (error.code === "DOCKER_UNREACHABLE" || error.code === "DOCKER_MISSING");
}

/** Somebody else has taken the operation up, or its service away. */
function asInterruption(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  if (error.code !== "VERSION_CONFLICT" && error.code !== "UNKNOWN_ENTITY" && error.code !== "NAME_TAKEN") throw error;
  throw new Interrupted("the service was changed by somebody else", { cause: error });
}
