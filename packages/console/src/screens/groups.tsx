/** Who reads what, and who is behind. */
import type { JSX } from "preact";
import { feed } from "../live/feed.ts";
import { groupsOf } from "../live/samples.ts";
import { LiveLoading } from "../parts/live-loading.tsx";
import { Empty } from "../parts/notices.tsx";
import { GroupTable } from "./group-table.tsx";

export function GroupsScreen(): JSX.Element {
  const update = feed.update.value;
  const groups =
    update && groupsOf(update).sort((a, b) => b.lag - a.lag || a.topic.localeCompare(b.topic) || a.group.localeCompare(b.group));
  return (
    <>
      <h1>Groups</h1>
      {!groups ? (
        <LiveLoading />
      ) : groups.length > 0 ? (
        <GroupTable groups={groups} />
      ) : (
        <Empty title="No groups yet" command="npx tidegate worker handlers.ts">
          A group is a set of consumers that share the work of a topic; its first consumer creates it.
        </Empty>
      )}
    </>
  );
}
