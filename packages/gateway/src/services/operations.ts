/**
 * Operations on services: at most one at a time on each, noted down in the service before its first step. Whoever notes one down does it under the
 * service's lease; when nobody holds that lease any more, any control process takes the operation up where it is.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Span, Store } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { GatewayKeys } from "../keys.ts";
import type { Entity } from "../store/entity.ts";
import { errorOf, traceOf } from "./failure.ts";
import { HeldLease, Interrupted } from "../store/held-lease.ts";
import { perform } from "./perform.ts";
import { Run, type Workplace } from "./run.ts";
import type { Done } from "./services.ts";
import type { Failure, Operation, OperationKind, ServiceData } from "./spec.ts";
import { takenUp } from "./state.ts";

export interface OperationsOptions {
  readonly place: () => Workplace;
  readonly store: () => Store;
  readonly keys: GatewayKeys;
  readonly instance: string;
  /** Milliseconds. */
  readonly leaseTtl: number;
}

/** What an operation begins with, before the service says the rest. */
export type Begin = Pick<Operation, "id" | "kind" | "traceparent" | "by" | "at" | "begun" | "failure">;

export interface Act {
  readonly kind: OperationKind;
  readonly name: string;
  readonly by: string;
  readonly wait: boolean;
  /** Notes it down; throws when it cannot be done. */
  readonly note: (begin: Begin) => Promise<Entity<ServiceData>>;
}

