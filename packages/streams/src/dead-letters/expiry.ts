/**
 * Drops dead letters past their time, counted, and says so an hour before. Every process may run it at once: scripts count what they
 * drop, and one process of all announces an hour's worth.
 */
import type { Clock } from "../clock.ts";
import { Loop } from "../duties/loop.ts";
import type { Keys } from "../keys.ts";
import { timeOf } from "../message/entry-id.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { entries, integer, list } from "../redis/shapes.ts";
import type { Service } from "../service.ts";
import type { Notice } from "../tide.ts";
import type { DeadLetterGroup } from "../views.ts";
import type { FailureIndex } from "./failure-index.ts";

export interface ExpiryDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly index: FailureIndex;
  /** Seconds; 0 keeps dead letters. */
  readonly ttl: number;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

const EVERY = 5_000;
const HOUR = 3_600_000;
/** Rounds between two looks for letters another program removed without the index. */
const TIDY = 12;

export class Expiry implements Service {
  readonly #deps: ExpiryDeps;
  readonly #loop: Loop;
  #round = 0;

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
    this.#loop = new Loop("expiry", () => this.#run(), deps);
  }

  start(): void {
    if (this.#deps.ttl > 0) this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  // Private

  async #run(): Promise<number> {
    const { link, index, ttl } = this.#deps;
    const next = EVERY * (0.8 + Math.random() * 0.4);
    if (!link.up) return next;
    if (this.#round++ % TIDY === 0) await index.forgetVanished();
    const now = await this.#now();
    const oldest = await this.#oldest();
    // Nothing expires within two hours: nothing to drop, nothing to announce.
    if (oldest > now - ttl * 1_000 + 2 * HOUR) return next;
    await index.adopt();
    await this.#expire(now - ttl * 1_000);
    await this.#announce(now);
    return next;
  }

  /** Redis' clock made the ids. */
  async #now(): Promise<number> {
    const [seconds] = list(await this.#deps.link.call(["TIME"]));
    return integer(seconds) * 1_000;
  }

  async #oldest(): Promise<number> {
    const [oldest] = entries(await this.#deps.link.call(["XRANGE", this.#deps.keys.deadLetters(), "-", "+", "COUNT", "1"]));
    return oldest === undefined ? Infinity : timeOf(oldest.id);
  }

  async #expire(before: number): Promise<void> {
    const { index, ttl, notice } = this.#deps;
    let expired = 0;
    for (const kind of await index.kinds({ to: before - 1 })) expired += await index.expire(kind, before);
    if (expired === 0) return;
    const message = `${expired} dead letters were older than ${ttl} s and are gone.`;
    notice({ level: "warning", code: "dead_letter_expired", message, detail: { expired } });
  }

  /**
   * When the oldest letter nobody was told of has an hour left, one notice covers it and all that expire within the hour after it.
   * Where the whole time to live is shorter, it comes at most once in that time.
   */
  async #announce(now: number): Promise<void> {
    const { link, keys, index, ttl, notice } = this.#deps;
    const before = await link.ask(["HGET", keys.deadLetterIndex(), "~announced"]);
    const [upTo = 0, at = 0] = before === null ? [] : String(before).split(" ").map(Number);
    if (now - at < Math.min(HOUR, ttl * 1_000)) return;
    const bound = now - ttl * 1_000;
    const kinds = await index.counted({ from: upTo, to: Math.min(now, bound + 2 * HOUR) - 1 });
    const first = Math.min(...kinds.map((kind) => kind.firstAt));
    if (first > bound + HOUR || !(await this.#mine(before, `${Math.min(now, bound + 2 * HOUR)} ${now}`))) return;
    this.#tell(kinds, first + ttl * 1_000, notice);
  }

  async #mine(before: unknown, announced: string): Promise<boolean> {
    const { link, scripts, keys } = this.#deps;
    const args = [typeof before === "string" ? before : "", announced];
    return integer(await scripts.run(link, "announce", [keys.deadLetterIndex()], args)) === 1;
  }

  #tell(kinds: readonly DeadLetterGroup[], at: number, notice: ExpiryDeps["notice"]): void {
    const expiring = kinds.reduce((sum, { count }) => sum + count, 0);
    const message = `${expiring} dead letters expire soon, the first at ${new Date(at).toISOString()}. Replay or export them before.`;
    notice({ level: "warning", code: "dead_letters_expiring", message, detail: { expiring, at } });
  }
}
