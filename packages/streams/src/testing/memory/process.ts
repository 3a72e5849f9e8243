/** One connection of the library as if it were a process of its own: it can stand still, and it can vanish. */
import type { Clock } from "../../clock.ts";

export class MemoryProcess {
  readonly clock: Clock;
  readonly links: Set<{ close(): void }> = new Set<{ close(): void }>();
  /** Resolves when it goes on; null while it runs. */
  gate: Promise<void> | null = null;

  constructor(clock: Clock) {
    this.clock = {
      wall: () => clock.wall(),
      now: () => clock.now(),
      after: (ms, act) => this.#after(clock, ms, act),
    };
  }

  /** Its timers and its commands wait until the returned function is called. */
  pause(): () => void {
    let resume = (): void => {};
    this.gate = new Promise((resolve) => (resume = resolve));
    return () => {
      this.gate = null;
      resume();
    };
  }

  /** Nothing of it reaches the server any more. */
  vanish(): void {
    for (const link of this.links) link.close();
  }

  #after(clock: Clock, ms: number, act: () => void): () => void {
    let cancelled = false;
    const cancel = clock.after(ms, () => {
      if (this.gate === null) act();
      else void this.gate.then(() => cancelled || act());
    });
    return () => {
      cancelled = true;
      cancel();
    };
  }
}
