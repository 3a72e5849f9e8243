/** The one shape of everything with a lifetime: built by a wiring file, started once, stopped once. */
export interface Service {
  start(): void;
  stop(): Promise<void>;
}

/** Waits, but not longer than the signal lives. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
