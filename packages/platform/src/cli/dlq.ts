/** `tidegate dlq`: messages whose attempts all failed. Look at them, send them back, or throw them away. */
import { once } from "node:events";
import { Command } from "commander";
import type { DeadLetter, DeadLetterGroup, DeadLetterPage, Tide } from "@tidegate/streams";
import { acts } from "./dlq-acts.ts";
import { editCommand } from "./dlq-edit.ts";
import { letterOf } from "./dlq-letter.ts";
import { filterOf, withFilter, type FilterFlags } from "./dlq-filter.ts";
import { wholeNumber } from "./numbers.ts";
import { ago, count, counted, facts, line, printJson, printable, table, type Column } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

export function dlqCommand(): Command {
  const dlq = new Command("dlq").description("Dead letters: messages whose attempts all failed.");
  withFilter(dlq.command("ls").description("List dead letters, newest first."))
    .option("--limit <n>", "at most this many", wholeNumber(1, 100_000), 20)
    .action(list);
  withFilter(dlq.command("groups").description("The same failures together, most frequent first.")).action(groups);
  dlq.command("show").description("One dead letter with its attempts.").argument("<id>").action(show);
  acts(dlq);
  editCommand(dlq);
  withFilter(dlq.command("export").description("Write dead letters as NDJSON, one a line, oldest first.")).action(exportAll);
  return dlq;
}

// Private

const LETTER_COLUMNS: readonly Column<DeadLetter>[] = [
  { title: "ID", value: (letter) => letter.id },
  { title: "FAILED", value: (letter) => ago(letter.failedAt) },
  { title: "TOPIC", value: (letter) => letter.topic },
  { title: "GROUP", value: (letter) => letter.group },
  { title: "TYPE", value: (letter) => letter.message?.type ?? "(undecodable)" },
  { title: "ATTEMPTS", value: (letter) => letter.attempts.length, right: true },
  { title: "ERROR", value: (letter) => `${letter.errorCode}: ${letter.errorMessage}` },
];

const FAILURE_COLUMNS: readonly Column<DeadLetterGroup>[] = [
  { title: "COUNT", value: (group) => count(group.count), right: true },
  { title: "TOPIC", value: (group) => group.topic },
  { title: "GROUP", value: (group) => group.group },
  { title: "TYPE", value: (group) => group.eventType },
  { title: "LAST", value: (group) => ago(group.lastAt) },
  { title: "SIGNATURE", value: (group) => group.signature },
  { title: "ERROR", value: (group) => `${group.errorCode}: ${group.errorMessage}` },
];

async function list(flags: FilterFlags & { limit: number }, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const { items, total, next } = await upTo(tide, flags);
  if (settings.json) return items.forEach(printJson);
  if (items.length === 0) return line(total === 0 ? "No dead letters." : `None of the ${count(total)} dead letters matches.`);
  table(items, LETTER_COLUMNS);
  if (next !== null && process.stdout.isTTY) line(`There are more (${count(total)} in all): --limit ${flags.limit * 10}`);
}

/** The library answers at most 1,000 at once. */
async function upTo(tide: Tide, flags: FilterFlags & { limit: number }): Promise<DeadLetterPage> {
  const filter = filterOf(flags);
  let page = await tide.deadLetters.list({ ...filter, limit: flags.limit });
  const items = [...page.items];
  while (page.next !== null && items.length < flags.limit) {
    page = await tide.deadLetters.list({ ...filter, limit: flags.limit - items.length, cursor: page.next });
    items.push(...page.items);
  }
  return { ...page, items };
}

async function exportAll(flags: FilterFlags, command: Command): Promise<void> {
  await using tide = await openTide(settingsOf(command));
  let written = 0;
  for await (const letter of tide.deadLetters.iterate(filterOf(flags))) {
    // A slow reader of the pipe must not fill this process' memory.
    if (!process.stdout.write(`${JSON.stringify(letter)}\n`)) await once(process.stdout, "drain");
    written++;
  }
  if (!process.stdout.isTTY && process.stderr.isTTY) process.stderr.write(`${counted(written, "dead letter")} written.\n`);
}

async function groups(flags: FilterFlags, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const rows = await tide.deadLetters.groups(filterOf(flags));
  if (settings.json) return rows.forEach(printJson);
  if (rows.length === 0) return line("No dead letters.");
  table(rows, FAILURE_COLUMNS);
}

async function show(id: string, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const letter = await letterOf(tide, id);
  if (settings.json) return printJson(letter);
  page(letter);
}

function page(letter: DeadLetter): void {
  facts([
    ["dead letter", letter.id],
    ["topic", letter.topic],
    ["group", letter.group],
    ["type", letter.message?.type ?? "(undecodable)"],
    ["message", letter.message?.messageId ?? "-"],
    ["entry", `${letter.originalId} in ${letter.originalStream}`],
    ["failed", `${new Date(letter.failedAt).toISOString()} (${ago(letter.failedAt)})`],
    ["error", `${letter.errorCode}: ${letter.errorMessage}`],
  ]);
  for (const { attempt, at, consumer, error } of letter.attempts)
    line(printable(`  attempt ${attempt}  ${new Date(at).toISOString()}  ${consumer}  ${error}`));
  line(printable(JSON.stringify(letter.message?.data ?? letter.raw, null, 2), "\n"));
  if (process.stdout.isTTY) line(`Send it back: tidegate dlq replay ${letter.id}; mended: tidegate dlq edit ${letter.id}`);
}
