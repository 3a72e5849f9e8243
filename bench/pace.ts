/**
 * Open-loop sending: every message has a due time fixed in advance, and latency counts from that time, not from when a busy
 * sender got round to it. So a peer that stalls cannot hide it (no coordinated omission).
 */

/** Unix milliseconds with fraction, comparable between processes of one machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

export async function sendAtRate(count: number, rate: number, send: (seq: number, due: number) => Promise<unknown>): Promise<void> {
  const start = now() + 100;
  const answers = new Set<Promise<unknown>>();
  let failure: unknown;
  const follow = (answer: Promise<unknown>): void => {
    const settled = answer.catch((error: unknown) => (failure = error)).finally(() => answers.delete(settled));
    answers.add(settled);
  };
  for (let seq = 0; seq < count && failure === undefined;) {
    for (; seq < count && start + (seq * 1_000) / rate <= now(); seq++) {
      follow(send(seq, start + (seq * 1_000) / rate));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
  if (failure !== undefined) throw failure;
}

export function percentiles(values: Float64Array): { p50: number; p99: number; max: number } {
  const sorted = values.toSorted();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
