/**
 * Trims the topics this process touches. The script never removes what a living group has not acknowledged, unless a hard cap
 * says so, and then it counts; so any number of processes may run this at once. Who lives is decided there as well, in the same step.
 */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import { PRIORITIES } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer, list } from "../redis/shapes.ts";
import type { Service } from "../service.ts";
import type { Notice, RetentionPolicy } from "../tide.ts";
import { Loop } from "./loop.ts";

export interface RetentionDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly topics: () => Iterable<string>;
  readonly policy: Required<RetentionPolicy>;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

const EVERY = 5_000;
/** Entries removed in one script call, so that Redis never stands still for it. */
const STEP = 10_000;
/** Entries, and bytes, the script may look at in one piece: reading is what costs, not removing. */
const PIECE = 128;
const PIECE_BYTES = 262_144;

export class Retention implements Service {
  readonly #deps: RetentionDeps;
  readonly #loop: Loop;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
    this.#loop = new Loop("retention", () => this.#run(), deps);
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #run(): Promise<number> {
    if (!this.#deps.link.up) return EVERY;
    let full = false;
    for (const topic of this.#deps.topics()) full = (await this.#trim(topic)) >= STEP / 5 || full;
    return full ? 50 : EVERY * (0.8 + Math.random() * 0.4);
  }

  async #trim(topic: string): Promise<number> {
    const { link, scripts, keys, policy } = this.#deps;
    const lanes = PRIORITIES.map((lane) => keys.lane(topic, lane));
    const size = await this.#size(lanes);
    if (size.length === 0) return 0;
    const groups = list(await scripts.run(link, "group-names", [...lanes, keys.groupSigns(topic)], [])).map(String);
    const all = [...lanes, keys.groupSigns(topic), ...groups.map((group) => keys.position(topic, group))];
    const limits = [this.#keep(size), policy.maxAge, policy.hardCap, policy.groupLease, STEP, pieceOf(size)];
    const [removed, expired, forced] = list(await scripts.run(link, "trim", all, [...limits.map(String), ...groups]));
    for (const group of list(expired)) this.#reportExpired(topic, String(group));
    for (const one of list(forced)) this.#reportForced(topic, list(one));
    return integer(removed);
  }

  async #size(lanes: readonly string[]): Promise<Size> {
    const sizes = await Promise.all(lanes.map(async (key) => ({ length: await this.#length(key), bytes: await this.#bytes(key) })));
    return sizes.reduce((sum, one) => ({ length: sum.length + one.length, bytes: sum.bytes + one.bytes }));
  }

  async #length(key: string): Promise<number> {
    return integer(await this.#deps.link.call(["XLEN", key]));
  }

  /** An estimate from samples: https://redis.io/docs/latest/commands/memory-usage/ */
  async #bytes(key: string): Promise<number> {
    try {
      return integer(await this.#deps.link.call(["MEMORY", "USAGE", key]));
    } catch (error) {
      // Often forbidden on managed servers; only `maxBytes` needs it.
      if (this.#deps.policy.maxBytes === 0 && error instanceof RedisFault && error.code === "ACCESS_DENIED") return 0;
      throw error;
    }
  }

  /** Entries that may stay; 0 for any number. Of too many bytes the share that is too much goes. */
  #keep({ length, bytes }: Size): number {
    const { maxLength, maxBytes } = this.#deps.policy;
    if (maxBytes === 0 || bytes <= maxBytes) return maxLength;
    const fits = Math.max(1, Math.floor((length * maxBytes) / bytes));
    return maxLength === 0 ? fits : Math.min(maxLength, fits);
  }

  #reportExpired(topic: string, group: string): void {
    this.#deps.notice({
      level: "warning",
      code: "group_expired",
      message: `Group ${group} of ${topic} has not been heard of for ${this.#deps.policy.groupLease} ms and no longer holds back retention; messages it has not read may go.`,
      detail: { topic, group, lease: this.#deps.policy.groupLease },
    });
  }

  #reportForced(topic: string, [stream, removed, counts]: Reply[]): void {
    const flat = list(counts);
    const perGroup: Record<string, number> = {};
    for (let at = 0; at < flat.length; at += 2) perGroup[String(flat[at])] = integer(flat[at + 1]);
    const each = Object.entries(perGroup).map(([group, count]) => `${group} ${count}`);
    this.#deps.notice({
      level: "error",
      code: "retention_forced",
      message: `${String(stream)} was longer than its hard cap of ${this.#deps.policy.hardCap}: ${integer(removed)} messages are gone although groups still needed them (${each.join(", ")}).`,
      detail: { topic, stream: String(stream), removed: integer(removed), perGroup },
    });
  }
}

interface Size {
  readonly length: number;
  readonly bytes: number;
}

function pieceOf({ length, bytes }: Size): number {
  return bytes === 0 ? 16 : Math.min(PIECE, Math.max(1, Math.floor((PIECE_BYTES * length) / bytes)));
}
