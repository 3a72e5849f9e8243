/**
 * Replay jobs as stored: a hash each, so that a job outlives the process that began it. States: running → done (everything was looked
 * at), cancelled (an operator), failed (Redis refused a step for good). The replayer of any connection moves a running one on.
 */
import { randomBytes } from "node:crypto";
import { TidegateError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer, list, record } from "../redis/shapes.ts";
import type { DeadLetterFilter, ReplayJob } from "../views.ts";

export interface ReplayJobsDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  /** A job was started here: the replayer of this connection need not wait for its next look. */
  readonly onStart: () => void;
}

/** A job with what only its worker needs. */
export interface HeldJob extends ReplayJob {
  readonly fence: string;
  /** The letter moved last; the next ones come after it. */
  readonly cursor: string;
  /** Letters that died later are not part of it. */
  readonly until: string;
}

export class ReplayJobs {
  readonly #deps: ReplayJobsDeps;

  constructor(deps: ReplayJobsDeps) {
    this.#deps = deps;
  }

  async start(filter: DeadLetterFilter, rate: number, until: string, total: number): Promise<ReplayJob> {
    const { link, scripts, keys, onStart } = this.#deps;
    const id = randomBytes(6).toString("hex");
    const values = ["filter", JSON.stringify(filter), "rate", String(checkRate(rate)), "until", until, "total", String(total)];
    const args = [id, total === 0 ? "done" : "running", String(KEPT), ...values];
    await scripts.run(link, "start-job", [keys.job(id), keys.runningJobs(), keys.knownJobs()], args);
    onStart();
    return await this.#must(id);
  }

  /** Newest first. */
  async list(): Promise<readonly ReplayJob[]> {
    const { link, keys } = this.#deps;
    const ids = list(await link.ask(["ZRANGE", keys.knownJobs(), "0", "-1"])).map(String);
    const jobs = await Promise.all(ids.map((id) => this.get(id)));
    const gone = ids.filter((_, at) => jobs[at] === null);
    if (gone.length > 0) await link.ask(["ZREM", keys.knownJobs(), ...gone]);
    return jobs.filter((job) => job !== null).toReversed();
  }

  async get(id: string): Promise<ReplayJob | null> {
    const held = heldJob(record(await this.#deps.link.ask(["HGETALL", this.#deps.keys.job(id)])));
    if (held === null) return null;
    const { fence: _, cursor: __, until: ___, ...job } = held;
    return job;
  }

  async cancel(id: string): Promise<ReplayJob> {
    await this.#must(id);
    await this.end(id, "cancelled", "");
    return await this.#must(id);
  }

  async running(): Promise<string[]> {
    return list(await this.#deps.link.ask(["SMEMBERS", this.#deps.keys.runningJobs()])).map(String);
  }

  /** Null when somebody else has it. A lease of 0 gives it back. */
  async take(id: string, owner: string, lease: number): Promise<HeldJob | null> {
    const { link, scripts, keys } = this.#deps;
    return heldJob(record(await scripts.run(link, "take-job", [keys.job(id), keys.runningJobs()], [id, owner, String(lease)])));
  }

  async end(id: string, state: ReplayJob["state"], fence: string, error = ""): Promise<boolean> {
    const { link, scripts, keys } = this.#deps;
    const args = [id, state, fence, String(KEPT), error];
    return integer(await scripts.run(link, "end-job", [keys.job(id), keys.runningJobs()], args)) === 1;
  }

  // Private

  async #must(id: string): Promise<ReplayJob> {
    const job = await this.get(id);
    if (job !== null) return job;
    throw new TidegateError("UNKNOWN_JOB", `There is no job ${JSON.stringify(id)}.`, { hint: "See them: tidegate job ls" });
  }
}

/** Seconds a finished job is kept: 30 days. */
const KEPT = 2_592_000;

// Private

function checkRate(rate: number): number {
  if (Number.isFinite(rate) && rate >= 0 && rate <= 100_000) return rate;
  throw new TidegateError("INVALID_CONFIG", `rate must be a number from 0 (as fast as it goes) to 100000 a second, found ${String(rate)}.`);
}

function heldJob(fields: Readonly<Record<string, string>>): HeldJob | null {
  const text = (name: string): string => fields[name] ?? "";
  const number = (name: string): number => Number(fields[name] ?? 0);
  if (fields["id"] === undefined) return null;
  return {
    id: text("id"),
    filter: JSON.parse(text("filter")) as DeadLetterFilter,
    rate: number("rate"),
    state: text("state") as ReplayJob["state"],
    total: number("total"),
    replayed: number("replayed"),
    skipped: number("skipped"),
    startedAt: number("started_at"),
    updatedAt: number("updated_at"),
    finishedAt: fields["finished_at"] === undefined ? null : number("finished_at"),
    error: fields["error"] ?? null,
    fence: text("fence"),
    cursor: text("cursor"),
    until: text("until"),
  };
}
