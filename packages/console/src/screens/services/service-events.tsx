/** What was told about a service: its events of the last week, and the way to everything else in the logs. */
import type { JSX } from "preact";
import type { LogsAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { EntryList } from "./steps.tsx";

const every = 5000;

export function ServiceEvents({ name }: { name: string }): JSX.Element {
  const path = `/api/v1/logs/search${queryOf({ event: "service_", q: name, hours: 168, limit: 200 })}`;
  const { data, problem, reload } = useResource<LogsAnswer>(path, every);
  const entries = data?.logs.filter((entry) => entry.fields["service"] === name) ?? [];
  return (
    <>
      <h2>
        Events of the last week{" "}
        <small>
          <a href={`/logs?range=7d&filter=${encodeURIComponent(`event:service_ ${name}`)}`}>open in logs</a>
        </small>
      </h2>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && entries.length === 0 && <Empty title="Nothing was told about it in the last week" />}
      <EntryList label="Events" entries={entries} dated />
    </>
  );
}
