/** `tidegate topic`: which topics there are, one of them in full, and how one is stored. */
import { Command, Option } from "commander";
import type { GroupInfo, LaneInfo, StreamInfo, TopicSettings } from "@tidegate/streams";
import type { StreamSummary, TopicsAnswer } from "../contract.ts";
import { GROUP_COLUMNS } from "./group-columns.ts";
import { requireTopic } from "./names.ts";
import { ago, count, facts, line, printJson, table, type Column } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

type TopicRow = TopicsAnswer["items"][number];

export function topicCommand(): Command {
  const topic = new Command("topic").description("Topics: the streams that messages are published to.");
  topic.command("ls").description("List all topics.").action(list);
  topic.command("show").description("One topic: its lanes and groups.").argument("<topic>").action(show);
  topic
    .command("config")
    .description("How a topic is stored: shown, or changed for all programs.")
    .argument("<topic>")
    .option("--lanes", "a stream for each priority; urgent messages overtake")
    .option("--no-lanes", "one stream, for topics that other programs read; priority is then only a field")
    .addOption(
      new Option("--wire <form>", "full writes every field of a message, compact leaves out defaults").choices(["compact", "full"]),
    )
    .action(config);
  return topic;
}

// Private

const TOPIC_COLUMNS: readonly Column<TopicRow>[] = [
  { title: "TOPIC", value: (row) => row.topic },
  { title: "MESSAGES", value: (row) => count(row.length), right: true },
  { title: "EVER", value: (row) => count(row.entries_added), right: true },
  { title: "GROUPS", value: (row) => row.groups, right: true },
  { title: "LAG", value: (row) => count(row.lag), right: true },
  { title: "PENDING", value: (row) => count(row.pending), right: true },
  { title: "RETRYING", value: (row) => count(row.retrying), right: true },
];

const LANE_COLUMNS: readonly Column<LaneInfo>[] = [
  { title: "LANE", value: (lane) => lane.priority },
  { title: "MESSAGES", value: (lane) => count(lane.length), right: true },
  { title: "LAST ENTRY", value: (lane) => lane.lastEntryId ?? "-" },
  { title: "STREAM", value: (lane) => lane.stream },
];

async function list(_: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const rows = (await Promise.all((await tide.topics()).map((topic) => tide.streamInfo(topic)))).map(topicRow);
  if (settings.json) return rows.forEach(printJson);
  if (rows.length > 0) return table(rows, TOPIC_COLUMNS);
  line(
    `No topics in ${tide.namespace} yet. A topic appears with its first message:\n  tidegate publish identity user_created '{"name":"Ada"}'`,
  );
}

function topicRow(info: StreamInfo): TopicRow {
  const sum = (of: (group: GroupInfo) => number): number => info.groups.reduce((total, group) => total + of(group), 0);
  return {
    topic: info.topic,
    stream: info.stream,
    length: info.length,
    entries_added: info.entriesAdded,
    groups: info.groups.length,
    lag: sum((group) => group.lag),
    pending: sum((group) => group.pending),
    retrying: sum((group) => group.retrying),
  };
}

async function show(topic: string, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  await requireTopic(tide, topic);
  const info = await tide.streamInfo(topic);
  if (settings.json) return printJson(topicDetail(info));
  facts([
    ["topic", info.topic],
    ["messages", count(info.length)],
    ["ever published", count(info.entriesAdded)],
    ["newest", info.lastEntry === null ? "none" : `${info.lastEntry.type}, ${ago(info.lastEntry.timestamp)}`],
  ]);
  line("");
  table(info.lanes, LANE_COLUMNS);
  line(info.groups.length === 0 ? "\nNo group reads this topic." : "");
  if (info.groups.length > 0) table(info.groups, GROUP_COLUMNS);
}

function topicDetail(info: StreamInfo): StreamSummary & { topic: string; lanes: readonly LaneInfo[] } {
  const { topic, stream, length, entriesAdded, firstEntry, lastEntry, lanes, groups } = info;
  return { topic, stream, length, entries_added: entriesAdded, first_entry: firstEntry, last_entry: lastEntry, lanes, groups: [...groups] };
}

/** A topic may be configured before its first message, so it need not exist. */
async function config(topic: string, change: Partial<TopicSettings>, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const changes = Object.keys(change).length > 0;
  const now = changes ? await tide.configure(topic, change) : await tide.settings(topic);
  if (settings.json) return printJson({ topic, ...now });
  facts([
    ["topic", topic],
    ["lanes", now.lanes ? "one for each priority" : "none: one stream, priority is a field"],
    ["wire", now.wire],
  ]);
  if (changes) line("Programs that are connected notice within a minute; consumers read new lanes from their next start on.");
}
