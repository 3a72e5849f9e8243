/**
 * Reads the sources into their buffers on a connection of its own, fairly and without idling:
 *   - a source is asked while its buffer is at most half full;
 *   - while any of them had more than it could give, reads do not block;
 *   - when all are dry, one blocking read waits on all of them;
 *   - when some are full and the others dry, it waits a moment for room, then blocks on the dry ones, and CLIENT UNBLOCK
 *     ends that block as soon as a full one has room again. So a backlog in one lane never hides a message in another.
 * What a read brought is handled while Redis answers the next one: `dispatch` is called after each request was written. Only what
 * a blocked read was waiting for is handled at once: nothing is gained by letting it wait.
 * https://redis.io/docs/latest/commands/xreadgroup/
 */
import type { Link } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import { RedisFault } from "../redis/replies.ts";
import { list, record } from "../redis/shapes.ts";
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
  /** Fills the buffers; `waited` when the read had blocked, so that nothing else was to be done. */
  readonly onDeliveries: (deliveries: readonly Delivery[], waited: boolean) => void;
  /** Starts what the buffers hold, soon. */
  readonly dispatch: () => void;
  /** The earliest moment at which what arrives now can have been sent. */
  readonly receivedAt: () => number;
  /** Resolves when what an earlier connection left behind was handed back. */
  readonly tidied: () => Promise<void>;
  /** A group is gone: restore it before the next read. */
  readonly regroup: () => Promise<void>;
  readonly onFatal: (error: Error) => void;
}

/** Longest block. Finite, because a connection without a limit cannot be told from a dead one. */
export const BLOCK = 5_000;
/** How long a full buffer may take to get room before the reader blocks on the other sources, and they are not looked at. */
const ROOM_WAIT = 1;

export class Reader {
  readonly #deps: ReaderDeps;
  readonly #bySource: ReadonlyMap<string, Source>;
  readonly #stop = new AbortController();
  #blockedOn: ReadonlySet<Source> | null = null;
  #ending = false;
  #rejoin = false;
  /** Ends the wait for room; plain, because aborting a signal makes an error with a stack each time. */
  #room: (() => void) | null = null;
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
    this.#room?.();
    const done = this.#done.then(() => true);
    const interrupted = async (): Promise<boolean> => (await this.#interrupt(), false);
    while (!(await Promise.race([done, interrupted()]))) await Promise.race([done, pause(this.#deps.clock, 20)]);
  }

  /** A handler was started: if that made room where we do not look, look again. */
  madeRoom(source: Source): void {
    if (source.buffer.length > this.#deps.batch / 2) return;
    this.#room?.();
    if (this.#blockedOn !== null && !this.#blockedOn.has(source)) void this.#endBlock();
  }

  /** The group is not what it was: join it anew before the next read. */
  rejoin(): void {
    this.#rejoin = true;
    void this.#endBlock();
  }

  // Private

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted;) {
      try {
        await this.#deps.link.whenUp(5_000);
        await this.#deps.tidied();
        for (; !this.#stop.signal.aborted; failures = 0) {
          if (this.#rejoin) await this.#regroup();
          await this.#once();
        }
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
    const consumer = this.#deps.consumer();
    const reading = this.#read(consumer, wanted, dry);
    this.#deps.dispatch();
    const reply = await reading;
    this.#blockedOn = null;
    this.#lastRead = this.#deps.clock.now();
    this.#take(reply, consumer, wanted, dry);
  }

  #read(consumer: string, wanted: readonly Source[], block: boolean): Promise<Reply> {
    const args = ["XREADGROUP", "GROUP", this.#deps.group, consumer, "COUNT", String(this.#count())];
    if (block) args.push("BLOCK", String(BLOCK));
    args.push("STREAMS");
    for (const source of wanted) args.push(source.key);
    for (let index = 0; index < wanted.length; index++) args.push(">");
    return this.#deps.link.call(args);
  }

  #take(reply: Reply, consumer: string, wanted: readonly Source[], waited: boolean): void {
    const found = new Map(list(reply).map((row) => [String(list(row)[0]), list(row)[1]]));
    const since = this.#deps.receivedAt();
    const deliveries: Delivery[] = [];
    for (const source of wanted) {
      const read = list(found.get(source.key));
      source.dry = read.length < this.#count();
      for (const row of read) deliveries.push(new Delivery(source, String(list(row)[0]), consumer, 1, record(list(row)[1]), since));
    }
    if (deliveries.length > 0) this.#deps.onDeliveries(deliveries, waited);
  }

  #count(): number {
    return Math.max(1, Math.floor(this.#deps.batch / 2));
  }

  /** True when a source got room in time. */
  #roomWithin(limit: number): Promise<boolean> {
    this.#deps.dispatch();
    return new Promise((resolve) => {
      const end = (inTime: boolean): void => {
        cancel();
        this.#room = null;
        resolve(inTime);
      };
      const cancel = this.#deps.clock.after(limit, () => end(false));
      this.#room = () => end(true);
    });
  }

  /** The interruption travels on another connection and may be there first: then it is repeated. */
  async #endBlock(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    const block = this.#blockedOn;
    while (this.#isBlockedOn(block) && !(await this.#interrupt())) await pause(this.#deps.clock, 1);
    this.#ending = false;
  }

  #isBlockedOn(sources: ReadonlySet<Source> | null): boolean {
    return sources !== null && this.#blockedOn === sources;
  }

  /** True when there is nothing left to interrupt. */
  async #interrupt(): Promise<boolean> {
    try {
      return await this.#deps.unblock();
    } catch {
      // Without the command connection the block ends by itself.
      return true;
    }
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
    this.#rejoin = false;
    try {
      await this.#deps.regroup();
    } catch {
      // Redis went away again; the next read says so.
    }
  }
}
