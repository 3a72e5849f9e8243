/**
 * Reads the sources into their buffers on a connection of its own, fairly and without idling:
 *   - a source is asked while its buffer is at most half full;
 *   - while any of them had more than it could give, reads do not block;
 *   - when all are dry, one blocking read waits on all of them;
 *   - when some are full and the others dry, it waits a moment for room, then blocks on the dry ones, and CLIENT UNBLOCK
 *     ends that block as soon as a full one has room again. So a backlog in one lane never hides a message in another.
 * https://redis.io/docs/latest/commands/xreadgroup/
 */
import type { Link, Reply } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import { entries, list } from "../redis/shapes.ts";
import { backoff } from "../redis/link.ts";
import { pause, type Clock } from "../clock.ts";
import { Delivery, type Source } from "./delivery.ts";

export interface ReaderDeps {
  readonly link: Link;
  readonly group: string;
  readonly sources: readonly Source[];
  readonly batch: number;
  readonly clock: Clock;
  readonly consumer: () => string;
  /** Ends a block of our own connection; false when it was not blocked. */
  readonly unblock: () => Promise<boolean>;
  readonly onDeliveries: (deliveries: readonly Delivery[]) => void;
  /** A group is gone: restore it before the next read. */
  readonly regroup: () => Promise<void>;
  readonly onFatal: (error: Error) => void;
}

/** Longest block. Finite, because a connection without a limit cannot be told from a dead one. */
export const BLOCK = 5_000;
/** How long a full buffer may take to get room before the reader blocks on the other sources. */
const ROOM_WAIT = 20;

export class Reader {
  readonly #deps: ReaderDeps;
  readonly #bySource: ReadonlyMap<string, Source>;
  readonly #stop = new AbortController();
  #blockedOn: ReadonlySet<Source> | null = null;
  #room: AbortController | null = null;
  #lastRead: number;
  #done: Promise<void> = Promise.resolve();

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#lastRead = deps.clock.now();
    this.#bySource = new Map(deps.sources.map((source) => [source.key, source]));
  }

  get sinceLastRead(): number {
    return this.#deps.clock.now() - this.#lastRead;
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#room?.abort();
    const done = this.#done.then(() => true);
    while (!(await Promise.race([done, this.#interrupt()]))) await Promise.race([done, pause(this.#deps.clock, 20)]);
  }

  /** A handler was started: if that made room where we do not look, look again. */
  madeRoom(source: Source): void {
    if (source.buffer.length > this.#deps.batch / 2) return;
    this.#room?.abort();
    if (this.#blockedOn !== null && !this.#blockedOn.has(source)) {
      this.#blockedOn = null;
      void this.#interrupt();
    }
  }

  // Private

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted;) {
      try {
        await this.#deps.link.whenUp(5_000);
        await this.#once();
        failures = 0;
      } catch (error) {
        if (!(await this.#recover(error, failures++))) return;
      }
    }
  }

  async #once(): Promise<void> {
    const wanted = this.#deps.sources.filter((source) => source.buffer.length <= this.#deps.batch / 2);
    const some = wanted.length < this.#deps.sources.length;
    const dry = wanted.every((source) => source.dry);
    if (some && dry && (await this.#roomWithin(wanted.length === 0 ? 1_000 : ROOM_WAIT))) return;
    if (wanted.length === 0) return;
    this.#blockedOn = dry ? new Set(wanted) : null;
    const reply = await this.#read(wanted, dry);
    this.#blockedOn = null;
    this.#lastRead = this.#deps.clock.now();
    this.#take(reply, wanted);
  }

  async #read(wanted: readonly Source[], block: boolean): Promise<Reply> {
    const args = ["XREADGROUP", "GROUP", this.#deps.group, this.#deps.consumer(), "COUNT", String(this.#count())];
    if (block) args.push("BLOCK", String(BLOCK));
    args.push("STREAMS");
    for (const source of wanted) args.push(source.key);
    for (let index = 0; index < wanted.length; index++) args.push(">");
    return await this.#deps.link.call(args);
  }

  #take(reply: Reply, wanted: readonly Source[]): void {
    const found = new Map(list(reply).map((row) => [String(list(row)[0]), list(row)[1]]));
    const consumer = this.#deps.consumer();
    const deliveries: Delivery[] = [];
    for (const source of wanted) {
      const read = entries(found.get(source.key));
      source.dry = read.length < this.#count();
      for (const { id, fields } of read) deliveries.push(new Delivery(source, id, consumer, 1, fields, this.#lastRead));
    }
    if (deliveries.length > 0) this.#deps.onDeliveries(deliveries);
  }

  #count(): number {
    return Math.max(1, Math.floor(this.#deps.batch / 2));
  }

  /** True when a source got room in time. */
  async #roomWithin(limit: number): Promise<boolean> {
    const room = new AbortController();
    this.#room = room;
    await pause(this.#deps.clock, limit, room.signal);
    this.#room = null;
    return room.signal.aborted;
  }

  async #interrupt(): Promise<boolean> {
    try {
      await this.#deps.unblock();
    } catch {
      // Without the command connection the block ends by itself.
    }
    return false;
  }

  /** False ends the loop. */
  async #recover(error: unknown, failures: number): Promise<boolean> {
    this.#blockedOn = null;
    for (const source of this.#bySource.values()) source.dry = false;
    if (this.#stop.signal.aborted) return false;
    const fault = error instanceof RedisFault ? error : null;
    if (fault?.reaction === "stop" || fault === null || fault.code === "CLOSED") {
      this.#deps.onFatal(error as Error);
      return false;
    }
    if (fault.reaction === "regroup") await this.#regroup();
    await pause(this.#deps.clock, backoff(failures), this.#stop.signal);
    return true;
  }

  async #regroup(): Promise<void> {
    try {
      await this.#deps.regroup();
    } catch {
      // Redis went away again; the next read says so.
    }
  }
}
