/** One topic: what flows through it now, who reads it, and a form to publish into it. */
import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import { count, rate } from "../format.ts";
import { feed } from "../live/feed.ts";
import { CopyButton } from "../parts/copy.tsx";
import { Sign } from "../parts/icons.tsx";
import { Empty } from "../parts/notices.tsx";
import { Facts } from "../parts/table.tsx";
import { GroupTable } from "./group-table.tsx";
import { PublishForm } from "./publish-form.tsx";
import { TailView } from "./tail-view.tsx";

/** The alert manager publishes here. */
const NOTIFICATIONS = "alert_notifications";

export function TopicScreen({ topic }: { topic: string }): JSX.Element {
  const [publishing, setPublishing] = useState(false);
  const update = feed.update.value;
  const stream = update?.streams[topic];
  const missing = useMemo(() => update !== null && !stream, [update, stream]);
  return (
    <>
      <div class="heading">
        <h1>
          <a href="/topics">Topics</a> <span aria-hidden="true">/</span> {topic}
        </h1>
        <button type="button" class="button primary" aria-expanded={publishing} onClick={() => setPublishing(!publishing)}>
          <Sign name="send" /> Publish
        </button>
      </div>
      {publishing && <PublishForm topic={topic} />}
      {missing && (
        <Empty title={`${topic} holds no message yet`} command={`npx tidegate publish ${topic} greeted '{"hi":1}'`}>
          It appears with its first message; the form above does the same.
        </Empty>
      )}
      {stream && (
        <Facts
          facts={[
            { label: "Messages", value: count(stream.length) },
            { label: "In", value: `${rate(update?.rates[topic]?.published ?? 0)}/s` },
            { label: "Out", value: `${rate(update?.rates[topic]?.consumed ?? 0)}/s` },
            { label: "Ever added", value: count(stream.entries_added) },
            {
              label: "Stream key",
              value: (
                <>
                  <code>{stream.stream}</code> <CopyButton text={stream.stream} label="Copy stream key" />
                </>
              ),
            },
          ]}
        />
      )}
      {topic === NOTIFICATIONS && (
        <p class="faint">
          Tidegate's own: what <a href="/alerts">alerts</a> send to their <a href="/alerts?tab=destinations">destinations</a>, retried and
          dead-lettered like any message.
        </p>
      )}
      <TailView topic={topic} groups={stream?.groups ?? []} />
      <h2>Groups</h2>
      {stream && stream.groups.length > 0 ? (
        <GroupTable groups={stream.groups} />
      ) : (
        <Empty title="Nobody reads this topic" command="npx tidegate worker handlers.ts">
          A group is created by its first consumer.
        </Empty>
      )}
    </>
  );
}
