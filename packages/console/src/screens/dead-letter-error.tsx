/** One kind of failure: the error first, its letters when opened, actions for the kind, a selection, or one. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { DeadLetter, DeadLetterGroup, DeadLetterSelection, DeadLettersAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../api.ts";
import { now } from "../clock.ts";
import { ago, count, dateTime, plural, preview } from "../format.ts";
import { Sign } from "../parts/icons.tsx";
import { Loading, ProblemBox } from "../parts/notices.tsx";
import { query, setQuery } from "../router.ts";
import { settle } from "./dead-letter-actions.ts";
import { DeadLetterDetail } from "./dead-letter-detail.tsx";
import { queryFields } from "./failures.ts";

const page = 50;

interface Props {
  failure: DeadLetterGroup;
  /** The kind, and what the reader has narrowed beside it. */
  selection: DeadLetterSelection;
  changed: () => void;
}

export function DeadLetterError({ failure, selection, changed }: Props): JSX.Element {
  const open = query.value.get("error") === failure.signature;
  const act = async (kind: "replay" | "discard") => {
    if (await settle(kind, selection, failure.count, `${failure.eventType} in ${failure.group}`)) changed();
  };
  return (
    <section class={`failure panel ${open ? "open" : ""}`} aria-label={`${failure.errorCode} in ${failure.group}`}>
      <div class="summary">
        <button
          type="button"
          class="expand"
          aria-expanded={open}
          onClick={() => setQuery({ error: open ? null : failure.signature, letter: null })}
        >
          <Sign name="right" />
          <b class="many">{count(failure.count)}</b>
          <span class="what">
            <strong>{failure.errorMessage}</strong>
            <small>
              <code>{failure.errorCode}</code> · {failure.eventType} · {failure.topic} → {failure.group}
              {" · "}last {ago(failure.lastAt, now.value)}
            </small>
          </span>
        </button>
        <div class="actions">
          <button type="button" class="button" onClick={() => void act("replay")}>
            <Sign name="replay" /> Replay {count(failure.count)}
          </button>
          <button type="button" class="button danger-text" onClick={() => void act("discard")}>
            <Sign name="discard" /> Discard
          </button>
        </div>
      </div>
      {open && <Letters selection={selection} changed={changed} />}
    </section>
  );
}

function Letters({ selection, changed }: Omit<Props, "failure">): JSX.Element {
  const [limit, setLimit] = useState(page);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const answer = useResource<DeadLettersAnswer>(`/api/v1/dead-letters${queryOf({ ...queryFields(selection), limit })}`, 5000);
  const done = () => {
    setChosen(new Set());
    answer.reload();
    changed();
  };
  const present = answer.data?.items.filter((l) => chosen.has(l.id)).map((l) => l.id) ?? [];
  const act = async (kind: "replay" | "discard") => {
    if (await settle(kind, { ids: present }, present.length, "your selection")) done();
  };
  if (answer.problem) return <ProblemBox problem={answer.problem} retry={answer.reload} />;
  if (!answer.data) return <Loading />;
  return (
    <div class="letters">
      {present.length > 0 && (
        <div class="toolbar" role="toolbar" aria-label="Selection">
          <b>{plural(present.length, "message")} selected</b>
          <button type="button" class="button" onClick={() => void act("replay")}>
            <Sign name="replay" /> Replay selected
          </button>
          <button type="button" class="button danger-text" onClick={() => void act("discard")}>
            <Sign name="discard" /> Discard selected
          </button>
        </div>
      )}
      <ul>
        {answer.data.items.map((letter) => (
          <Letter
            key={letter.id}
            letter={letter}
            chosen={chosen.has(letter.id)}
            choose={(on) => setChosen(toggled(chosen, letter.id, on))}
            done={done}
          />
        ))}
      </ul>
      {answer.data.next !== null && limit < 500 && (
        <button type="button" class="button" onClick={() => setLimit(Math.min(500, limit + 150))}>
          Show more
        </button>
      )}
    </div>
  );
}

function Letter({
  letter,
  chosen,
  choose,
  done,
}: {
  letter: DeadLetter;
  chosen: boolean;
  choose: (on: boolean) => void;
  done: () => void;
}): JSX.Element {
  const open = query.value.get("letter") === letter.id;
  const name = letter.message?.messageId ?? letter.originalId;
  return (
    <li class={open ? "open" : ""}>
      <div class="letter-row">
        <input type="checkbox" checked={chosen} aria-label={`Select ${name}`} onChange={(event) => choose(event.currentTarget.checked)} />
        <button type="button" class="expand" aria-expanded={open} onClick={() => setQuery({ letter: open ? null : letter.id })}>
          <time>{dateTime(letter.failedAt)}</time>
          <span>{plural(letter.attempts.length, "attempt")}</span>
          <code>{letter.message ? preview(letter.message.data) : "cannot be decoded"}</code>
        </button>
      </div>
      {open && <DeadLetterDetail letter={letter} done={done} />}
    </li>
  );
}

function toggled(set: ReadonlySet<string>, id: string, on: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (on) next.add(id);
  else next.delete(id);
  return next;
}
