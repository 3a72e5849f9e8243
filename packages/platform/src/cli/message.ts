/** `tidegate message`: what stands in a topic, without belonging to a group. */
import { Command } from "commander";
import type { Message, ReadOptions } from "@tidegate/streams";
import { PlatformError } from "../errors.ts";
import { historyPage } from "./message-history.ts";
import { messageLine, messagePage } from "./message-lines.ts";
import { requireTopic } from "./names.ts";
import { position, wholeNumber } from "./numbers.ts";
import { line, printJson } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

interface ListFlags {
  readonly limit: number;
  readonly from?: string;
  readonly to?: string;
  readonly oldest?: boolean;
}

export function messageCommand(): Command {
  const message = new Command("message").description("Messages as they stand in a topic.");
  message
    .command("ls")
    .description("List messages, newest first.")
    .argument("<topic>")
    .option("--limit <n>", "at most this many", wholeNumber(1, 100_000), 20)
    .option("--from <position>", "from this entry id or date on")
    .option("--to <position>", "up to this entry id or date")
    .option("--oldest", "oldest first")
    .action(list);
  message.command("show").description("One message in full.").argument("<topic>").argument("<entryId>").action(show);
  message
    .command("history")
    .description("What befell a message: who published it, who got it, what failed, how it ended.")
    .argument("<id>", "message id, entry id, or <stream>/<entry id>")
    .option("--topic <topic>", "look in this topic only")
    .action(history);
  return message;
}

// Private

async function list(topic: string, flags: ListFlags, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  await requireTopic(tide, topic);
  for await (const message of tide.read(topic, range(flags))) {
    if (settings.json) printJson(message);
    else line(messageLine(message));
  }
}

function range(flags: ListFlags): ReadOptions {
  return {
    limit: flags.limit,
    reverse: flags.oldest !== true,
    ...(flags.from === undefined ? {} : { from: position(flags.from) }),
    ...(flags.to === undefined ? {} : { to: position(flags.to) }),
  };
}

/** Two lanes may have given the same id; then both are shown. */
async function show(topic: string, entryId: string, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  await requireTopic(tide, topic);
  const found: Message[] = await Array.fromAsync(tide.read(topic, { from: entryId, to: entryId, limit: 4 }));
  if (found.length === 0) throw missing(topic, entryId);
  found.forEach(settings.json ? printJson : messagePage);
}

async function history(id: string, flags: { topic?: string }, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  if (flags.topic !== undefined) await requireTopic(tide, flags.topic);
  const found = await tide.history(id, flags);
  if (found === null) throw unknownMessage(id);
  if (settings.json) printJson(found);
  else historyPage(found);
}

function unknownMessage(id: string): PlatformError {
  return new PlatformError("NOT_FOUND", `Nothing is known of a message ${id}.`, {
    hint: "Give its message id or entry id; retention may have removed it. See what is there: tidegate message ls <topic>",
  });
}

function missing(topic: string, entryId: string): PlatformError {
  const message = `There is no message ${entryId} in ${topic}.`;
  return new PlatformError("NOT_FOUND", message, {
    hint: `Retention may have removed it. See what is there: tidegate message ls ${topic}`,
  });
}
