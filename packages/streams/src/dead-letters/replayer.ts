/**
 * Moves running replay jobs on. Any number of processes look for jobs; one has the lease of each, and each step writes the job's
 * cursor in the same script that moves the letter. So when this process dies another goes on exactly where it stopped.
 */
import type { Clock } from "../clock.ts";
import { Loop } from "../duties/loop.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Service } from "../service.ts";
import type { Notice } from "../tide.ts";
import type { DeadLetter } from "../views.ts";
import type { Finder } from "./finder.ts";
import type { HeldJob, ReplayJobs } from "./replay-jobs.ts";
import type { Replay } from "./replay.ts";

export interface ReplayerDeps {
  readonly jobs: ReplayJobs;
  readonly finder: Finder;
  readonly replay: Replay;
  readonly jobKey: (id: string) => string;
  /** Unique to this connection. */
  readonly owner: string;
  readonly up: () => boolean;
  readonly notice: (notice: Notice) => void;
  readonly clock: Clock;
}

/** Milliseconds between two looks for jobs of others. */
const EVERY = 2_000;
/** Milliseconds after which a silent owner has lost its job; each step extends it. */
const LEASE = 5_000;
/** A slow job is looked at this often, to keep its lease and to notice a cancel. */
const HEARTBEAT = 1_000;
/** Letters moved in one go. */
const BATCH = 100;

export class Replayer implements Service {
  readonly #deps: ReplayerDeps;
  readonly #loop: Loop;
  /** Letters each of our jobs may move now, and when that was true. */
  readonly #allowance = new Map<string, { letters: number; at: number }>();

  constructor(deps: ReplayerDeps) {
    this.#deps = deps;
    this.#loop = new Loop("replayer", () => this.#run(), deps);
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Gives the leases back, so that another process need not wait for them to run out. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    const { jobs, owner } = this.#deps;
    for (const id of this.#allowance.keys()) await jobs.take(id, owner, 0).catch(() => {});
  }

  // Private

  async #run(): Promise<number> {
    if (!this.#deps.up()) return EVERY;
    const running = await this.#deps.jobs.running();
    for (const id of this.#allowance.keys()) if (!running.includes(id)) this.#allowance.delete(id);
    const waits = [EVERY];
    for (const id of running) waits.push(await this.#advance(id));
    return Math.min(...waits);
  }

  /** Milliseconds until it wants to go on. */
  async #advance(id: string): Promise<number> {
    const { jobs, owner } = this.#deps;
    const job = await jobs.take(id, owner, LEASE);
    if (job === null) {
      this.#allowance.delete(id);
      return EVERY;
    }
    try {
      return await this.#move(job);
    } catch (error) {
      if (!(error instanceof RedisFault) || error.reaction === "reject") await jobs.end(id, "failed", job.fence, (error as Error).message);
      throw error;
    }
  }

  async #move(job: HeldJob): Promise<number> {
    const allowance = this.#allowed(job);
    const many = Math.min(BATCH, Math.floor(allowance.letters));
    if (many === 0) return Math.min(HEARTBEAT, ((1 - allowance.letters) * 1_000) / job.rate);
    const letters = await this.#next(job, many);
    if (letters === null) return 0;
    if (letters.length === 0) {
      await this.#deps.jobs.end(job.id, "done", job.fence);
      return 0;
    }
    allowance.letters -= letters.length;
    await this.#steps(job, letters);
    return 0;
  }

  /** Grows with time to at most one second's worth. */
  #allowed(job: HeldJob): { letters: number; at: number } {
    const now = this.#deps.clock.now();
    const before = this.#allowance.get(job.id) ?? { letters: 1, at: now };
    const grown = before.letters + ((now - before.at) * job.rate) / 1_000;
    const allowance = { letters: job.rate === 0 ? BATCH : Math.min(Math.max(1, job.rate), grown), at: now };
    this.#allowance.set(job.id, allowance);
    return allowance;
  }

  /** Empty at the end of the job; null when the lease was lost over a long search. */
  async #next(job: HeldJob, many: number): Promise<DeadLetter[] | null> {
    const { finder, clock } = this.#deps;
    const after = job.cursor === "0-0" ? undefined : job.cursor;
    const page = job.filter.text === undefined ? many : BATCH;
    let held = clock.now();
    for await (const letters of finder.pages(job.filter, { after, until: job.until, page })) {
      if (letters.length > 0) return letters.slice(0, many);
      if (clock.now() - held < LEASE / 4) continue;
      held = clock.now();
      if ((await this.#deps.jobs.take(job.id, this.#deps.owner, LEASE))?.fence !== job.fence) return null;
    }
    return [];
  }

  /** Sent at once, answered in order: each names the cursor the one before leaves behind, so a gap stops all that follow. */
  async #steps(job: HeldJob, letters: readonly DeadLetter[]): Promise<void> {
    const { replay, jobKey } = this.#deps;
    let cursor = job.cursor;
    const steps: Promise<unknown>[] = [];
    for (const letter of letters) {
      steps.push(replay.move(letter, undefined, { key: jobKey(job.id), fence: job.fence, cursor, lease: LEASE }));
      cursor = letter.id;
    }
    const failed = (await Promise.allSettled(steps)).find((step) => step.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}
