/**
 * The leader's eyes: Docker's event feed, and a look around every few seconds. What it sees becomes state (`observe`), leftovers are taken away
 * (`tend`), what asks to be adopted is. One service after the other is looked at once at a time; a later reason adds to one that waits.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Entity } from "../store/entity.ts";
import { addressOf } from "./edge-ports.ts";
import { Interrupted } from "../store/held-lease.ts";
import { LABELS, type ContainerState, type EngineEvent } from "./engine/engine.ts";
import { endedWithEngine, observe, type Reason, type Remedy } from "./observer.ts";
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

/** Why a service is to be looked at. */
interface Sight {
  readonly reason: Reason;
  /** Containers of it that ended, by Docker's feed. */
  readonly died: readonly string[];
}

/** Milliseconds after a gap within which an end may be told that was before it. */
const LATE = 1_000;
/** Milliseconds between two looks at whether this process leads. */
const LEADING = 500;
/** Milliseconds a look at a service waits for whoever does something to it. */
const PATIENCE = 500;

export class Watch {
  readonly #options: WatchOptions;
  readonly #waiting = new Map<string, Sight>();
  readonly #looking = new Map<string, Promise<void>>();
  /** Container → service: events of networks do not tell. */
  readonly #names = new Map<string, string>();
  /** When the feed began again (unix ms): what happened before it nobody has seen. */
  #gap = 0;
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
    for (const { name, data } of around.services.values()) {
      // An end that nobody was told of, as while the engine was away or an operation was under way.
      const missed = this.#differs(data, around.containers);
      if (missed || endedWithEngine(data, this.#gap)) this.#see(name, "gap", signal);
    }
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
    if (action === "die") this.#see(name, "died", signal, container);
    else this.#see(name, "look", signal);
  }

  async #onGap(signal: AbortSignal): Promise<void> {
    this.#gap = Date.now();
    try {
      const services = await this.#options.place().entities.table<ServiceData>("service").list();
      for (const { name, data } of services) this.#see(name, isUp(data) || endedWithEngine(data, this.#gap) ? "gap" : "look", signal);
      await this.look(signal);
    } catch (error) {
      if (!signal.aborted) this.#trouble(error);
    }
  }

  #see(name: string, reason: Reason, signal: AbortSignal, died?: string): void {
    const before = this.#waiting.get(name);
    const all = [...(before?.died ?? []), ...(died === undefined ? [] : [died])];
    this.#waiting.set(name, { reason: before === undefined || RANK[reason] > RANK[before.reason] ? reason : before.reason, died: all });
    if (this.#looking.has(name)) return;
    const work = this.#drain(name, signal).finally(() => this.#looking.delete(name));
    this.#looking.set(name, work);
  }

  async #drain(name: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const sight = this.#waiting.get(name);
      if (sight === undefined || signal.aborted) return;
      this.#waiting.delete(name);
      await this.#observe(name, sight, signal).catch((error: unknown) => signal.aborted || this.#trouble(error));
    }
  }

  async #observe(name: string, sight: Sight, signal: AbortSignal): Promise<void> {
    const { place, operations, remedy } = this.#options;
    const table = place().entities.table<ServiceData>("service");
    const seen = await table.get(name);
    if (seen === null || seen.data.operation !== null) return;
    // The end of an earlier container, as after a deploy, is nothing to tell.
    const mine = sight.died.some((id) => id === seen.data.container?.id);
    const reason = sight.reason === "died" && !mine ? "look" : sight.reason;
    const what = await operations.alone(
      name,
      async (lease) => {
        const entity = await table.get(name);
        const both = AbortSignal.any([signal, lease.signal]);
        return entity === null ? null : await observe(place(), entity, reason, both);
      },
      PATIENCE,
    );
    // Somebody else has it: an operation knows better, whoever looks after it may not.
    if (what === undefined) return void this.#waiting.set(name, sight);
    // It was told late: the engine has been away since.
    if (reason === "died" && this.#gap > 0 && Date.now() - this.#gap < LATE) this.#see(name, "gap", signal);
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
    const up = isUp({ state });
    const runs = found?.status === "running" || found?.status === "paused";
    if (found === undefined || up !== runs) return true;
    return up && addressOf(found) !== container.address;
  }

  readonly #trouble = (error: unknown): void => {
    if (error instanceof Interrupted) return;
    this.#options.onTrouble(error instanceof Error ? error.message : String(error));
  };
}

// Private

function isUp({ state }: Pick<ServiceData, "state">): boolean {
  return state === "running" || state === "paused";
}

const TELLING: ReadonlySet<EngineEvent["action"]> = new Set(["start", "die", "destroy", "connect", "disconnect", "restart"]);
const RANK: Readonly<Record<Reason, number>> = { look: 0, gap: 1, died: 2 };
