/** One group: how far behind, what its consumers hold, what waits for a retry and why. */
import type { JSX } from "preact";
import type { ConsumerInfo, PendingAnswer, WaitingRetry } from "tidegate/contract";
import { useResource } from "../api.ts";
import { Strip } from "../charts/strip.tsx";
import { now } from "../clock.ts";
import { count, dueIn, duration, short } from "../format.ts";
import { feed } from "../live/feed.ts";
import { Empty, Loading, ProblemBox } from "../parts/notices.tsx";
import { Facts, Table, type Column } from "../parts/table.tsx";
import { GroupState } from "./group-table.tsx";

type Pending = PendingAnswer["pending_messages"][number];

const every = 2000;

export function GroupScreen({ topic, group }: { topic: string; group: string }): JSX.Element {
  const info = feed.update.value?.streams[topic]?.groups.find((g) => g.group === group);
  const pending = useResource<PendingAnswer>(`/api/pending/${encodeURIComponent(topic)}/${encodeURIComponent(group)}`, every);
  return (
    <>
      <h1>
        <a href="/groups">Groups</a> <span aria-hidden="true">/</span> {group}
      </h1>
      {info && (
        <Facts
          facts={[
            { label: "Topic", value: <a href={`/topics/${encodeURIComponent(topic)}`}>{topic}</a> },
            { label: "State", value: <GroupState group={info} /> },
            { label: "Lag", value: count(info.lag) },
            { label: "In work", value: count(info.pending) },
            { label: "Retrying", value: count(info.retrying) },
            {
              label: "Dead letters",
              value: <a href={`/dead-letters?topic=${encodeURIComponent(topic)}&group=${encodeURIComponent(group)}`}>Show</a>,
            },
          ]}
        />
      )}
      <LagStrip name={`${topic}/${group}`} />
      {pending.problem && <ProblemBox problem={pending.problem} retry={pending.reload} />}
      {!pending.data && !pending.problem && <Loading />}
      {pending.data && <Work answer={pending.data} consumers={info?.consumers ?? []} />}
    </>
  );
}

function LagStrip({ name }: { name: string }): JSX.Element {
  const samples = feed.samples.value;
  return (
    <Strip
      title="Lag"
      times={samples.map((s) => s.at)}
      format={short}
      series={[{ label: "waiting messages", values: samples.map((s) => s.groups[name] ?? 0) }]}
    />
  );
}

function Work({ answer, consumers }: { answer: PendingAnswer; consumers: readonly ConsumerInfo[] }): JSX.Element {
  const { pending_messages: held, retrying_messages: waiting } = answer;
  return (
    <>
      <h2>
        Waiting for a retry <small>{count(answer.retrying_count)}</small>
      </h2>
      {waiting.length > 0 ? (
        <Table label="Waiting retries" columns={retryColumns} rows={waiting} rowKey={(r) => r.entryId} />
      ) : (
        <Empty title="No message waits for a retry">
          One that fails waits here, each time longer, until it succeeds or its attempts are used up.
        </Empty>
      )}
      <h2>
        In work <small>{count(answer.pending_count)}</small>
      </h2>
      {held.length > 0 ? (
        <Table label="Pending entries" columns={pendingColumns} rows={held} rowKey={(p) => `${p.source}/${p.id}`} />
      ) : (
        <Empty title="Nothing is in work">Delivered and unanswered messages show here.</Empty>
      )}
      <h2>
        Consumers <small>{count(consumers.length)}</small>
      </h2>
      {consumers.length > 0 ? (
        <Table label="Consumers" columns={consumerColumns} rows={consumers} rowKey={(c) => c.name} />
      ) : (
        <Empty title="No consumer is running" command="npx tidegate worker handlers.ts">
          Messages wait until one starts.
        </Empty>
      )}
    </>
  );
}

const retryColumns: readonly Column<WaitingRetry>[] = [
  { label: "Entry", lead: true, cell: (r) => <code>{r.entryId}</code> },
  { label: "Due", number: true, cell: (r) => dueIn(r.dueAt, now.value) },
  { label: "Failures", number: true, cell: (r) => count(r.failures) },
  { label: "Last error", wide: true, cell: (r) => r.lastError ?? "–" },
];

const pendingColumns: readonly Column<Pending>[] = [
  { label: "Entry", lead: true, cell: (p) => <code>{p.id}</code> },
  { label: "Consumer", cell: (p) => p.consumer },
  { label: "Idle", number: true, cell: (p) => duration(p.idle_time) },
  { label: "Deliveries", number: true, cell: (p) => count(p.delivery_count) },
  { label: "From", cell: (p) => p.source },
];

const consumerColumns: readonly Column<ConsumerInfo>[] = [
  { label: "Consumer", lead: true, cell: (c) => c.name },
  { label: "In work", number: true, cell: (c) => count(c.pending) },
  { label: "Last read", number: true, cell: (c) => `${duration(c.idle)} ago` },
];
