/** Waiting for what happens instead of for a time. Not exported: applications have their own. */
import { setImmediate as immediate, setTimeout as pause } from "node:timers/promises";

export interface Probe<T> {
  readonly seen: T[];
  readonly add: (this: void, item: T) => void;
  /** Resolves once `count` items were seen; rejects after `limit` ms saying how many there were. */
  reaches(count: number, limit?: number): Promise<T[]>;
}

export function probe<T>(): Probe<T> {
  const seen: T[] = [];
  let wake: () => void = () => {};
  return {
    seen,
    add(item) {
      seen.push(item);
      wake();
    },
    async reaches(count, limit = 15_000) {
      const end = performance.now() + limit;
      while (seen.length < count) {
        const left = end - performance.now();
        if (left <= 0) throw new Error(`only ${seen.length} of ${count} seen in ${limit} ms`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return seen;
    },
  };
}

/**
 * Asks again until the answer is yes; for state that sends no event. What takes longer than a moment is asked about less often: it would
 * else keep a core and the server busy.
 */
export async function until(what: string, check: () => Promise<boolean>, limit = 15_000): Promise<void> {
  const began = performance.now();
  while (!(await check())) {
    const waited = performance.now() - began;
    if (waited > limit) throw new Error(`${what} did not come true in ${limit} ms`);
    await (waited < 50 ? immediate() : pause(5));
  }
}
