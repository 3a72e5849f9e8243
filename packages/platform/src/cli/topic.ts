/** `tidegate topic`: which topics there are, and one of them in full. */
import { Command } from "commander";
import type { GroupInfo, LaneInfo, StreamInfo } from "@tidegate/streams";
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
