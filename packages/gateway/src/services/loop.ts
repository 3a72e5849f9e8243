/** The one shape of what the manager does again and again: run, wait, run again, until stopped. What it throws is told, and it goes on. */
import { setTimeout as pause } from "node:timers/promises";

export interface Repeated {
  readonly work: () => Promise<void>;
  /** Milliseconds between two runs. */
  readonly every: number;
  readonly onTrouble: (message: string) => void;
}

/** Resolves when it was stopped and the last run is over. */
export async function repeat({ work, every, onTrouble }: Repeated, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work().catch((error: unknown) => {
      if (!signal.aborted) onTrouble(error instanceof Error ? error.message : String(error));
    });
    await pause(every, undefined, { signal }).catch(() => {});
  }
}
