/** Entries as they are written: the newest 100 first, then what comes in. */
import { useEffect, useMemo } from "preact/hooks";
import type { JSX } from "preact";
import type { LogsAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { count, plural } from "../../format.ts";
import { feed } from "../../live/feed.ts";
import { LogFollow } from "../../live/log-follow.ts";
import { Sign } from "../../parts/icons.tsx";
import { Empty, ProblemBox } from "../../parts/notices.tsx";
import { query } from "../../router.ts";
import { fits, queryOfFilter } from "./log-filter.ts";
import { LogList } from "./log-list.tsx";
import { currentFilter } from "./query-bar.tsx";

export function Following(): JSX.Element {
  const filterText = query.value.get("filter") ?? "";
  const filter = useMemo(currentFilter, [filterText]);
  const follow = useMemo(() => new LogFollow(), [filterText]);
  const asked = queryOfFilter(filter);
  const backlog = useResource<LogsAnswer>(`/api/v1/logs/search${queryOf({ ...asked, limit: 100 })}`);
  useEffect(() => {
    if (backlog.data) follow.tail.push(backlog.data.logs);
  }, [backlog.data, follow]);
  useEffect(
    () =>
      feed.followLogs({
        query: asked,
        onLogs: (logs) => follow.push(logs),
        onProblem: (detail) => (follow.problem.value = detail),
      }),
    [follow],
  );
  useSpace(follow);
  const entries = follow.tail.rows.value.filter((entry) => fits(entry, filter));
  // The list holds while the pointer is on it; on the way to "resume" it still does.
  return (
    <div class="following" onPointerLeave={() => follow.release("pointer")}>
      <FollowState follow={follow} shown={entries.length} />
      {follow.problem.value !== null && <p class="faint">{follow.problem.value}</p>}
      {backlog.problem && <ProblemBox problem={backlog.problem} retry={backlog.reload} />}
      <LogList
        entries={entries}
        follow={follow}
        empty={<Empty title="Waiting for the next entry">It appears here the moment it is written.</Empty>}
      />
    </div>
  );
}

function FollowState({ follow, shown }: { follow: LogFollow; shown: number }): JSX.Element {
  const { paused, waiting, skipped } = follow.tail;
  return (
    <p class="list-state">
      {paused.value ? (
        <button type="button" class="chip" onClick={() => resume(follow)}>
          {count(waiting.value)} new – resume
        </button>
      ) : (
        <span class="chip still">
          <Sign name="play" /> following
        </span>
      )}
      <span class="faint">
        {plural(shown, "entry", "entries")} shown{skipped.value > 0 && `, ${count(skipped.value)} skipped to keep up`}
      </span>
    </p>
  );
}

function resume(follow: LogFollow): void {
  getSelection()?.removeAllRanges();
  document.querySelector(".tail.logs")?.scrollTo(0, 0);
  follow.resume();
}

/** Space pauses and resumes, outside of what takes a space itself. */
function useSpace(follow: LogFollow): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== " " || (event.target instanceof Element && event.target.closest("input, select, button, a, dialog, summary")))
        return;
      event.preventDefault();
      if (follow.tail.paused.peek()) resume(follow);
      else follow.hold("asked");
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [follow]);
}
