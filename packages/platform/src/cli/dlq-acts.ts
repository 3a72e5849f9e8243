/**
 * `dlq replay` and `dlq discard`: ids are taken at their word; a filter or `--all` is counted first and asked about, because it
 * reaches letters nobody has looked at.
 */
import type { Command } from "commander";
import { TidegateError, type DeadLetterFilter, type Tide } from "@tidegate/streams";
import { confirm } from "./confirm.ts";
import { filterOf, withFilter, type FilterFlags } from "./dlq-filter.ts";
import { usage } from "./failure.ts";
import { followJob } from "./job-progress.ts";
import { wholeNumber } from "./numbers.ts";
import { counted, line, paint, printJson } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

interface ActFlags extends FilterFlags {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly rate?: number;
  readonly detach?: boolean;
}

export function acts(dlq: Command): void {
  act(dlq, "replay", "Send dead letters back to the group that failed, with fresh attempts.", replay)
    .option("--rate <n>", "as a job in the background, at most so many a second; 0 for as fast as it goes", wholeNumber(0, 100_000))
    .option("--detach", "with --rate: print the job and do not follow it");
  act(dlq, "discard", "Throw dead letters away for good.", discard);
}

// Private

/** What was done, and how many letters it reached. */
type Act = (tide: Tide, filter: DeadLetterFilter) => Promise<{ answer: object; reached: number; words: string }>;

const replay: Act = async (tide, filter) => {
  const answer = await tide.deadLetters.replay(filter);
  const skipped = answer.skipped === 0 ? "" : `; ${counted(answer.skipped, "other")} gone already`;
  return { answer, reached: answer.replayed, words: `replayed ${counted(answer.replayed, "dead letter")}${skipped}` };
};

const discard: Act = async (tide, filter) => {
  const answer = await tide.deadLetters.discard(filter);
  return { answer, reached: answer.discarded, words: `discarded ${counted(answer.discarded, "dead letter")}` };
};

function act(dlq: Command, verb: "replay" | "discard", description: string, perform: Act): Command {
  return withFilter(dlq.command(verb).description(description).argument("[ids...]"))
    .option("--all", "every dead letter")
    .option("-y, --yes", "do not ask")
    .action(async (ids: string[], flags: ActFlags, command: Command) => {
      const settings = settingsOf(command);
      const filter = selection(verb, ids, flags);
      if (flags.detach === true && flags.rate === undefined)
        throw usage("--detach needs --rate: only a job goes on without this command.", "Try: --rate 0 --detach");
      await using tide = await openTide(settings);
      if (ids.length === 0) await agree(tide, verb, filter, flags.yes);
      if (flags.rate !== undefined) return await replayAsJob(tide, filter, flags, settings.json);
      const { answer, reached, words } = await perform(tide, filter);
      if (reached === 0 && ids.length > 0) throw gone(ids);
      if (settings.json) printJson(answer);
      else line(reached === 0 ? "No dead letter matches." : `${paint("green", "✓")} ${words}`);
    });
}

async function replayAsJob(tide: Tide, filter: DeadLetterFilter, { rate = 0, detach }: ActFlags, json: boolean): Promise<void> {
  const job = await tide.deadLetters.startReplay(filter, { rate });
  if (detach !== true) return await followJob(tide, job, json);
  if (json) printJson(job);
  else line(`${paint("green", "✓")} job ${job.id} replays ${counted(job.total, "dead letter")}; see: tidegate job show ${job.id}`);
}

/** Nothing chosen is an error and never means everything. */
function selection(verb: string, ids: readonly string[], flags: ActFlags): DeadLetterFilter {
  const filter = filterOf(flags);
  const chosen = [ids.length > 0, Object.keys(filter).length > 0, flags.all === true].filter(Boolean).length;
  if (chosen === 0)
    throw usage(
      `Which dead letters to ${verb}?`,
      `Give ids, a filter (--topic --group --type --error --signature --from --to --text), or --all: tidegate dlq ${verb} --topic identity`,
    );
  if (chosen > 1) throw usage(`Give either ids, or a filter, or --all.`, `See: tidegate dlq ${verb} --help`);
  return ids.length > 0 ? { ids } : filter;
}

async function agree(tide: Tide, verb: string, filter: DeadLetterFilter, yes: boolean | undefined): Promise<void> {
  const matching = await tide.deadLetters.count(filter);
  if (matching > 0) await confirm(`${verb} ${counted(matching, "dead letter")}`, yes);
}

function gone(ids: readonly string[]): TidegateError {
  return new TidegateError(
    "UNKNOWN_DEAD_LETTER",
    ids.length === 1 ? `There is no dead letter ${ids[0]}.` : "None of these dead letters exists.",
    {
      hint: "They may have been replayed or discarded already. See: tidegate dlq ls",
    },
  );
}
