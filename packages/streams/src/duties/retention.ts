/**
 * Trims the topics this process touches, and dead letters past their time. The script never removes what a group has not
 * acknowledged, so any number of processes may run this at once.
 */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import { PRIORITIES } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
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
  /** Seconds; 0 keeps dead letters. */
  readonly deadLetterTtl: number;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

const EVERY = 5_000;
/** Entries looked at in one script call. */
const STEP = 2_000;

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
    for (const topic of this.#deps.topics()) {
      for (const lane of PRIORITIES) full = (await this.#trim(this.#deps.keys.lane(topic, lane))) >= STEP || full;
    }
    await this.#expireDeadLetters();
    return full ? 50 : EVERY * (0.8 + Math.random() * 0.4);
  }

  async #trim(key: string): Promise<number> {
    const { link, scripts, policy } = this.#deps;
    return integer(await scripts.run(link, "trim", [key], [String(policy.maxLength), String(policy.maxAge), String(STEP)]));
  }

  async #expireDeadLetters(): Promise<void> {
    const { link, keys, deadLetterTtl, notice } = this.#deps;
    if (deadLetterTtl === 0) return;
    const [seconds] = list(await link.call(["TIME"]));
    const oldest = `${(integer(seconds) - deadLetterTtl) * 1000}-0`;
    const expired = integer(await link.call(["XTRIM", keys.deadLetters(), "MINID", oldest]));
    if (expired > 0)
      notice({
        level: "warning",
        code: "dead_letter_expired",
        message: `${expired} dead letters were older than ${deadLetterTtl} s and are gone.`,
        detail: { expired },
      });
  }
}
