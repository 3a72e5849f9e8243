/** Asks every minute whether the server may still delete messages by itself: the start refuses that, but settings change at run time. */
import type { Clock } from "../clock.ts";
import { evictionPolicy, serverInfo } from "../inspect/server.ts";
import type { Link } from "../redis/link.ts";
import type { Service } from "../service.ts";
import type { Notice } from "../tide.ts";
import { Loop } from "./loop.ts";

export interface EvictionDeps {
  readonly link: Link;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

const EVERY = 60_000;
const SAFE = "noeviction";

export class EvictionWatch implements Service {
  readonly #deps: EvictionDeps;
  readonly #loop: Loop;
  #last = SAFE;
  #evicted: number | null = null;

  constructor(deps: EvictionDeps) {
    this.#deps = deps;
    this.#loop = new Loop("eviction watch", () => this.#run(), deps);
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #run(): Promise<number> {
    const { link } = this.#deps;
    if (!link.up) return EVERY;
    const info = await serverInfo(link);
    this.#judge(await evictionPolicy(link, info["maxmemory_policy"]), Number(info["evicted_keys"] ?? 0));
    return EVERY;
  }

  /** A notice when the policy changes, and again whenever keys were evicted since the last look. */
  #judge(policy: string, evicted: number): void {
    const gone = this.#evicted === null ? 0 : Math.max(0, evicted - this.#evicted);
    this.#evicted = evicted;
    const changed = policy !== this.#last;
    this.#last = policy;
    if ((policy === SAFE || !changed) && gone === 0) return;
    const { link, notice } = this.#deps;
    notice({
      level: "error",
      code: "evicting_redis",
      message: `Redis at ${link.address} has maxmemory-policy ${policy} and has evicted ${gone} keys in the last minute: messages may be lost. Set it back: redis-cli CONFIG SET maxmemory-policy noeviction`,
      detail: { policy, evicted: gone },
    });
  }
}
