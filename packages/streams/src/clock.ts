/**
 * Time as the library sees it. Everything that waits or measures takes a clock, so that the in-memory double of
 * `@tidegate/streams/testing` can run hours of retries and leases in a moment. Sockets keep the machine's own timers.
 */
export interface Clock {
  /** Unix milliseconds. */
  wall(): number;
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls `act` once after `ms`; the answer cancels it. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Waits, but not longer than the signal lives. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
