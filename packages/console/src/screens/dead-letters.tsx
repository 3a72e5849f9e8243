/** Two thousand failures as three errors: grouped first, single letters on demand, replay and discard at every level. */
import { useCallback, useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { DeadLetterGroupsAnswer, DeadLetterSelection } from "tidegate/contract";
import { queryOf, useResource } from "../api.ts";
import { plural } from "../format.ts";
import { Sign } from "../parts/icons.tsx";
import { Empty, Loading, ProblemBox } from "../parts/notices.tsx";
import { query } from "../router.ts";
import { settle } from "./dead-letter-actions.ts";
import { DeadLetterError } from "./dead-letter-error.tsx";
import { DeadLetterFilter } from "./dead-letter-filter.tsx";
import { DeadLetterJobs } from "./dead-letter-jobs.tsx";
import { ReplayDialog } from "./dead-letter-replay.tsx";
import { kindSelection, queryFields, selectionOf } from "./failures.ts";

const groups = "/api/v1/dead-letters/groups";

export function DeadLettersScreen(): JSX.Element {
  // "The last hour" is counted from when it was chosen: a path that changed every second would never have an answer.
  const selection = useMemo(() => selectionOf(query.value, Date.now()), [query.value.toString()]);
  const all = useResource<DeadLetterGroupsAnswer>(groups, 5000);
  const filtered = useResource<DeadLetterGroupsAnswer>(selection && groups + queryOf(queryFields(selection)), 5000);
  const answer = selection === null ? all : filtered;
  const [round, setRound] = useState(0);
  const reload = useCallback(() => {
    all.reload();
    filtered.reload();
  }, [all.reload, filtered.reload]);
  const changed = useCallback(() => {
    reload();
    setRound((n) => n + 1);
  }, [reload]);
  const kinds = answer.data?.items;
  const total = kinds?.reduce((n, kind) => n + kind.count, 0) ?? 0;
  return (
    <>
      <div class="heading">
        <h1>Dead letters</h1>
        {total > 0 && <Actions selection={selection} total={total} changed={changed} />}
      </div>
      <DeadLetterJobs round={round} moved={reload} />
      {((all.data && all.data.items.length > 0) || selection !== null) && <DeadLetterFilter kinds={all.data?.items ?? []} />}
      {answer.problem && <ProblemBox problem={answer.problem} retry={answer.reload} />}
      {!kinds && !answer.problem && <Loading />}
      {kinds?.length === 0 && <Nothing filtered={selection !== null} />}
      {kinds && kinds.length > 0 && (
        <>
          <p class="faint">
            {plural(total, "message")} in {plural(kinds.length, "kind")} of failure, most frequent first.
          </p>
          <div class="failures">
            {kinds.map((kind) => (
              <DeadLetterError key={kind.signature} failure={kind} selection={{ ...selection, ...kindSelection(kind) }} changed={changed} />
            ))}
          </div>
        </>
      )}
      <ReplayDialog />
    </>
  );
}

function Actions({
  selection,
  total,
  changed,
}: {
  selection: DeadLetterSelection | null;
  total: number;
  changed: () => void;
}): JSX.Element {
  const which = selection === null ? "all" : "these";
  const act = async (kind: "replay" | "discard") => {
    const what = selection === null ? "all dead letters" : "what the filter shows";
    if (await settle(kind, selection ?? { all: true }, total, what)) changed();
  };
  return (
    <div class="actions">
      <a class="button" href={`/api/v1/dead-letters/export${queryOf(queryFields(selection ?? {}))}`} download="dead-letters.ndjson">
        Export
      </a>
      <button type="button" class="button" onClick={() => void act("replay")}>
        <Sign name="replay" /> Replay {which}
      </button>
      <button type="button" class="button danger-text" onClick={() => void act("discard")}>
        <Sign name="discard" /> Discard {which}
      </button>
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }): JSX.Element {
  if (filtered) return <Empty title="No dead letter fits">Choose less, or clear the filter.</Empty>;
  return (
    <Empty title="No dead letters" command="npx tidegate dlq ls">
      A message that fails every attempt is kept here with its whole history, until you replay or discard it.
    </Empty>
  );
}
