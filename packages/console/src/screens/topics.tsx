/** Every topic in one table: how long, how fast, who reads it, who is behind. */
import type { JSX } from "preact";
import type { StreamSummary } from "tidegate/contract";
import { count, rate } from "../format.ts";
import { feed } from "../live/feed.ts";
import { LiveLoading } from "../parts/live-loading.tsx";
import { Spark } from "../parts/marks.tsx";
import { Empty } from "../parts/notices.tsx";
import { Table, type Column } from "../parts/table.tsx";

interface Row {
  topic: string;
  stream: StreamSummary;
  published: number;
  consumed: number;
  recent: readonly number[];
}

const columns: readonly Column<Row>[] = [
  { label: "Topic", lead: true, cell: (r) => <a href={`/topics/${encodeURIComponent(r.topic)}`}>{r.topic}</a> },
  { label: "Messages", number: true, cell: (r) => count(r.stream.length) },
  { label: "In /s", number: true, cell: (r) => rate(r.published) },
  { label: "Out /s", number: true, cell: (r) => rate(r.consumed) },
  { label: "5 minutes", cell: (r) => <Spark values={r.recent} /> },
  { label: "Groups", number: true, cell: (r) => count(r.stream.groups.length) },
  { label: "Lag", number: true, cell: (r) => figure(total(r.stream, "lag")) },
  { label: "In work", number: true, cell: (r) => count(total(r.stream, "pending")) },
  { label: "Retrying", number: true, cell: (r) => figure(total(r.stream, "retrying")) },
];

export function TopicsScreen(): JSX.Element {
  const rows = topicRows();
  return (
    <>
      <h1>Topics</h1>
      {rows === null ? (
        <LiveLoading />
      ) : rows.length > 0 ? (
        <Table label="Topics" columns={columns} rows={rows} rowKey={(r) => r.topic} />
      ) : (
        <Empty title="No topics yet" command={`npx tidegate publish hello greeted '{"hi":1}'`}>
          A topic is a stream of messages; it appears with its first one.
        </Empty>
      )}
    </>
  );
}

function topicRows(): Row[] | null {
  const update = feed.update.value;
  if (!update) return null;
  const samples = feed.samples.value;
  return Object.entries(update.streams).map(([topic, stream]) => ({
    topic,
    stream,
    published: update.rates[topic]?.published ?? 0,
    consumed: update.rates[topic]?.consumed ?? 0,
    recent: samples.map((s) => s.topics[topic] ?? 0),
  }));
}

function total(stream: StreamSummary, field: "lag" | "pending" | "retrying"): number {
  return stream.groups.reduce((sum, group) => sum + group[field], 0);
}

function figure(n: number): JSX.Element {
  return <span class={n > 0 ? "warn-text" : ""}>{count(n)}</span>;
}
