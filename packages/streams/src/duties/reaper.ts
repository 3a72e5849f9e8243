/** Removes consumers that hold nothing and have not read for a while: every process start makes a new name. */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import { PRIORITIES } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Service } from "../service.ts";
import type { Notice } from "../tide.ts";
import { Loop } from "./loop.ts";

export interface ReaperDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  /** Topic and group of every consumer of this process. */
  readonly groups: () => Iterable<readonly [topic: string, group: string]>;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

const EVERY = 60_000;
/** Longer than any block of a living reader, by far. */
const IDLE = 600_000;

export class Reaper implements Service {
  readonly #deps: ReaperDeps;
  readonly #loop: Loop;

  constructor(deps: ReaperDeps) {
    this.#deps = deps;
    this.#loop = new Loop("reaper", () => this.#run(), deps);
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #run(): Promise<number> {
    const { link, scripts, keys } = this.#deps;
    if (!link.up) return EVERY;
    for (const [topic, group] of this.#deps.groups()) {
      for (const key of [...PRIORITIES.map((lane) => keys.lane(topic, lane)), keys.retryEvents(topic, group)]) {
        await scripts.run(link, "remove-consumers", [key], [group, "", String(IDLE)]);
      }
    }
    return EVERY;
  }
}
