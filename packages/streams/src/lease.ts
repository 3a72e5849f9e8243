/**
 * A lease with a fence: at most one holder acts at a time, and one that was paused for too long finds its fence refused by the scripts
 * it runs. Who holds it keeps it by renewing at a third of its time.
 * States: free → ours → (renewed …) → lost (not renewed in time, or taken) → free.
 */
import { defineScript, type Reply, type Store } from "./store.ts";

const LEASE = defineScript(new URL("./lease.lua", import.meta.url));

export interface LeaseOptions {
  readonly store: Store;
  readonly key: string;
  /** Names this process among all. */
  readonly holder: string;
  /** Milliseconds without renewal until somebody else may take it. Default 5,000. */
  readonly ttl?: number;
}

export class Lease {
  readonly #options: LeaseOptions;
  readonly #ttl: number;
  #fence = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#ttl = options.ttl ?? 5_000;
  }

  /** To be given to every script that acts under the lease; 0 while it is not ours. */
  get fence(): number {
    return this.#fence;
  }

  get ttl(): number {
    return this.#ttl;
  }

  /** Takes or renews; answers whether it is ours. While Redis does not answer it is not. */
  async hold(): Promise<boolean> {
    try {
      const answer = await this.#run("take");
      this.#fence = Array.isArray(answer) && answer[1] === 1 ? Number(answer[0]) : 0;
    } catch {
      this.#fence = 0;
    }
    return this.#fence > 0;
  }

  /** Whoever holds it now, or null. */
  async holder(): Promise<string | null> {
    const answer = await this.#run("look");
    return typeof answer === "string" ? answer : null;
  }

  async release(): Promise<void> {
    if (this.#fence === 0) return;
    this.#fence = 0;
    await this.#run("release").catch(() => {});
  }

  #run(act: "take" | "look" | "release"): Promise<Reply> {
    const { store, key, holder } = this.#options;
    return store.run(LEASE, [key], [holder, String(this.#ttl), act]);
  }
}
