/** What else keeps the machine busy, looked at before a run begins: a figure from a busy machine is no figure. */
import { cpus } from "node:os";
import { setTimeout as passes } from "node:timers/promises";

/** Share of all cores above which a run says that it should be repeated. */
export const NOISY = 0.1;

/** Share of all cores in use during the next `window` milliseconds, 0 to 1. */
export async function busyShare(window: number): Promise<number> {
  const before = ticks();
  await passes(window);
  const after = ticks();
  return Number((1 - (after.idle - before.idle) / (after.all - before.all)).toFixed(2));
}

// Private

function ticks(): { idle: number; all: number } {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, time) => sum + time.user + time.nice + time.sys + time.irq + time.idle, 0);
  return { idle: times.reduce((sum, time) => sum + time.idle, 0), all };
}
