/**
 * Follows the table on connections of its own: read whole at the start, after each change, after a gap and after a reconnect. Where Redis has
 * no table at all (it lost its data, or nobody ever wrote one) the last known one stays in force.
 * States: away → reading → following → away (after each error) …; over with `stop`.
 */
import { setTimeout as pause } from "node:timers/promises";
import { connect, type ConnectOptions, type Reply, type Store, type Tide } from "@tidegate/streams";
import type { GatewayKeys } from "../keys.ts";
import { readTable, type Places } from "./places.ts";

export interface FollowerOptions {
  readonly connection: ConnectOptions;
  readonly keys: GatewayKeys;
  readonly onConnected: (tide: Tide) => void;
  /** Told once for each reason in a row. */
  readonly onAway: (reason: string) => void;
  readonly onTable: (version: number, places: Places) => Promise<void>;
  readonly onCut: (endpoint: string) => void;
  /** Connections there should end within so many seconds. */
  readonly onDrain: (endpoint: string, seconds: number) => void;
}

/** Milliseconds; below what a silent connection may take. */
const BLOCK = "1000";
const REST = 250;

export class Follower {
  readonly #options: FollowerOptions;
  readonly #stopped = new AbortController();
  #tide: Tide | null = null;
  #store: Store | null = null;
  #version = 0;
  #cursor = "0-0";
  #trouble = "";
  #running: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#store?.close();
    await this.#running;
    await this.#tide?.close({ deadline: 1_000 });
  }

  // Private

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const store = await this.#open();
        await this.#begin(store);
        this.#trouble = "";
        while (!signal.aborted) await this.#step(store);
      } catch (error) {
        this.#tell(error);
        await pause(REST, undefined, { signal }).catch(() => {});
      }
    }
  }

  #tell(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === this.#trouble || this.#stopped.signal.aborted) return;
    this.#trouble = reason;
    this.#options.onAway(reason);
  }

  /** Rejects while Redis is away; once it was there, the connection heals itself. */
  async #open(): Promise<Store> {
    if (this.#tide === null) {
      const tide = await connect(this.#options.connection);
      this.#tide = tide;
      this.#store = tide.store("edge");
      if (!this.#stopped.signal.aborted) this.#options.onConnected(tide);
    }
    const store = this.#store as Store;
    await store.whenUp(REST * 10);
    return store;
  }

  /** The end of the changes first: what comes between the two readings is read twice, not missed. */
  async #begin(store: Store): Promise<void> {
    const newest = await store.call(["XREVRANGE", this.#options.keys.edgeChanges(), "+", "-", "COUNT", "1"]);
    this.#cursor = entriesOf(newest).at(0)?.id ?? "0-0";
    await this.#read(store);
  }

  async #step(store: Store): Promise<void> {
    const { keys } = this.#options;
    const reply = await store.call(["XREAD", "COUNT", "100", "BLOCK", BLOCK, "STREAMS", keys.edgeChanges(), this.#cursor]);
    const [stream] = Array.isArray(reply) ? reply : [];
    const entries = entriesOf(Array.isArray(stream) ? (stream[1] ?? null) : null);
    this.#cursor = entries.at(-1)?.id ?? this.#cursor;
    for (const { what, about } of entries) this.#hear(what, about);
    if (entries.length > 0) await this.#read(store);
    else if (await this.#hasMoved(store)) await this.#begin(store);
  }

  #hear(what: string, about: string): void {
    const [endpoint = "", seconds] = about.split(" ");
    if (what === "cut") this.#options.onCut(endpoint);
    else if (what === "drain") this.#options.onDrain(endpoint, Number(seconds));
  }

  /** A table that changed without an entry we saw: the stream was trimmed, or is a new one. */
  async #hasMoved(store: Store): Promise<boolean> {
    const version = Number((await store.call(["HGET", this.#options.keys.edgeTable(), "version"])) ?? 0);
    return version !== 0 && version !== this.#version;
  }

  async #read(store: Store): Promise<void> {
    const { version, places } = readTable(await store.call(["HGETALL", this.#options.keys.edgeTable()]));
    if (version === 0 || version === this.#version) return;
    await this.#options.onTable(version, places);
    this.#version = version;
  }
}

// Private

interface Entry {
  readonly id: string;
  /** `version`, `cut`, `drain`. */
  readonly what: string;
  readonly about: string;
}

function entriesOf(reply: Reply): Entry[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry) => {
    const [id, fields] = Array.isArray(entry) ? entry : [];
    const [what, about] = Array.isArray(fields) ? fields : [];
    return id === undefined ? [] : [{ id: String(id), what: String(what), about: String(about) }];
  });
}
