/** `tidegate log`: what was logged and what happened, asked of the running instance. */
import { Command } from "commander";
import type { LogsAnswer } from "../contract.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { addFilters, filtersOf, moment, type FilterFlags } from "./log-filters.ts";
import { followCommand } from "./log-follow.ts";
import { logLine } from "./log-lines.ts";
import { levelCommand, limitCommand, sampleCommand } from "./log-settings.ts";
import { logStatsCommand } from "./log-stats.ts";
import { wholeNumber } from "./numbers.ts";
import { line, paint, printJson } from "./output.ts";
import { settingsOf } from "./session.ts";

export function logCommand(): Command {
  const log = new Command("log").description("Log entries and events of everything that runs here; the newest last.");
  log.addCommand(
    searching(new Command("search"), (text: string | undefined) => ({ path: "search", query: { q: text } }))
      .description("Entries that meet all conditions.")
      .argument("[text]", "text anywhere in the entry"),
  );
  log.addCommand(followCommand());
  log.addCommand(
    searching(new Command("errors"), (_, flags) => ({ path: "errors", query: { include_warnings: flags.warnings } }))
      .description("Entries of level error and above, and answers from 500; of the last hour unless said otherwise.")
      .option("--warnings", "also level warn, and answers from 400"),
  );
  for (const [field, what] of [
    ["ip", "of one address"],
    ["client", "of one client: an API token or OAuth client"],
    ["host", "of one host name"],
  ] as const)
    log.addCommand(
      searching(new Command(field), (value: string | undefined) => ({ path: `${field}/${encodeURIComponent(value ?? "")}`, query: {} }))
        .description(`Entries ${what}.`)
        .argument(`<${field}>`),
    );
  for (const command of [logStatsCommand(), levelCommand(), sampleCommand(), limitCommand()]) log.addCommand(command);
  return log;
}

// Private

interface SearchFlags extends FilterFlags {
  readonly hours?: number;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly cursor?: string;
  readonly warnings?: boolean;
}

type Asked = (given: string | undefined, flags: SearchFlags) => { path: string; query: Record<string, unknown> };

/** Of one request. */
const MOST = 1_000;

function searching(command: Command, asked: Asked): Command {
  return addFilters(command)
    .option("--hours <n>", "look back so far (default 24, errors 1)", wholeNumber(1, 168))
    .option("--from <time>", "a date such as 2026-01-31T08:00, or unix milliseconds", moment)
    .option("--to <time>", "the same", moment)
    .option("--limit <n>", "how many", wholeNumber(1, 100_000), 50)
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(async (...given: unknown[]) => {
      const self = given.at(-1) as Command;
      const [argument] = self.args;
      const flags = self.opts<SearchFlags>();
      const { path, query } = asked(argument, flags);
      await search(
        path,
        { ...query, ...filtersOf(flags), hours: flags.hours, from: flags.from, to: flags.to },
        flags,
        settingsOf(self).json,
      );
    });
}

async function search(path: string, query: object, { limit, cursor }: SearchFlags, json: boolean): Promise<void> {
  const instance = runningInstance();
  const found: LogsAnswer["logs"] = [];
  let next: string | null | undefined = cursor;
  do {
    const asked = { ...query, limit: Math.min(MOST, limit - found.length), cursor: next ?? undefined };
    const page = (await askInstance(instance, `/api/v1/logs/${path}`, { query: asked })) as LogsAnswer;
    found.push(...page.logs);
    next = page.next;
  } while (next !== null && found.length < limit);
  // Stored in the order of arrival; programs buffer for a moment, so it is not quite that of the calls.
  for (const entry of found.reverse().sort((a, b) => a.at - b.at)) {
    if (json) printJson(entry);
    else line(logLine(entry));
  }
  if (json) return;
  if (found.length === 0) process.stderr.write("Nothing found.\n");
  if (next !== null)
    process.stderr.write(`${paint("dim", `There are older ones: --limit ${limit * 10}, or go on there: --cursor ${next}`)}\n`);
}
