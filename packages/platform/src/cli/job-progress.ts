/** Follows a replay job on the terminal. Ctrl-C ends the watching, not the job: it belongs to Redis, not to this process. */
import { setTimeout as pause } from "node:timers/promises";
import { TidegateError, type ReplayJob, type Tide } from "@tidegate/streams";
import { count, counted, duration, line, paint, printJson } from "./output.ts";

export async function followJob(tide: Tide, job: ReplayJob, json: boolean): Promise<void> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const last = await watch(tide, job, interrupt.signal);
    if (last.state === "running") return left(last, json);
    conclude(last, json);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

export async function jobOf(tide: Tide, id: string): Promise<ReplayJob> {
  const job = await tide.deadLetters.job(id);
  if (job !== null) return job;
  throw new TidegateError("UNKNOWN_JOB", `There is no job ${id}.`, { hint: "See them: tidegate job ls" });
}

/** `120 of 400, 30 %`. */
export function progressOf({ replayed, skipped, total }: ReplayJob): string {
  const percent = total === 0 ? 100 : Math.min(100, Math.floor(((replayed + skipped) / total) * 100));
  return `${count(replayed)} of ${count(total)}, ${percent} %`;
}

// Private

/** Short enough to feel live. */
const LOOK = 250;

async function watch(tide: Tide, job: ReplayJob, signal: AbortSignal): Promise<ReplayJob> {
  let now = job;
  while (now.state === "running" && !signal.aborted) {
    draw(now);
    await pause(LOOK, undefined, { signal }).catch(() => {});
    now = await jobOf(tide, job.id);
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  return now;
}

function draw(job: ReplayJob): void {
  if (!process.stderr.isTTY) return;
  const rate = job.rate === 0 ? "" : `, ${job.rate} a second, ${duration((rest(job) / job.rate) * 1_000)} to go`;
  process.stderr.write(`\r\u001b[Kreplaying ${progressOf(job)}${rate}`);
}

function rest({ total, replayed, skipped }: ReplayJob): number {
  return Math.max(0, total - replayed - skipped);
}

function left(job: ReplayJob, json: boolean): void {
  if (json) printJson(job);
  process.stderr.write(
    `The replay goes on in the background (${progressOf(job)}), as long as a Tidegate process runs.\n` +
      `  Follow it: tidegate job show ${job.id} --follow\n  Stop it:   tidegate job cancel ${job.id}\n`,
  );
  process.exitCode = 130;
}

function conclude(job: ReplayJob, json: boolean): void {
  if (json) printJson(job);
  else if (job.total === 0) line("No dead letter matches.");
  else line(`${job.state === "done" ? paint("green", "✓") : paint("red", "✗")} ${words(job)}`);
  if (job.state === "failed") process.exitCode = 1;
}

function words(job: ReplayJob): string {
  const skipped = job.skipped === 0 ? "" : `; ${counted(job.skipped, "other")} gone already`;
  const done = `replayed ${counted(job.replayed, "dead letter")}${skipped}`;
  if (job.state === "cancelled") return `cancelled: ${done}`;
  return job.state === "failed" ? `failed: ${done}; ${job.error ?? ""}` : done;
}
