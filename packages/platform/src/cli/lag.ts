/** `tidegate lag`: how far groups are behind; with `--fail-above` a check for cron and CI. */
import { Command } from "commander";
import type { GroupInfo } from "@tidegate/streams";
import { GROUP_COLUMNS } from "./group-columns.ts";
import { unknown } from "./names.ts";
import { wholeNumber } from "./numbers.ts";
import { count, line, printJson, table } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

export function lagCommand(): Command {
  return new Command("lag")
    .description("How far groups are behind: not yet delivered, in work, waiting for a retry. The furthest behind comes first.")
    .argument("[group]", "only this group, on all its topics")
    .option("--fail-above <n>", "exit with 7 if a group is further behind", wholeNumber(0))
    .action(lag);
}

// Private

async function lag(name: string | undefined, flags: { failAbove?: number }, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const all = await tide.groups.list();
  const groups = select(all, name, tide.namespace).toSorted((one, other) => other.lag - one.lag);
  if (settings.json) groups.forEach(printJson);
  else if (groups.length === 0) line(`No groups in ${tide.namespace} yet. A worker makes one: tidegate worker handlers.ts`);
  else table(groups, GROUP_COLUMNS);
  judge(groups, flags.failAbove);
}

function select(all: readonly GroupInfo[], name: string | undefined, namespace: string): readonly GroupInfo[] {
  const groups = name === undefined ? all : all.filter((group) => group.group === name);
  if (name === undefined || groups.length > 0) return groups;
  throw unknown(
    "UNKNOWN_GROUP",
    `There is no group "${name}" in ${namespace}.`,
    name,
    [...new Set(all.map((group) => group.group))],
    "groups",
  );
}

function judge(groups: readonly GroupInfo[], limit: number | undefined): void {
  const behind = limit === undefined ? [] : groups.filter((group) => group.lag > limit);
  if (behind.length === 0) return;
  for (const group of behind)
    process.stderr.write(`${group.topic} ${group.group}: ${count(group.lag)} behind, the limit is ${count(limit ?? 0)}\n`);
  process.exitCode = 7;
}
