/**
 * Reads one stream of logs or events for one group of ours and turns each batch into one script call that applies its effect and moves the
 * cursor, in one step and under a lease with a fence. So an effect happens once, whenever a process is killed and however many there are.
 * The consumer group moves with the cursor: it shows other programs where we are, and it holds back retention.
 * States: waiting (somebody else holds the lease, or Redis does not answer) → working → waiting …; stopped from any, for good.
 */
import { setTimeout as pause } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { defineScript, Lease, type Script, type Store } from "@tidegate/streams";
import type { ProcessorStatus } from "../contract.ts";
import { messageOf } from "../errors.ts";
import type { PlatformKeys } from "../redis/keys.ts";
import { Pages, type StreamEntry } from "./pages.ts";
import { StreamCursor } from "./stream-cursor.ts";

export type { StreamEntry } from "./pages.ts";

/** What a batch does: keys and arguments of the processor's script, after those of the guard. */
export interface Effect {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

export interface ProcessorOptions {
  readonly store: Store;
  readonly keys: PlatformKeys;
  readonly group: string;
  /** Key of the stream. */
  readonly stream: string;
  /** Names this process among all. */
  readonly holder: string;
  /** Made by `guarded`. */
  readonly script: Script;
  /** Called once for a batch, and again for its entries one by one when it throws; an entry for which it throws alone is passed over. */
  readonly effect: (entries: readonly StreamEntry[]) => Effect;
  /** Awaited each time the lease was taken, before anything is read: what the effect remembers may be out of date. */
  readonly onTaken?: () => Promise<void>;
  readonly onTrouble: (message: string) => void;
  /** Milliseconds without a sign of life until another process goes on. Default 5,000. */
  readonly ttl?: number;
  /** Entries of one script call. Default 500. */
  readonly batch?: number;
  /** Shared with other groups of this process. Default: not shared. */
  readonly pages?: Pages;
  /** Of the time, at most; what can wait leaves Redis to what cannot. Default 1. */
  readonly share?: number;
}

const GUARD = readFileSync(new URL("./guard.part.lua", import.meta.url), "utf8");
/** Moves the cursor and does nothing else: for an entry no effect can be made of. */
const PASS = defineScript(`${GUARD}\nreturn 1`);

/** A processor's `.lua` file, or its text, behind the guard. */
export function guarded(source: URL | string): Script {
  return defineScript(`${GUARD}\n${typeof source === "string" ? source : readFileSync(source, "utf8")}`);
}

const BATCH = 500;
/** Milliseconds between two looks at a stream that had nothing. */
const IDLE = 200;
/** Milliseconds between two tries for a lease somebody else holds, and after an error. */
const REST = 1_000;

export class Processor {
  readonly #options: ProcessorOptions;
  readonly #lease: Lease;
  readonly #cursor: StreamCursor;
  readonly #batch: number;
  readonly #stopping = new AbortController();
  #done: Promise<void> = Promise.resolve();
  #renewAt = 0;
  /** Fence of the lease under which `onTaken` was last awaited. */
  #taken = 0;
  /** The cursor as this process left it; null: to be read again. */
  #at: string | null = null;

  constructor(options: ProcessorOptions) {
    this.#options = options;
    const { store, keys, group, stream, holder, ttl } = options;
    this.#lease = new Lease({ store, key: keys.lease(`${group}:${stream}`), holder, ...(ttl === undefined ? {} : { ttl }) });
    this.#cursor = new StreamCursor(store, keys, group, stream, options.pages ?? new Pages());
    this.#batch = options.batch ?? BATCH;
  }

  /** Whether this process reads the stream. */
  get holding(): boolean {
    return this.#lease.fence > 0 && this.#lease.fence === this.#taken;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Finishes the batch under way and frees the lease, so that another process goes on at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    await this.#lease.release();
  }

  async status(): Promise<ProcessorStatus> {
    const { group, stream } = this.#options;
    const [holder, standing] = await Promise.all([this.#lease.holder(), this.#cursor.standing()]);
    return { group, stream, holder, ...standing };
  }

  // Private

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const rest = await this.#step().catch((error: unknown) => this.#failed(error));
      if (rest > 0) await pause(rest, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  /** Answers the milliseconds until the next one. */
  async #step(): Promise<number> {
    if (!(await this.#held())) return Math.min(REST, this.#lease.ttl / 2);
    const began = performance.now();
    this.#at ??= await this.#cursor.id();
    const { entries, end } = await this.#cursor.after(this.#at, this.#batch);
    if (entries.length > 0) await this.#apply(this.#at, entries);
    return end ? IDLE : (performance.now() - began) * (1 / (this.#options.share ?? 1) - 1);
  }

  async #held(): Promise<boolean> {
    if (this.#lease.fence > 0 && performance.now() < this.#renewAt) return true;
    this.#renewAt = performance.now() + this.#lease.ttl / 3;
    if (!(await this.#lease.hold())) return false;
    if (this.#lease.fence === this.#taken) return true;
    this.#at = null;
    await this.#cursor.join();
    await this.#options.onTaken?.();
    this.#taken = this.#lease.fence;
    return true;
  }

  async #apply(before: string, entries: readonly StreamEntry[]): Promise<void> {
    const effect = this.#effectOf(entries);
    if (effect !== null) return await this.#move(this.#options.script, before, entries, effect);
    for (const [index, entry] of entries.entries()) {
      const alone = this.#effectOf([entry]);
      const from = entries[index - 1]?.id ?? before;
      if (alone === null) this.#options.onTrouble(`Entry ${entry.id} of ${this.#options.stream} cannot be processed; it is passed over.`);
      await this.#move(alone === null ? PASS : this.#options.script, from, [entry], alone ?? { keys: [], args: [] });
      if (this.#at === null) return;
    }
  }

  /** Null where it throws. */
  #effectOf(entries: readonly StreamEntry[]): Effect | null {
    try {
      return this.#options.effect(entries);
    } catch {
      return null;
    }
  }

  async #move(script: Script, before: string, entries: readonly StreamEntry[], { keys: own, args }: Effect): Promise<void> {
    const { store, keys, group, stream, holder } = this.#options;
    const last = entries.at(-1)?.id ?? before;
    // Whatever becomes of the call, only the cursor in Redis knows.
    this.#at = null;
    const guard = [holder, String(this.#lease.fence), before, last, String(entries.length), group];
    const names = [keys.lease(`${group}:${stream}`), keys.cursor(group, stream), stream, ...own];
    const done = (await store.run(script, names, [...guard, ...args])) !== 0;
    if (done) this.#at = last;
    else this.#renewAt = 0;
  }

  #failed(error: unknown): number {
    this.#renewAt = 0;
    this.#at = null;
    if (this.#options.store.up) this.#options.onTrouble(messageOf(error));
    return Math.min(REST, this.#lease.ttl / 2);
  }
}
