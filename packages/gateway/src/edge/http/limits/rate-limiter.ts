/**
 * How fast each client may ask, over all edge workers. A worker decides at once by what it knows; what it let in it tells Redis in batches, and learns
 * there what the others let in. So no request waits for Redis, the rate holds over all workers in the long run, and in one batch's time each
 * worker may let in a burst of its own. Without Redis each worker holds the rate alone.
 */
import { setTimeout as pause } from "node:timers/promises";
import { defineScript, type Store } from "@tidegate/streams";
import { after, standingOf, waitFor, type Rate } from "./gcra.ts";

const SHARE = defineScript(new URL("./rate.lua", import.meta.url));
/** Of more clients than that those seen first are forgotten: what floods us from everywhere must not take all memory. */
const MOST_CLIENTS = 100_000;
const BATCH = 200;
/** Milliseconds between batches. */
const PAUSE = 20;
/** A sum of intervals is never this far below what it should be. */
const EPSILON = 1e-6;

interface Client {
  readonly key: string;
  interval: number;
  /** On this worker's clock. */
  due: number;
  /** Let in and not told to Redis. */
  untold: number;
}

export interface RateLimiterOptions {
  readonly keyOf: (client: string) => string;
  /** Milliseconds of a clock that only goes on. */
  readonly clock?: () => number;
  readonly mostClients?: number;
}

export class RateLimiter {
  readonly #keyOf: (client: string) => string;
  readonly #clock: () => number;
  readonly #most: number;
  readonly #clients = new Map<string, Client>();
  #untold: Client[] = [];
  #store: Store | null = null;
  #telling: Promise<void> | null = null;

  constructor({ keyOf, clock = () => performance.now(), mostClients = MOST_CLIENTS }: RateLimiterOptions) {
    this.#keyOf = keyOf;
    this.#clock = clock;
    this.#most = mostClients;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** From now on with the others. The store stays the caller's. */
  share(store: Store): void {
    this.#store = store;
  }

  /** Tells what is left. */
  async stop(): Promise<void> {
    await this.#telling;
    this.#store = null;
  }

  /** 0: let in, and counted. Otherwise the milliseconds until it would be. `name`: of the client and of what it asks for. */
  take(name: string, rate: Rate): number {
    const now = this.#clock();
    const client = this.#client(name, now);
    const wait = waitFor(client.due, now, rate);
    if (wait > EPSILON) return wait;
    client.interval = rate.interval;
    client.due = after(client.due, now, rate);
    if (this.#store !== null) this.#note(client);
    return 0;
  }

  /** After a `take`; see `standingOf`. */
  standing(name: string, rate: Rate): ReturnType<typeof standingOf> {
    return standingOf(this.#clients.get(name)?.due ?? 0, this.#clock(), rate);
  }

  // Private

  /** Who owes nothing is as good as new, and counts as seen now. */
  #client(name: string, now: number): Client {
    const known = this.#clients.get(name);
    if (known !== undefined && known.due > now) return known;
    if (known === undefined && this.#clients.size >= this.#most) this.#clients.delete(this.#clients.keys().next().value ?? "");
    const client = known ?? { key: name, interval: 0, due: 0, untold: 0 };
    this.#clients.delete(name);
    this.#clients.set(name, client);
    return client;
  }

  #note(client: Client): void {
    if (client.untold === 0) this.#untold.push(client);
    client.untold += 1;
    this.#telling ??= this.#tell();
  }

  async #tell(): Promise<void> {
    while (this.#untold.length > 0) {
      await pause(PAUSE, undefined, { ref: false });
      const all = this.#untold;
      this.#untold = [];
      for (let at = 0; at < all.length; at += BATCH) await this.#tellBatch(all.slice(at, at + BATCH));
    }
    this.#telling = null;
  }

  /** What cannot be told is dropped: it is paid off here, and would be counted at the wrong time later. */
  async #tellBatch(clients: readonly Client[]): Promise<void> {
    const args = clients.map(({ interval, untold }) => String(Math.round(interval * untold * 1000)));
    for (const client of clients) client.untold = 0;
    const keys = clients.map(({ key }) => this.#keyOf(key));
    const store = this.#store;
    const reply = store?.up === true ? await store.run(SHARE, keys, args).catch(() => null) : null;
    if (!Array.isArray(reply)) return;
    const now = this.#clock();
    for (const [at, client] of clients.entries())
      client.due = Math.max(client.due, now + Number(String(reply[at])) / 1000 + client.untold * client.interval);
  }
}
