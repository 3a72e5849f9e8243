/**
 * Keeps the index of logs and events, and answers what is asked of them. A posting goes with the entries it points at: hours that have left
 * the stream are removed with all their keys, whose names follow from the hour.
 */
import { TidegateError, type Store } from "@tidegate/streams";
import type { ProcessorStatus } from "../../contract.ts";
import type { Component, ComponentHealth } from "../../orchestrator/component.ts";
import type { ProcessorContext } from "../context.ts";
import { ProcessorSet } from "../processor-set.ts";
import { guarded, Processor } from "../processor.ts";
import { appendOf, POSTINGS_KEPT } from "./append.ts";
import { GROUP, LogKeys, SOURCES, type Source } from "./log-keys.ts";
import { LogQueries, type Logs } from "./logs.ts";
import { LogSource } from "./source.ts";
import { Sweep } from "./sweep.ts";

const APPEND = guarded(new URL("./append.lua", import.meta.url));
const SWEEP_EVERY = 10_000;
const CONNECT_LIMIT = 10_000;
/** Of Redis' and our time under full load: an entry that is not indexed yet is found by reading, a count that lags is wrong. */
const SHARE = 0.15;
/** Seconds; so it may well be behind for a while. */
const LATE = 600;

export class LogIndex implements Component {
  readonly name = "log-index";
  readonly #context: ProcessorContext;
  readonly #keys: LogKeys;
  #running: Running | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: ProcessorContext) {
    this.#context = context;
    this.#keys = new LogKeys(context.keys);
  }

  /** Throws CLOSED while it does not run. */
  get logs(): Logs {
    if (this.#running !== null) return this.#running.queries;
    throw new TidegateError("CLOSED", "The log index does not run at the moment.", { hint: "See: tidegate status" });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { tide } = this.#context.streams;
    const [store, asking] = [tide.store("log-index"), tide.store("log-queries")];
    const sweeps = SOURCES.map((source) => new Sweep(new LogSource(source, store, this.#keys), store, this.#keys));
    const processors = new ProcessorSet(
      SOURCES.map((source, at) => this.#processor(source, store, sweeps[at])),
      undefined,
      LATE,
    );
    this.#running = { store, asking, queries: new LogQueries(asking, this.#keys), processors, sweeps };
    await Promise.all([store.whenUp(CONNECT_LIMIT), asking.whenUp(CONNECT_LIMIT)]);
    if (signal.aborted) return;
    processors.start();
    this.#timer = setInterval(() => void (this.#context.leader.leading && this.sweep().catch(() => {})), SWEEP_EVERY);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    clearInterval(this.#timer);
    await running?.processors.stop();
    running?.store.close();
    running?.asking.close();
  }

  async health(): Promise<ComponentHealth> {
    return (await this.#running?.processors.health()) ?? { healthy: false, detail: "does not run" };
  }

  async status(): Promise<ProcessorStatus[]> {
    return (await this.#running?.processors.statuses()) ?? [];
  }

  /** Removes the postings of entries that are gone; done by the leader every ten seconds. */
  async sweep(): Promise<void> {
    await Promise.all((this.#running?.sweeps ?? []).map((sweep) => sweep.expired(Date.now() - POSTINGS_KEPT * 1000)));
  }

  // Private

  #processor(source: Source, store: Store, sweep: Sweep | undefined): Processor {
    const { keys, instance, onTrouble } = this.#context;
    return new Processor({
      store,
      keys,
      group: GROUP,
      stream: this.#keys.stream(source),
      holder: instance,
      script: APPEND,
      share: SHARE,
      effect: (entries) => appendOf(this.#keys, source, entries),
      onTaken: async () => await sweep?.forgetUnknown(),
      onTrouble: (message) => onTrouble(this.name, message),
    });
  }
}

// Private

interface Running {
  readonly store: Store;
  readonly asking: Store;
  readonly queries: Logs;
  readonly processors: ProcessorSet;
  readonly sweeps: readonly Sweep[];
}
