/** Two thousand failures as three errors: grouped first, single letters on demand, replay and discard at every level. */
import { useCallback } from "preact/hooks";
import type { JSX } from "preact";
import type { DeadLetterGroupsAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../api.ts";
import { plural } from "../format.ts";
import { feed } from "../live/feed.ts";
import { Sign } from "../parts/icons.tsx";
import { Empty, Loading, ProblemBox } from "../parts/notices.tsx";
import { query, setQuery } from "../router.ts";
import { settle } from "./dead-letter-actions.ts";
import { DeadLetterError } from "./dead-letter-error.tsx";
import { failuresOf } from "./failures.ts";

export function DeadLettersScreen(): JSX.Element {
  const total = feed.update.value?.dead_letter.length ?? 0;
  const only = { topic: query.value.get("topic"), group: query.value.get("group") };
  const answer = useResource<DeadLetterGroupsAnswer>(`/api/v1/dead-letters/groups${queryOf(only)}`, 5000);
  const failures =
    answer.data &&
    failuresOf(answer.data.items.filter((g) => (!only.topic || g.topic === only.topic) && (!only.group || g.group === only.group)));
  const act = useCallback(
    async (kind: "replay" | "discard") => {
      if (await settle(kind, { all: true }, total, "all dead letters")) answer.reload();
    },
    [total, answer.reload],
  );
  return (
    <>
      <div class="heading">
        <h1>Dead letters</h1>
        {failures && failures.length > 0 && !only.topic && (
          <div class="actions">
            <button type="button" class="button" onClick={() => void act("replay")}>
              <Sign name="replay" /> Replay all
            </button>
            <button type="button" class="button danger-text" onClick={() => void act("discard")}>
              <Sign name="discard" /> Discard all
            </button>
          </div>
        )}
      </div>
      {only.topic && (
        <button type="button" class="chip" onClick={() => setQuery({ topic: null, group: null })}>
          {only.topic} · {only.group ?? "all groups"} <Sign name="close" />
        </button>
      )}
      {answer.problem && <ProblemBox problem={answer.problem} retry={answer.reload} />}
      {!failures && !answer.problem && <Loading />}
      {failures?.length === 0 && (
        <Empty title="No dead letters" command="npx tidegate dlq ls">
          A message that fails every attempt is kept here with its whole history, until you replay or discard it.
        </Empty>
      )}
      {failures && failures.length > 0 && (
        <>
          <p class="faint">
            {plural(
              failures.reduce((n, f) => n + f.count, 0),
              "message",
            )}{" "}
            in {plural(failures.length, "kind")} of failure, most frequent first.
          </p>
          <div class="failures">
            {failures.map((f) => (
              <DeadLetterError key={f.key} failure={f} changed={answer.reload} />
            ))}
          </div>
        </>
      )}
    </>
  );
}
