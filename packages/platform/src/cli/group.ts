/** `tidegate group`: who reads a topic, where they stand, and moving them. */
import { Command } from "commander";
import type { ConsumerInfo, GroupInfo, PendingEntry, SeekResult, Tide, WaitingRetry } from "@tidegate/streams";
import { confirm } from "./confirm.ts";
import { GROUP_COLUMNS } from "./group-columns.ts";
import { requireGroup, requireTopic } from "./names.ts";
import { position } from "./numbers.ts";
import { ago, counted, duration, line, paint, printJson, table, type Column } from "./output.ts";
import { openTide, settingsOf, type Settings } from "./session.ts";

const POSITION = "beginning, now, an entry id (what comes after it is next), or a date such as 2026-01-31T08:00";

export function groupCommand(): Command {
  const group = new Command("group").description("Consumer groups: each gets every message of its topic once.");
  group.command("ls").description("List groups.").argument("[topic]").action(list);
  group
    .command("show")
    .description("One group: consumers, messages in work, retries waiting.")
    .argument("<topic>")
    .argument("<group>")
    .action(show);
  group
    .command("create")
    .description("Make a group on every lane of a topic, or complete one that misses a lane.")
    .argument("<topic>")
    .argument("<group>")
    .option("--from <position>", POSITION, "beginning")
    .action(create);
  group
    .command("seek")
    .description("Move a group: what it had in work or waiting for a retry is released, running consumers start again there.")
    .argument("<topic>")
    .argument("<group>")
    .argument("<position>", POSITION)
    .option("-y, --yes", "do not ask")
    .action(seek);
  group
    .command("reset")
    .description("Deliver everything the topic still has to this group again, with fresh attempts.")
    .argument("<topic>")
    .argument("<group>")
    .option("-y, --yes", "do not ask")
    .action(reset);
  group
    .command("release")
    .description("Let retention remove what this group has not read, until it is heard of again.")
    .argument("<topic>")
    .argument("<group>")
    .option("-y, --yes", "do not ask")
    .action(release);
  group
    .command("rm")
    .description("Remove a group with its position and waiting retries. The messages stay.")
    .argument("<topic>")
    .argument("<group>")
    .option("-y, --yes", "do not ask")
    .action(remove);
  return group;
}

// Private

const CONSUMER_COLUMNS: readonly Column<ConsumerInfo>[] = [
  { title: "CONSUMER", value: (consumer) => consumer.name },
  { title: "PENDING", value: (consumer) => consumer.pending, right: true },
  { title: "LAST READ", value: (consumer) => `${duration(consumer.idle)} ago` },
];

const PENDING_COLUMNS: readonly Column<PendingEntry>[] = [
  { title: "IN WORK", value: (entry) => entry.entryId },
  { title: "FROM", value: (entry) => entry.source },
  { title: "CONSUMER", value: (entry) => entry.consumer },
  { title: "IDLE", value: (entry) => duration(entry.idle), right: true },
  { title: "DELIVERIES", value: (entry) => entry.deliveries, right: true },
];

const RETRY_COLUMNS: readonly Column<WaitingRetry>[] = [
  { title: "WAITING", value: (retry) => retry.entryId },
  { title: "DUE", value: (retry) => ago(retry.dueAt) },
  { title: "FAILED", value: (retry) => `${retry.failures}×`, right: true },
  { title: "LAST ERROR", value: (retry) => retry.lastError ?? "-" },
];

async function list(topic: string | undefined, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  if (topic !== undefined) await requireTopic(tide, topic);
  const groups = await tide.groups.list(topic);
  if (settings.json) return groups.forEach(printJson);
  if (groups.length > 0) return table(groups, GROUP_COLUMNS);
  line(`No groups ${topic === undefined ? `in ${tide.namespace}` : `on ${topic}`} yet. A worker makes one: tidegate worker handlers.ts`);
}

async function show(topic: string, group: string, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const info = await requireGroup(tide, topic, group);
  const { entries, retries } = await tide.pending(topic, group);
  if (settings.json) return printJson({ ...info, entries, retries });
  table([info], GROUP_COLUMNS);
  section(info.consumers, CONSUMER_COLUMNS);
  section(entries, PENDING_COLUMNS);
  section(retries, RETRY_COLUMNS);
}

