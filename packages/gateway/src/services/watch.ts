/**
 * The leader's eyes: Docker's event feed, and a look around every few seconds. What it sees becomes state (`observe`), leftovers are taken away
 * (`tend`), what asks to be adopted is. One service after the other is looked at once at a time; a later reason adds to one that waits.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Entity } from "../store/entity.ts";
import { addressOf } from "./edge-ports.ts";
import { LABELS, type ContainerState, type EngineEvent } from "./engine/engine.ts";
import { observe, type Reason, type Remedy } from "./observer.ts";
import type { Operations } from "./operations.ts";
import type { Workplace } from "./run.ts";
import type { ServiceData } from "./spec.ts";
import { leftovers, lookAround, tend } from "./tend.ts";

export interface WatchOptions {
  readonly place: () => Workplace;
  readonly operations: Operations;
  readonly leads: () => boolean;
  readonly adopt: (container: ContainerState, name: string) => Promise<unknown>;
  readonly remedy: (name: string, remedy: Exclude<Remedy, null>) => Promise<unknown>;
  readonly onTrouble: (message: string) => void;
}

/** Milliseconds between two looks at whether this process leads. */
const LEADING = 500;
/** Milliseconds a look at a service waits for whoever does something to it. */
const PATIENCE = 500;

export class Watch {
  readonly #options: WatchOptions;
  readonly #waiting = new Map<string, Reason>();
  readonly #looking = new Map<string, Promise<void>>();
  /** Container → service: events of networks do not tell. */
  readonly #names = new Map<string, string>();
  /** What could not be adopted is told once. */
  readonly #refused = new Set<string>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Follows the feed while this process leads. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#options.leads()) await this.#lead(signal);
      await pause(LEADING, undefined, { signal }).catch(() => {});
    }
    await Promise.allSettled(this.#looking.values());
  }

  /** What the feed did not tell, or nobody saw. */
  async look(signal: AbortSignal): Promise<void> {
    if (!this.#options.leads()) return;
    const around = await lookAround(this.#options.place());
    this.#names.clear();
    for (const { name, data } of around.services.values()) if (data.container !== null) this.#names.set(data.container.id, name);
    for (const name of leftovers(around).keys()) await this.#tend(name);
    for (const { name, data } of around.services.values()) if (this.#differs(data, around.containers)) this.#see(name, "look", signal);
    for (const container of around.containers) await this.#adopt(container, around.services);
  }

  // Private

  async #lead(signal: AbortSignal): Promise<void> {
    const { place, leads, onTrouble } = this.#options;
    const ended = new AbortController();
    const timer = setInterval(() => leads() || ended.abort(), LEADING);
    const both = AbortSignal.any([signal, ended.signal]);
    try {
      const onEvent = (event: EngineEvent): void => this.#onEvent(event, both);
      await place().engine.follow(onEvent, () => void this.#onGap(both), both);
    } catch (error) {
      if (!both.aborted) onTrouble(error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(timer);
    }
  }

  #onEvent({ action, labels, container }: EngineEvent, signal: AbortSignal): void {
    if (!TELLING.has(action)) return;
    const name = labels[LABELS.service] ?? labels[LABELS.adopt] ?? this.#names.get(container);
    if (name === undefined) return;
    if (action === "start" && labels[LABELS.adopt] !== undefined) void this.look(signal).catch(this.#trouble);
    this.#see(name, action === "die" ? "died" : "look", signal, container);
  }

  async #onGap(signal: AbortSignal): Promise<void> {
    try {
      const services = await this.#options.place().entities.table<ServiceData>("service").list();
      for (const { name } of services) this.#see(name, "gap", signal);
      await this.look(signal);
    } catch (error) {
      if (!signal.aborted) this.#trouble(error);
    }
  }

  #see(name: string, reason: Reason, signal: AbortSignal, container?: string): void {
    const before = this.#waiting.get(name);
    this.#waiting.set(name, before === undefined || RANK[reason] > RANK[before] ? reason : before);
    if (this.#looking.has(name)) return;
    const work = this.#drain(name, signal, container).finally(() => this.#looking.delete(name));
    this.#looking.set(name, work);
  }

  async #drain(name: string, signal: AbortSignal, container: string | undefined): Promise<void> {
    for (;;) {
      const reason = this.#waiting.get(name);
      if (reason === undefined || signal.aborted) return;
      this.#waiting.delete(name);
      await this.#observe(name, reason, signal, container).catch((error: unknown) => signal.aborted || this.#trouble(error));
    }
  }

  async #observe(name: string, reason: Reason, signal: AbortSignal, container: string | undefined): Promise<void> {
    const { place, operations, remedy } = this.#options;
    const table = place().entities.table<ServiceData>("service");
    const seen = await table.get(name);
    if (seen === null || seen.data.operation !== null) return;
    // An earlier container's end, as after a deploy.
    if (reason === "died" && container !== undefined && seen.data.container?.id !== container) return;
    const what = await operations.alone(
      name,
      async (lease) => {
        const entity = await table.get(name);
        const both = AbortSignal.any([signal, lease.signal]);
        return entity === null ? null : await observe(place(), entity, reason, both);
      },
      PATIENCE,
    );
    if (what !== null) await remedy(name, what);
  }

  async #tend(name: string): Promise<void> {
    const { place, operations } = this.#options;
    await operations.alone(name, (lease) => tend(place(), name, lease)).catch(this.#trouble);
  }

  async #adopt(container: ContainerState, services: ReadonlyMap<string, Entity<ServiceData>>): Promise<void> {
    const name = container.labels[LABELS.adopt];
    if (name === undefined || container.status !== "running" || this.#refused.has(container.id)) return;
    if (services.get(name)?.data.container?.id === container.id) return;
    await this.#options.adopt(container, name).catch((error: unknown) => {
      this.#refused.add(container.id);
      this.#trouble(error);
    });
  }

  #differs({ operation, state, container }: ServiceData, containers: readonly ContainerState[]): boolean {
    if (operation !== null || container === null) return false;
    const found = containers.find(({ id }) => id === container.id);
    const up = state === "running" || state === "paused";
    const runs = found?.status === "running" || found?.status === "paused";
    if (found === undefined || up !== runs) return true;
    return up && addressOf(found) !== container.address;
  }

  readonly #trouble = (error: unknown): void => {
    this.#options.onTrouble(error instanceof Error ? error.message : String(error));
  };
}

// Private

const TELLING: ReadonlySet<EngineEvent["action"]> = new Set(["start", "die", "destroy", "connect", "disconnect", "restart"]);
const RANK: Readonly<Record<Reason, number>> = { look: 0, died: 1, gap: 2 };