/** Milliseconds an act waits for a lease: pausing a service, or looking after it, takes moments. */
const LEASE_PATIENCE = 2_000;
/** Milliseconds between two looks at an operation that goes on elsewhere. */
const LOOK = 200;
/** Milliseconds until what could not be undone is tried again, doubled each time. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

export class Operations {
  readonly #options: OperationsOptions;
  readonly #here = new Map<string, Promise<unknown>>();
  /** Services whose operation is left alone until then (`performance.now()`). */
  readonly #later = new Map<string, number>();
  #stopping = new AbortController();
  #holds = 0;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** SERVICE_BUSY; else as `note`, and with `wait` as the operation ends. */
  async act(act: Act): Promise<Done> {
    const { kind, name, by } = act;
    const { tide } = this.#options.place();
    const span = tide.startSpan(`service.${kind}`, { component: "services", attributes: { service: name, by } });
    try {
      const done = await tide.runInSpan(span, () => this.#act(act, span));
      // One that goes on is ended by its own end.
      if (act.wait) span.end();
      return done;
    } catch (error) {
      span.fail(error);
      span.end();
      throw error;
    }
  }

  /** Runs `work` while nothing else is done to the service; undefined when something is. */
  async alone<T>(name: string, work: (lease: HeldLease) => Promise<T>, patience: number = 0): Promise<T | undefined> {
    if (this.#here.has(name)) return undefined;
    const lease = await this.#lease(name, patience);
    if (lease === null) return undefined;
    try {
      return await work(lease);
    } catch (error) {
      if (error instanceof Interrupted || lease.signal.aborted) return undefined;
      throw error;
    } finally {
      await lease.release();
    }
  }

  /** Takes up what nobody does. */
  async takeUp(entities: readonly Entity<ServiceData>[]): Promise<void> {
    const now = performance.now();
    const left = entities.filter(
      ({ name, data }) => data.operation !== null && !this.#here.has(name) && (this.#later.get(name) ?? 0) <= now,
    );
    await Promise.all(left.map(({ name }) => this.#takeUp(name)));
  }

  busy(entity: Entity<ServiceData>): GatewayError {
    const { operation } = entity.data;
    const what =
      operation === null ? "another operation" : `${operation.kind} by ${operation.by}, since ${new Date(operation.at).toISOString()},`;
    return new GatewayError("SERVICE_BUSY", `${what} is under way on ${entity.name}`, { hint: "Wait until it is over, then ask again." });
  }

  start(): void {
    this.#stopping = new AbortController();
  }

  /** What is under way is left to others, or to the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Interrupted("the process stops"));
    await Promise.allSettled(this.#here.values());
    this.#later.clear();
  }

  // Private

  async #act(act: Act, span: Span): Promise<Done> {
    const { name, kind, by, wait } = act;
    const lease = await this.#leaseFor(name);
    // Whoever goes on with it after a kill of this process has its span to go on from.
    span.announce();
    await this.#options.place().tide.flush();
    const at = Date.now();
    const begin: Begin = { id: randomUUID(), kind, traceparent: span.traceparent, by, at, begun: 1, failure: null };
    const entity = await act.note(begin).catch(async (error: unknown) => {
      await lease.release();
      throw error;
    });
    const work = this.#work(new Run(this.#options.place(), entity, lease, this.#stopping.signal), lease);
    const done = (service: Entity<ServiceData>): Done => ({ service, operation: { id: begin.id, kind, duration_ms: Date.now() - at } });
    if (wait) return done(await work.catch((error: unknown) => this.#elsewhere(entity, error)));
    work.then(
      () => span.end(),
      (error: unknown) => {
        span.fail(error);
        span.end();
      },
    );
    return done(entity);
  }

  async #takeUp(name: string): Promise<void> {
    const { place } = this.#options;
    const lease = await this.#lease(name, 0);
    if (lease === null) return;
    const entity = await this.#claim(name).catch(() => null);
    const operation = entity?.data.operation ?? null;
    if (entity === null || operation === null || this.#here.has(name)) return await lease.release();
    const { tide } = place();
    const { kind, traceparent, begun } = operation;
    const attributes = { service: name, taken_up: begun - 1 };
    const span = tide.startSpan(`service.${kind}`, { component: "services", parent: traceparent, attributes });
    span.announce();
    const work = tide.runInSpan(span, () => this.#work(new Run(place(), entity, lease, this.#stopping.signal), lease));
    work.catch((error: unknown) => span.fail(error)).finally(() => span.end());
  }

  /** Its version grows, so that the former process is too late with whatever it still writes. */
  async #claim(name: string): Promise<Entity<ServiceData> | null> {
    const { entities } = this.#options.place();
    const entity = await entities.table<ServiceData>("service").get(name);
    if (entity === null || entity.data.operation === null) return null;
    const data = takenUp(entity.data);
    const [version] = await entities.change([{ kind: "service", name, expect: entity.version, data, revision: false }], entity.by);
    return { ...entity, version: version ?? entity.version + 1, data };
  }

  #work(run: Run, lease: HeldLease): Promise<Entity<ServiceData>> {
    const work = this.#perform(run, lease);
    this.#here.set(run.name, work);
    // A rejection that nobody waits for is told in the log.
    work.catch(() => {});
    return work;
  }

  async #perform(run: Run, lease: HeldLease): Promise<Entity<ServiceData>> {
    const { kind, id, at, begun } = run.operation;
    const logger = run.place.tide.logger(`service.${run.name}`);
    try {
      await perform(run);
      logger.info(`${kind} done`, { operation: id, duration_ms: Date.now() - at, generation: run.data.generation });
      return run.entity;
    } catch (error) {
      if (error instanceof Interrupted || run.signal.aborted) logger.warn(`${kind} is left to another process`, { operation: id });
      else logger.error(`${kind} failed`, { operation: id, stage: run.stage, error });
      throw error;
    } finally {
      await lease.release();
      this.#here.delete(run.name);
      if (run.over) this.#later.delete(run.name);
      else this.#later.set(run.name, performance.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** begun));
    }
  }

  /** Waits for what another process makes of it. */
  async #elsewhere(entity: Entity<ServiceData>, error: unknown): Promise<Entity<ServiceData>> {
    if (!(error instanceof Interrupted)) throw error;
    const { name, data } = entity;
    const table = this.#options.place().entities.table<ServiceData>("service");
    let failure: Failure | null = null;
    while (!this.#stopping.signal.aborted) {
      const now = await table.get(name);
      if (now === null || now.data.operation?.id !== data.operation?.id) return await this.#outcome(entity, now, failure);
      failure = now.data.operation?.failure ?? failure;
      await pause(LOOK, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
    throw new GatewayError(
      "SERVICE_BUSY",
      `this process stops; ${data.operation?.kind ?? "the operation"} of ${name} goes on in another, or with the next start`,
    );
  }

  /** What was brought about in the operation's trace is kept as a revision; what was undone is not. */
  async #outcome(before: Entity<ServiceData>, now: Entity<ServiceData> | null, failure: Failure | null): Promise<Entity<ServiceData>> {
    const { name, data } = before;
    const { kind, traceparent } = data.operation as Operation;
    const revisions = await this.#options.place().entities.table<ServiceData>("service").revisions(name);
    const made = revisions.some(({ trace, change }) => trace === traceOf(traceparent) && (change === "deleted") === (kind === "delete"));
    if (made) return now ?? before;
    const noted = now !== null && now.data.failure?.trace === traceOf(traceparent) ? now.data.failure : failure;
    if (noted !== null) throw errorOf(noted);
    throw new GatewayError("SERVICE_STATE", `${kind} of ${name} was undone by another process`, {
      hint: `Its trace says why: tidegate trace ${traceOf(traceparent)}`,
    });
  }

  /** SERVICE_BUSY: at once where an operation is under way, else when nobody lets go of the service. */
  async #leaseFor(name: string): Promise<HeldLease> {
    const here = this.#here.has(name);
    const lease = here ? null : await this.#lease(name, 0);
    if (lease !== null) return lease;
    const entity = await this.#options.place().entities.table<ServiceData>("service").get(name);
    const wait = here || (entity !== null && entity.data.operation !== null) ? null : await this.#lease(name, LEASE_PATIENCE);
    if (wait !== null) return wait;
    if (entity !== null) throw this.busy(entity);
    throw new GatewayError("SERVICE_BUSY", `another operation is under way on ${name}`);
  }

  /** The holder's name is new each time: two acts of one process exclude each other as those of two do. */
  async #lease(name: string, patience: number): Promise<HeldLease | null> {
    const { store, keys, instance, leaseTtl } = this.#options;
    const holder = `${instance}#${++this.#holds}`;
    return await HeldLease.take({ store: store(), key: keys.lease(`service:${name}`), holder, ttl: leaseTtl }, patience);
  }
}