function section<T>(rows: readonly T[], columns: readonly Column<T>[]): void {
  if (rows.length === 0) return;
  line("");
  table(rows, columns);
}

async function create(topic: string, group: string, flags: { from: string }, command: Command): Promise<void> {
  await change(command, topic, async (tide) => {
    const { created } = await tide.groups.create(topic, group, position(flags.from));
    return [
      { topic, group, created },
      created ? `made group ${group} on ${topic}, from ${flags.from}` : `group ${group} was on ${topic} already; it stays where it is`,
    ];
  });
}

interface Sure {
  readonly yes?: boolean;
}

async function seek(topic: string, group: string, to: string, flags: Sure, command: Command): Promise<void> {
  await change(command, topic, async (tide) => {
    const info = await requireGroup(tide, topic, group);
    if (isPosition(to) && info.pending + info.retrying > 0)
      await confirm(`move the group ${group} of ${topic} to ${to} and give up ${heldBy(info)}`, flags.yes);
    const result = await tide.groups.seek(topic, group, position(to));
    return [{ topic, group, position: to, ...result }, `group ${group} on ${topic} goes on from ${to}${gaveUp(result)}`];
  });
}

async function reset(topic: string, group: string, flags: Sure, command: Command): Promise<void> {
  await change(command, topic, async (tide) => {
    const info = await requireGroup(tide, topic, group);
    const { length } = await tide.streamInfo(topic);
    await confirm(`deliver ${counted(length, "message")} of ${topic} to the group ${group} again and give up ${heldBy(info)}`, flags.yes);
    const result = await tide.groups.reset(topic, group);
    return [{ topic, group, ...result }, `group ${group} on ${topic} begins anew${gaveUp(result)}`];
  });
}

async function release(topic: string, group: string, flags: Sure, command: Command): Promise<void> {
  await change(command, topic, async (tide) => {
    const info = await requireGroup(tide, topic, group);
    const unread = info.lag + info.pending;
    if (unread > 0)
      await confirm(`let retention remove ${counted(unread, "message")} that the group ${group} of ${topic} still needs`, flags.yes);
    await tide.groups.release(topic, group);
    return [{ topic, group, released: true }, `group ${group} on ${topic} holds nothing back until it is heard of again`];
  });
}

async function remove(topic: string, group: string, flags: Sure, command: Command): Promise<void> {
  await change(command, topic, async (tide) => {
    const info = await requireGroup(tide, topic, group);
    const running =
      info.consumers.length === 0 ? "" : `; its ${counted(info.consumers.length, "consumer")} would make it again if still running`;
    await confirm(`remove the group ${group} from ${topic}, with ${heldBy(info)}${running}`, flags.yes);
    const { removed } = await tide.groups.remove(topic, group);
    return [{ topic, group, removed }, removed ? `removed group ${group} from ${topic}` : `group ${group} was gone already`];
  });
}

function heldBy(info: GroupInfo): string {
  return `${counted(info.pending, "message")} in work and ${counted(info.retrying, "message")} waiting for a retry`;
}

function gaveUp({ released, dropped }: SeekResult): string {
  if (released + dropped === 0) return "";
  return `; gave up ${counted(released, "message")} in work and ${counted(dropped, "message")} waiting for a retry`;
}

/** Nobody is asked about a move that the library will refuse. */
function isPosition(text: string): boolean {
  return position(text) instanceof Date || /^(beginning|now|\d+(-\d+)?)$/.test(text);
}

/** The frame of every act: connect, check the topic, do it, say it in words or as an object. */
async function change(command: Command, topic: string, act: (tide: Tide) => Promise<[object, string]>): Promise<void> {
  const settings: Settings = settingsOf(command);
  await using tide = await openTide(settings);
  await requireTopic(tide, topic);
  const [answer, words] = await act(tide);
  if (settings.json) printJson(answer);
  else line(`${paint("green", "✓")} ${words}`);
}
