/**
 * The automation service: the topic itself is the queue. `automation_scheduled` is consumed by the same service, which runs the
 * job; so a job survives a restart, and everything a job says carries the id of what asked for it.
 */
import { Unrecoverable } from "@tidegate/streams";
import type { HandlerContext, Message } from "@tidegate/streams";
import { jobsFor, ROUTINE, runJob } from "./jobs.ts";
import type { Job, JobPlace } from "./jobs.ts";
import type { Duty, Member, Publish, Role } from "./member.ts";
import { fieldOf, numberOf, textOf } from "./payload.ts";

const SCHEDULE_EVERY = 3_000;

export function automationRole(place: JobPlace): Role {
  return {
    topic: "automation",
    listensTo: ["communication"],
    needs: ["communication"],
    begin: (publish) => new Automation(publish, place),
  };
}

class Automation implements Member {
  readonly duties: readonly Duty[] = [{ name: "schedule", every: SCHEDULE_EVERY, run: () => this.#scheduleNext() }];
  readonly #publish: Publish;
  readonly #jobs: ReadonlyMap<string, Job>;
  #turn = 0;

  constructor(publish: Publish, place: JobPlace) {
    this.#publish = publish;
    this.#jobs = jobsFor(place);
  }

  async handle(message: Message, context: HandlerContext): Promise<void> {
    if (message.type === "automation_scheduled") await this.#run(message, context.signal);
    if (message.type === "alert_triggered") await this.#remedy(message);
  }

  async #scheduleNext(): Promise<void> {
    const job = ROUTINE[this.#turn++ % ROUTINE.length];
    await this.#publish("automation_scheduled", { job, reason: "routine" });
  }

  /** What an operator would look at first after such an alert. */
  async #remedy(message: Message): Promise<void> {
    const finding = fieldOf(message.data, "finding");
    const port = numberOf(finding, "port");
    const job = textOf(finding, "kind") === "sink_broken" ? "sink_check" : port === undefined ? "top_processes" : "inspect_port";
    await this.#publish(
      "automation_scheduled",
      { job, reason: textOf(finding, "text") ?? "alert", input: port === undefined ? {} : { port } },
      { priority: "high" },
    );
  }

  async #run(message: Message, signal: AbortSignal): Promise<void> {
    const job = this.#jobFor(message.data);
    const began = performance.now();
    await this.#publish("automation_started", { job: job.name, limit_ms: job.limit, reason: fieldOf(message.data, "reason") });
    const outcome = await outcomeOf(runJob(job, fieldOf(message.data, "input"), signal));
    // Ended by a shutdown, not by itself: the message stays unanswered and the job runs again.
    signal.throwIfAborted();
    const report = { job: job.name, took_ms: Math.round(performance.now() - began), ...outcome.report };
    if (outcome.ok) await this.#publish("automation_completed", report);
    else await this.#publish("automation_failed", { ...report, drill: job.drill ?? false }, { priority: "high" });
  }

  #jobFor(data: unknown): Job {
    const name = textOf(data, "job") ?? "";
    const job = this.#jobs.get(name);
    if (job !== undefined) return job;
    throw new Unrecoverable(`No job "${name}"; known: ${[...this.#jobs.keys()].join(", ")}.`, { code: "UNKNOWN_JOB" });
  }
}

// Private

async function outcomeOf(
  run: Promise<Readonly<Record<string, unknown>>>,
): Promise<{ ok: boolean; report: Readonly<Record<string, unknown>> }> {
  try {
    return { ok: true, report: { result: await run } };
  } catch (error) {
    return { ok: false, report: { reason: error instanceof Error ? error.message : String(error) } };
  }
}
