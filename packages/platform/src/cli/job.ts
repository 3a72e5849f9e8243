/** `tidegate job`: replays that go on in the background. Started with `tidegate dlq replay --rate`. */
import { Command } from "commander";
import type { DeadLetterFilter, ReplayJob } from "@tidegate/streams";
import { followJob, jobOf, progressOf } from "./job-progress.ts";
import { ago, facts, line, paint, printJson, table, type Column } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

export function jobCommand(): Command {
  const job = new Command("job").description("Replays of dead letters that go on in the background.");
  job.command("ls").description("List jobs, newest first; finished ones are kept for 30 days.").action(list);
  job
    .command("show")
    .description("One job with its counts.")
    .argument("<id>")
    .option("-f, --follow", "stay until it has ended; Ctrl-C leaves it running")
    .action(show);
  job.command("cancel").description("Stop a job; what it has replayed stays replayed.").argument("<id>").action(cancel);
  return job;
}

// Private

const COLUMNS: readonly Column<ReplayJob>[] = [
  { title: "ID", value: (job) => job.id },
  { title: "STATE", value: (job) => job.state },
  { title: "REPLAYED", value: progressOf },
  { title: "SKIPPED", value: (job) => job.skipped, right: true },
  { title: "RATE", value: (job) => rateOf(job) },
  { title: "STARTED", value: (job) => ago(job.startedAt) },
  { title: "WHAT", value: (job) => filterWords(job.filter) },
];

async function list(_: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const jobs = await tide.deadLetters.jobs();
  if (settings.json) return jobs.forEach(printJson);
  if (jobs.length === 0) return line("No jobs. Start one: tidegate dlq replay --topic identity --rate 50");
  table(jobs, COLUMNS);
}

async function show(id: string, flags: { follow?: boolean }, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const job = await jobOf(tide, id);
  if (flags.follow === true) return await followJob(tide, job, settings.json);
  if (settings.json) return printJson(job);
  page(job);
}

async function cancel(id: string, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const { state: before } = await jobOf(tide, id);
  const job = await tide.deadLetters.cancelJob(id);
  if (settings.json) return printJson(job);
  if (before !== "running") return line(`The job ${id} had ended already: ${before}.`);
  line(`${paint("green", "✓")} cancelled; ${progressOf(job)} were replayed`);
}

function page(job: ReplayJob): void {
  facts([
    ["job", job.id],
    ["state", job.state],
    ["what", filterWords(job.filter)],
    ["replayed", progressOf(job)],
    ["skipped", `${job.skipped} (gone before their turn)`],
    ["rate", rateOf(job)],
    ["started", `${new Date(job.startedAt).toISOString()} (${ago(job.startedAt)})`],
    ...(job.finishedAt === null ? [] : ([["ended", `${new Date(job.finishedAt).toISOString()} (${ago(job.finishedAt)})`]] as const)),
    ...(job.error === null ? [] : ([["error", job.error]] as const)),
  ]);
}

function rateOf(job: ReplayJob): string {
  return job.rate === 0 ? "as fast as it goes" : `${job.rate}/s`;
}

/** `topic=orders group=billing`. */
function filterWords({ ids, ...rest }: DeadLetterFilter): string {
  const words = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  if (ids !== undefined) words.unshift(`${ids.length} chosen by id`);
  return words.length === 0 ? "every dead letter" : words.join(" ");
}
